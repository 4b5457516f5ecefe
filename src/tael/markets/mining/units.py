"""Units, so that the search adds no price to a volume: what a field is measured in, and what a formula then is."""

from __future__ import annotations

from collections.abc import Mapping

from tael.formulas.syntax import Call, Literal, Name, Node
from tael.panels import Panel

Unit = tuple[tuple[str, float], ...]
"""Base units with their powers, sorted; ``()`` has no unit. A product adds powers, a quotient subtracts them."""

FREE: Unit = ()
PRICE: Unit = (("price", 1.0),)
VOLUME: Unit = (("volume", 1.0),)
MONEY: Unit = (("price", 1.0), ("volume", 1.0))
FLAG: Unit = (("flag", 1.0),)

_KNOWN: Mapping[str, Unit] = {
    **dict.fromkeys(("open", "high", "low", "close", "preclose", "settle", "presettle", "vwap"), PRICE),
    **dict.fromkeys(("volume", "open_interest"), VOLUME),
    **dict.fromkeys(("amount", "turnover"), MONEY),
    **dict.fromkeys(("returns", "turn", "pct_chg", "pctChg"), FREE),
}

_SAME = frozenset(
    {"neg", "abs", "delay", "delta", "demean", "cs_mean", "winsorize", "ewm", "decay_linear", "round", "floor"}
    | {f"ts_{name}" for name in ("sum", "mean", "std", "min", "max", "quantile", "median", "mad", "slope", "resid")}
)
_FREE = frozenset(
    {"sign", "rank", "zscore", "scale", "ts_skew", "ts_kurt", "ts_argmin", "ts_argmax", "ts_rank", "ts_zscore"}
    | {"ts_corr", "ts_rsquare", "ts_count", "streak"}
)
_ALIKE = frozenset({"add", "sub", "minimum", "maximum", "coalesce"})
_COMPARED = frozenset({"lt", "le", "gt", "ge", "eq", "ne"})
_OF_FREE = frozenset({"log", "exp", "log1p", "sqrt", "signed_power", "pow"})


def field_units(panel: Panel) -> dict[str, Unit]:
    """The unit of each field: that of its name where the name is usual, else the one stated, else one of its own.

    Parameters
    ----------
    panel : Panel
        ``panel.units`` may state units: fields of an equal text have the same; ``"1"`` is none.

    Examples
    --------
    >>> import numpy as np
    >>> values = np.ones((1, 2))
    >>> fields = {"close": values, "amount": values, "eps": values, "ratio": values}
    >>> panel = Panel(np.array(["2024-01-02"], "M8[D]"), ("A", "B"), fields, units={"eps": "CNY", "ratio": "1"})
    >>> units = field_units(panel)
    >>> units["close"], units["eps"], units["ratio"]
    ((('price', 1.0),), (('CNY', 1.0),), ())
    """
    return {name: _of_field(name, panel.units.get(name)) for name in panel.fields}


def _of_field(name: str, stated: str | None) -> Unit:
    known = _KNOWN.get(name)
    if known is not None:
        return known
    if stated is not None:
        return FREE if stated in ("1", "%", "") else ((stated, 1.0),)
    return ((name, 1.0),)


def unit_of(node: Node, fields: Mapping[str, Unit], groups: tuple[str, ...] = ()) -> Unit | None:
    """The unit of a formula; None where it puts together what has different units, or what the search does not use.

    Parameters
    ----------
    node : Node
    fields : mapping of str to Unit
    groups : tuple of str

    Examples
    --------
    >>> from tael.formulas.parser import parse
    >>> fields = {"close": PRICE, "open": PRICE, "volume": VOLUME, "amount": MONEY}
    >>> texts = ("close / open - 1", "close + volume", "amount / volume - close", "close > 1")
    >>> [unit_of(parse(text), fields) for text in texts]
    [(), None, (('price', 1.0),), None]
    """
    match node:
        case Literal():
            return FREE
        case Name(parts):
            return fields.get(".".join(parts))
    values: list[Node] = [arg for arg in node.args if not isinstance(arg, Literal)]
    units = [unit_of(arg, fields, groups) for arg in values]
    if any(unit is None for unit in units) or not units:
        return None
    given = [unit for unit in units if unit is not None]
    op = node.op
    if op == "neutralize":
        return given[0]
    if op in ("and", "or", "not"):
        return FLAG if all(unit == FLAG for unit in given) else None
    if op in ("ts_count", "streak"):
        return FREE if given == [FLAG] else None
    if op == "where":
        return _chosen(node, given)
    if any(unit == FLAG for unit in given):
        return None
    return _of_numbers(op, node, values, given)


def _chosen(node: Call, units: list[Unit]) -> Unit | None:
    """Of ``where(condition, x, y)``: x and y alike, or one of them 0."""
    if units[0] != FLAG or any(unit == FLAG for unit in units[1:]) or len(set(units[1:])) != 1:
        return None
    zero = all(arg.value == 0 for arg in node.args[1:] if isinstance(arg, Literal))
    return units[1] if zero or units[1] == FREE else None


def _of_numbers(op: str, node: Call, values: list[Node], units: list[Unit]) -> Unit | None:
    first = units[0]
    if op in _SAME:
        return first
    if op in _FREE:
        return FREE
    if op in ("mul", "div", "ts_cov"):
        signs = [-1.0 if op == "div" and arg is node.args[1] else 1.0 for arg in values]
        return _product(units, signs)
    if op == "ts_var":
        return _power(first, 2.0)
    if op in _ALIKE or op in _COMPARED:
        bare = [arg for arg in node.args if isinstance(arg, Literal)]
        fits = len(set(units)) == 1 and (first == FREE or all(one.value == 0 for one in bare))
        if not fits:
            return None
        return FLAG if op in _COMPARED else first
    if op in _OF_FREE:
        return FREE if all(unit == FREE for unit in units) else None
    return None


def _product(units: list[Unit], signs: list[float]) -> Unit:
    powers: dict[str, float] = {}
    for unit, sign in zip(units, signs, strict=True):
        for base, power in unit:
            powers[base] = powers.get(base, 0.0) + sign * power
    return tuple(sorted((base, power) for base, power in powers.items() if power))


def _power(unit: Unit, power: float) -> Unit:
    return tuple((base, own * power) for base, own in unit)
