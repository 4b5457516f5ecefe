"""The library of order-book factors: a text file in the panel language, one line a factor."""

from __future__ import annotations

from pathlib import Path

from tael.errors import FormulaError
from tael.formulas.panel import resolve_panel
from tael.panels import Panel

_FILE = Path(__file__).with_name("book_factors.txt")


def book_factors(fits: Panel | None = None) -> list[tuple[str, str]]:
    """Name and formula of each factor of an order book.

    Parameters
    ----------
    fits : Panel, optional
        Only the factors whose fields this panel has (a book of one level has no ``bid_price2``).

    Returns
    -------
    list of (str, str)

    Examples
    --------
    >>> dict(book_factors())["queue_imbalance"]
    '(bid_volume1 - ask_volume1) / (bid_volume1 + ask_volume1)'
    """
    lines = [line for line in _FILE.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    named = [(name, formula) for name, _, formula in (line.partition(" = ") for line in lines)]
    return named if fits is None else [(name, formula) for name, formula in named if _fits(formula, fits)]


def _fits(formula: str, panel: Panel) -> bool:
    try:
        resolve_panel(formula, panel.schema)
    except FormulaError:
        return False
    return True
