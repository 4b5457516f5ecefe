"""A panel as a folder: one ``.npy`` for each array and a manifest in JSON, read back without copying."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from tael.errors import PanelError
from tael.panels.panel import Array, Panel

MANIFEST = "panel.json"
_VERSION = 1
_MASKS = ("listed", "suspended", "members")


def save(panel: Panel, folder: str | Path) -> Path:
    """Write a panel to a new folder.

    Parameters
    ----------
    panel : Panel
    folder : path
        Must not exist, or be empty.

    Returns
    -------
    Path

    Raises
    ------
    PanelError
        If something is there already, or it cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> panel = Panel(np.array(["2024-01-02"], "M8[D]"), ("A",), {"close": [[1.0]]})
    >>> with tempfile.TemporaryDirectory() as place:
    ...     load(save(panel, place)).fingerprint() == panel.fingerprint()
    True
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise PanelError(
                "The folder is not empty.", got=str(folder), fix="Name another one: nothing is written over."
            )
        arrays: dict[str, Array] = {"times": panel.times.astype(np.int64)}
        arrays |= {f"field{number}": values for number, values in enumerate(panel.fields.values())}
        arrays |= {f"group{number}": codes for number, codes in enumerate(panel.groups.values())}
        arrays |= {mask: getattr(panel, mask) for mask in _MASKS}
        for name, array in arrays.items():
            np.save(folder / f"{name}.npy", array, allow_pickle=False)
        manifest = {
            "version": _VERSION,
            "bar": panel.bar,
            "entities": list(panel.entities),
            "fields": list(panel.fields),
            "groups": {name: list(panel.levels[name]) for name in panel.groups},
            "titles": {name: dict(title) for name, title in panel.titles.items()},
            "units": dict(panel.units),
            "fingerprint": panel.fingerprint(),
        }
        # last, and at once: a folder with a manifest is whole
        draft = folder / f"{MANIFEST}.draft"
        draft.write_text(json.dumps(manifest, ensure_ascii=True, indent=1), "utf-8")
        os.replace(draft, folder / MANIFEST)
    except OSError as error:
        raise PanelError(
            "The panel cannot be written.", got=error.strerror or str(error), where=str(folder),
            fix="Name a place that can be written, with room.",
        ) from error  # fmt: skip
    return folder


def load(folder: str | Path, *, check: bool = False) -> Panel:
    """Read a panel: arrays stay in their files and are read where they are used.

    Parameters
    ----------
    folder : path
    check : bool
        Whether to read everything once and compare it with the fingerprint that was written.

    Returns
    -------
    Panel

    Raises
    ------
    PanelError
        If it is no panel, not whole, or not what was written.
    """
    folder = Path(folder)
    try:
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
        version = manifest["version"]
        if version != _VERSION:
            raise PanelError(
                "The panel is of another version.", expected=str(_VERSION), got=str(version), where=str(folder)
            )
        panel = Panel(
            _array(folder, "times").astype("datetime64[us]"),
            tuple(manifest["entities"]),
            {name: _array(folder, f"field{number}") for number, name in enumerate(manifest["fields"])},
            {name: _array(folder, f"group{number}") for number, name in enumerate(manifest["groups"])},
            {name: tuple(levels) for name, levels in manifest["groups"].items()},
            listed=_array(folder, "listed"),
            suspended=_array(folder, "suspended"),
            members=_array(folder, "members"),
            bar=manifest["bar"],
            titles=manifest["titles"],
            units=manifest["units"],
        )
        written = manifest["fingerprint"]
    except PanelError:
        raise
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise PanelError(
            "This is no panel, or not a whole one.",
            expected=f"a folder with {MANIFEST} and its .npy files, as tael.panels.save writes them",
            got=f"{type(error).__name__}: {error}",
            where=str(folder),
            fix="Write it again from the tables.",
        ) from error
    if check and panel.fingerprint() != written:
        raise PanelError(
            "The panel is not what was written.", expected=written, got=panel.fingerprint(), where=str(folder),
            fix="Write it again from the tables.",
        )  # fmt: skip
    return panel


def _array(folder: Path, name: str) -> Any:
    return np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
