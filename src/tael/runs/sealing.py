"""Folders that nobody may alter: a manifest of hashes and library versions, checked before anything in it is used."""

from __future__ import annotations

import hashlib
import importlib.metadata
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import tael
from tael.errors import RunError
from tael.runs.folder import read_json, write_json

LIBRARIES = ("numpy", "scipy", "scikit-learn", "polars", "numba", "lightgbm", "pydantic")


def seal(folder: Path, format: int) -> str:
    """Write the manifest of all that is in a folder.

    Parameters
    ----------
    folder : Path
    format : int
        The form of what it holds.

    Returns
    -------
    str
        The version: the first letters of the hash of everything.
    """
    files = {
        str(path.relative_to(folder).as_posix()): _hash(path) for path in sorted(folder.rglob("*")) if path.is_file()
    }
    version = _version(files)
    write_json(
        folder / "manifest.json",
        {"format": format, "version": version, "files": files, "tael": tael.__version__, **environment()},
    )
    return version


def opened(folder: str | Path, format: int) -> tuple[Path, dict[str, Any]]:
    """Check a sealed folder, or the one of a run folder.

    Returns
    -------
    Path
        Where it is.
    dict
        Its manifest.

    Raises
    ------
    RunError
        If it is of another form, or a file was altered, is absent or superfluous.
    """
    folder = Path(folder)
    if (folder / "model" / "manifest.json").is_file():
        folder = folder / "model"
    manifest = read_json(folder / "manifest.json")
    manifest = manifest if isinstance(manifest, dict) else {}
    if manifest.get("format") != format:
        raise RunError(
            "This bundle has a form that this version of tael does not read.",
            expected=f"format {format}",
            got=f"format {manifest.get('format')}, written by tael {manifest.get('tael')}",
            where=str(folder),
            fix="Use the version of tael that wrote it.",
        )
    _check_files(folder, manifest)
    return folder, manifest


def environment() -> dict[str, Any]:
    """Python and library versions."""
    versions = {name: importlib.metadata.version(name) for name in LIBRARIES}
    return {"python": platform.python_version(), "libraries": versions, "machine": platform.machine()}


def told_of(environment: Mapping[str, Any]) -> str:
    """The libraries of a manifest in a line."""
    return ", ".join(f"{name} {version}" for name, version in environment["libraries"].items())


def _version(files: Mapping[str, str]) -> str:
    return hashlib.sha256("".join(f"{name}{files[name]}" for name in sorted(files)).encode()).hexdigest()[:12]


def _check_files(folder: Path, manifest: Mapping[str, Any]) -> None:
    files = manifest.get("files")
    files = {str(name): str(value) for name, value in files.items()} if isinstance(files, dict) else {}
    there = {str(path.relative_to(folder).as_posix()) for path in folder.rglob("*") if path.is_file()}
    problems = [f"{name} is missing" for name in sorted(set(files) - there)]
    problems += [f"{name} does not belong to it" for name in sorted(there - set(files) - {"manifest.json"})]
    problems += [f"{name} was altered" for name in sorted(set(files) & there) if _hash(folder / name) != files[name]]
    if manifest.get("version") != _version(files):
        problems.append("manifest.json was altered: its version does not fit its hashes")
    if problems:
        raise RunError(
            "The bundle is not what was saved.",
            expected="the files and hashes of manifest.json",
            got="; ".join(problems),
            where=str(folder),
            fix="Take the bundle from its source again; do not edit it.",
        )


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def exact(values: NDArray[np.float64]) -> list[str]:
    """Floats as texts that read back to the last bit."""
    return [float(value).hex() for value in values]


def read_exact(texts: list[str]) -> NDArray[np.float64]:
    """The way back from `exact`."""
    return np.array([float.fromhex(text) for text in texts], dtype=np.float64)
