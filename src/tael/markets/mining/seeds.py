"""The first formulas of a search: every field by its unit, in the shapes that daily and intraday factors have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations

import numpy as np

from tael.formulas.parser import parse
from tael.formulas.printer import to_text
from tael.formulas.syntax import Name, Node
from tael.markets.mining.canonical import canonical
from tael.markets.mining.units import FREE, MONEY, PRICE, VOLUME, Unit, field_units
from tael.panels import Panel

WINDOWS = (3, 5, 10, 20, 60)

_OF_A_LEVEL = (
    "{x} / delay({x}, {w})", "{x} / ts_mean({x}, {w})", "ts_zscore({x}, {w})", "ts_rank({x}, {w})",
    "ts_std({x}, {w}) / ts_mean({x}, {w})", "({x} - ts_min({x}, {w})) / (ts_max({x}, {w}) - ts_min({x}, {w}))",
    "ts_argmax({x}, {w})", "ts_argmin({x}, {w})", "ts_rsquare({x}, {w})", "ts_resid({x}, {w}) / ts_mean({x}, {w})",
)  # fmt: skip
_OF_A_FURTHER_PRICE = ("{x} / delay({x}, {w})", "{x} / ts_mean({x}, {w})", "ts_rank({x}, {w})")
_OF_A_MOVE = (
    "ts_mean({r}, {w})", "ts_std({r}, {w})", "ts_skew({r}, {w})", "ts_max({r}, {w})", "ts_min({r}, {w})",
    "decay_linear({r}, {w})", "ts_zscore({r}, {w})", "ts_rank({r}, {w})",
)  # fmt: skip
_OF_A_FIGURE = ("delta({x}, {w})", "ts_mean({x}, {w})", "ts_zscore({x}, {w})", "ts_rank({x}, {w})", "ts_std({x}, {w})")


def seeds(panel: Panel, most: int | None = None) -> list[Node]:
    """Formulas to begin with, each once, in canonical form.

    Parameters
    ----------
    panel : Panel
        Its fields' units decide what is put together; of its groups the first makes formulas within groups.
    most : int, optional
        At most so many: each shape is then thinned alike; those that turn out to be the same count twice.

    Examples
    --------
    >>> import numpy as np
    >>> values = np.ones((1, 2))
    >>> fields = {"close": values, "volume": values}
    >>> panel = Panel(np.array(["2024-01-02"], "M8[D]"), ("A", "B"), fields)
    >>> from tael.formulas.printer import to_text
    >>> found = [to_text(node) for node in seeds(panel)]
    >>> len(found), "ts_corr(close, volume, 10)" in found, any("close + volume" in text for text in found)
    (238, True, False)
    """
    families = [list(dict.fromkeys(shape)) for shape in _families(panel)]
    total = sum(map(len, families))
    if most is not None and total > most:
        families = _thinned(families, most)
    return list(dict.fromkeys(canonical(parse(text)) for family in families for text in family))


def _thinned(families: list[list[str]], most: int) -> list[list[str]]:
    """Some of each shape, by chance: an even step would meet the same window again and again."""
    rng, left, kept = np.random.default_rng(0), sum(map(len, families)), []
    for family in families:
        n = round(len(family) * most / left) if left else 0
        kept.append([family[i] for i in sorted(rng.permutation(len(family))[:n])])
        most, left = most - n, left - len(family)
    return kept


def _families(panel: Panel) -> Iterator[Iterator[str]]:
    """Shapes, the plainest first: an iterator of texts each."""
    units = {to_text(Name((name,))): unit for name, unit in field_units(panel).items()}

    def of(*wanted: Unit) -> list[str]:
        return [name for name, unit in units.items() if unit in wanted and name not in ("preclose", "presettle")]

    prices, activity = of(PRICE), of(VOLUME, MONEY)
    main = next((name for name in ("close", "settle") if name in prices), prices[0] if prices else None)
    figures = [name for name, unit in units.items() if unit not in (PRICE, VOLUME, MONEY)]
    moves = _moves(prices, activity, main, [name for name in figures if units[name] == FREE])
    group = "sector" if "sector" in panel.groups else next((to_text(Name((name,))) for name in panel.groups), None)

    yield iter([*figures, *activity])
    yield iter(moves)
    if main is not None:
        yield _each(_OF_A_LEVEL, [main])
    for name in activity:
        yield _each(_OF_A_LEVEL, [name])
        yield (f"ts_mean({name}, {w})" for w in (5, 20, 60))
    for name in figures:
        yield _each(_OF_A_FIGURE, [name])
    yield _each(_OF_A_FURTHER_PRICE, [name for name in prices if name != main])
    for move in moves:
        yield (shape.format(r=move, w=w) for shape in _OF_A_MOVE for w in WINDOWS)
    busy = [*activity, *(name for name in figures if name == "turn")]
    yield (f"ts_corr({x}, {y}, {w})" for x in prices for y in busy for w in WINDOWS)
    yield (f"ts_corr({x}, {y}, {w})" for x, y in combinations(moves, 2) for w in WINDOWS)
    yield from _conditions(main, moves[:1], busy)
    if group is not None and main is not None:
        yield (f"rank({main} / delay({main}, {w}), by={group})" for w in WINDOWS)
        yield (f"rank(ts_std({moves[0]}, {w}), by={group})" for w in WINDOWS)
        yield (f"rank({x} / ts_mean({x}, {w}), by={group})" for x in activity for w in WINDOWS)


def _each(shapes: Iterable[str], names: Iterable[str]) -> Iterator[str]:
    return (shape.format(x=name, w=w) for name in names for shape in shapes for w in WINDOWS)


def _moves(prices: list[str], activity: list[str], main: str | None, free: list[str]) -> list[str]:
    """What a bar says without a unit: its return, its shape, its change of activity."""
    found = [] if main is None else [f"({main} / delay({main}, 1) - 1)"]
    have = set(prices)
    shapes = {
        "(close / open - 1)": {"close", "open"}, "(open / delay(close, 1) - 1)": {"close", "open"},
        "(high / low - 1)": {"high", "low"}, "((close - low) / (high - low))": {"close", "high", "low"},
        "(close / vwap - 1)": {"close", "vwap"}, "((high - maximum(open, close)) / close)": {"high", "open", "close"},
        "((minimum(open, close) - low) / close)": {"low", "open", "close"},
    }  # fmt: skip
    found += [text for text, needs in shapes.items() if needs <= have]
    found += [f"({name} / delay({name}, 1) - 1)" for name in activity[:1]]
    return [*found, *(name for name in free if name != "returns" or main is None)]


def _conditions(main: str | None, moves: list[str], busy: list[str]) -> Iterator[Iterator[str]]:
    """How often something held, and how much of the trading fell on it."""
    for move in moves:
        yield (f"ts_count({move} > 0, {w})" for w in WINDOWS)
        yield iter([f"streak({move} > 0)", f"streak({move} < 0)"])
        for name in busy:
            yield (f"ts_sum(where({move} > 0, {name}, 0), {w}) / ts_sum({name}, {w})" for w in WINDOWS)
            yield (f"ts_mean(abs({move}) / {name}, {w})" for w in WINDOWS)
            yield (f"ts_corr(abs({move}), {name}, {w})" for w in WINDOWS)
            yield (f"ts_corr({move}, {name}, {w})" for w in WINDOWS)
        yield (f"ts_corr({move}, delay({move}, 1), {w})" for w in WINDOWS)
    for name in [*([] if main is None else [main]), *busy]:
        yield (f"ts_count({name} > ts_mean({name}, 20), {w})" for w in WINDOWS)
