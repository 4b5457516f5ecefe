"""Holds `import tael` light: nothing that draws, learns, reads databases or serves comes with it."""

from __future__ import annotations

import subprocess
import sys

import pytest

# Each takes a tenth of a second to several seconds to import, and none is needed to say `tael --help`.
HEAVY = (
    "plotly",
    "docx",
    "lxml",
    "lightgbm",
    "numba",
    "duckdb",
    "psycopg",
    "pandas",
    "pyarrow",
    "polars",
    "scipy",
    "sklearn",
    "matplotlib",
    "fastapi",
    "mlflow",
)


def imported_by(statement: str) -> tuple[set[str], str]:
    """Top-level packages that a statement brings into a fresh Python, and the ten slowest imports, in words."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", f"{statement}\nimport sys\nprint(*sys.modules)"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    times = [
        line.split("|") for line in done.stderr.splitlines() if line.startswith("import time:") and "[us]" not in line
    ]
    slowest = sorted(((int(total), name.strip()) for _, total, name in times), reverse=True)[:10]
    story = "\n".join(f"{micros / 1000:8.1f} ms  {name}" for micros, name in slowest)
    return {name.split(".")[0] for name in done.stdout.split()}, f"slowest imports, each with what it imports:\n{story}"


def test_import_tael_is_light() -> None:
    packages, story = imported_by("import tael")
    assert not packages & set(HEAVY), f"`import tael` brings {sorted(packages & set(HEAVY))}\n{story}"


def test_the_version_needs_nothing_heavy() -> None:
    packages, story = imported_by("import tael\nassert tael.__version__")
    assert not packages & set(HEAVY), story


@pytest.mark.parametrize("package", ["numpy", "sklearn"])
def test_a_heavy_import_would_be_seen(package: str) -> None:
    packages, story = imported_by(f"import {package}")
    assert package in packages
    assert package in story
