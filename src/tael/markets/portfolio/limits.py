"""The limits of a portfolio as rows of a program, and how far each name may go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.errors import MarketError, did_you_mean
from tael.markets.portfolio.state import Inputs, MarketState
from tael.validation.words import Words

Floats = NDArray[np.float64]
Bound = tuple[float, float]

FALLBACKS = ("hold", "relax_turnover", "cash")


def pair(value: Any, name: str) -> Bound:
    """A bound as (lower, upper); a single number x is (-x, x).

    >>> pair(0.1, "styles"), pair((0, 0.2), "styles")
    ((-0.1, 0.1), (0.0, 0.2))

    Raises
    ------
    MarketError
        If it is neither, or the lower bound is above the upper.
    """
    try:
        low, high = (-float(value), float(value)) if np.ndim(value) == 0 else (float(v) for v in value)
    except (TypeError, ValueError) as error:
        raise MarketError(
            f"A bound of {name} makes no sense.", expected="a number, or (lower, upper)", got=repr(value)
        ) from error
    if not low <= high:
        raise MarketError(f"A bound of {name} is empty.", expected="lower <= upper", got=repr(value))
    return low, high


def bounds_of(given: Any, known: list[str], name: str) -> dict[str, Bound]:
    """Bounds by name: one for all, or a mapping.

    Raises
    ------
    MarketError
        If the mapping names something that is not there.
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        return dict.fromkeys(known, pair(given, name))
    for key in given:
        if key not in known:
            raise MarketError(f"{name} bounds something unknown.", got=str(key), fix=did_you_mean(str(key), known))
    return {key: pair(value, f"{name}[{key}]") for key, value in given.items()}


def box(inputs: Inputs, low: float, high: float) -> tuple[Floats, Floats]:
    """Lowest and highest weight of each name.

    - A held name without a score may be reduced, not raised.
    - A name that cannot be bought stays at most where it is, one that cannot be sold at least; where that contradicts
      the bounds of the method (a suspended name that has grown above them), it stays where it is.
    """
    held = inputs.previous
    lowest = np.where(inputs.scored, low, np.minimum(0.0, held))
    highest = np.where(inputs.scored, high, np.maximum(0.0, held))
    highest = np.where(inputs.can_buy, highest, np.minimum(highest, held))
    lowest = np.where(inputs.can_sell, lowest, np.maximum(lowest, held))
    stays = lowest > highest
    return np.where(stays, held, lowest), np.where(stays, held, highest)


def values_of(inputs: Inputs) -> Floats:
    """Scores with a number for held names that have none: the worst there is for the side on which they are held."""
    scores = inputs.alpha.copy()
    gone = ~inputs.scored
    if gone.any():
        known = inputs.alpha[~gone]
        low, high = (known.min(), known.max()) if len(known) else (0.0, 0.0)
        scores[gone] = np.where(inputs.previous[gone] >= 0, low, high)
    return scores


def group_rows(state: MarketState, given: Any, method: str) -> list[tuple[str, NDArray[np.int64], Bound]]:
    """Name, members and bounds of each bounded group.

    Raises
    ------
    MarketError
        If groups are bounded and the state has none.
    """
    if given is None:
        return []
    if state.groups is None:
        raise MarketError(
            f"{method} bounds groups, but there are none.",
            expected="state.groups",
            got="nothing",
            fix="Pass groups to the history, or leave `groups` out.",
        )
    codes = np.asarray(state.groups)
    names = {int(code): state.name_of(int(code)) for code in np.unique(codes[codes >= 0])}
    every = {*names.values(), *state.group_names}
    wanted = bounds_of(given, sorted(every), "groups")
    return [
        (f"group {name}", np.flatnonzero(codes == code), wanted[name]) for code, name in names.items() if name in wanted
    ]


def contradiction(conflict: tuple[str, ...], fallback: str) -> Words:
    """Which limits contradict each other, and what was done instead."""
    done = {
        "hold": ("The portfolio stays as it is.", "投资组合保持不变。"),
        "relax_turnover": (
            "Turnover was raised to the least that keeps the others.",
            "换手上限已放宽至满足其余限制所需的最低水平。",
        ),
        "cash": ("Everything that can be sold goes to cash.", "可卖出的持仓全部转为现金。"),
    }[fallback]
    names = ", ".join(conflict)
    if len(conflict) == 1:
        return Words(f"This limit cannot be kept: {names}. {done[0]}", f"以下限制无法满足：{names}。{done[1]}")
    return Words(
        f"No portfolio keeps all of these: {names}. {done[0]}", f"没有任何投资组合能同时满足：{names}。{done[1]}"
    )


def check_fallback(fallback: str, method: str) -> None:
    """Raise where a fallback is unknown."""
    if fallback not in FALLBACKS:
        raise MarketError(
            f"{method} does not know this fallback.", got=repr(fallback), fix=did_you_mean(str(fallback), FALLBACKS)
        )
