"""Libraries of known factors, as formula files beside this module: ``alpha158``, ``alpha101``, ``futures_classics``."""

from __future__ import annotations

import re
from pathlib import Path

from tael.errors import FormulaError, PanelError, did_you_mean
from tael.formulas.panel import resolve_panel
from tael.panels.panel import Panel

_LINE = re.compile(r"([A-Za-z]\w*) = (.+)")
_FOLDER = Path(__file__).parent


def libraries() -> list[str]:
    """The names of all libraries.

    >>> libraries()
    ['alpha101', 'alpha158', 'futures_classics']
    """
    return sorted(path.stem for path in _FOLDER.glob("*.txt"))


def library(name: str, *, fits: Panel | None = None) -> list[tuple[str, str]]:
    """The factors of a library.

    Parameters
    ----------
    name : str
    fits : Panel, optional
        Only the factors whose fields and groups this panel has.

    Returns
    -------
    list of (str, str)
        Name and formula, in the file's order.

    Raises
    ------
    PanelError
        If there is no such library.

    Examples
    --------
    >>> dict(library("alpha158"))["KMID"], len(library("alpha158")), len(library("alpha101"))
    ('(close - open) / open', 158, 101)
    """
    path = _FOLDER / f"{name}.txt"
    if name not in libraries():
        raise PanelError("There is no such library of factors.", got=repr(name), fix=did_you_mean(name, libraries()))
    lines = [line for line in path.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    found = [(match[1], match[2]) for line in lines if (match := _LINE.fullmatch(line)) is not None]
    assert len(found) == len(lines), path
    return found if fits is None else [(one, formula) for one, formula in found if _fits(formula, fits)]


def _fits(formula: str, panel: Panel) -> bool:
    try:
        resolve_panel(formula, panel.schema)
    except FormulaError:
        return False
    return True
