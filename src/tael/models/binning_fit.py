"""One column's bins found: pre-bins or categories counted, then joined by the kernel's dynamic programming."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.errors import ModelError
from tael.kernels import binning as kernel
from tael.models.binning_columns import CATEGORY, NUMBER, Column
from tael.models.binning_rows import Rows
from tael.models.binning_rule import BinnedColumn
from tael.models.logistic import Floats

TRENDS = {
    "free": kernel.FREE,
    "ascending": kernel.ASCENDING,
    "descending": kernel.DESCENDING,
    "peak": kernel.PEAK,
    "valley": kernel.VALLEY,
}

TURN_COST = 8.0
"""What ``"auto"`` asks for each turn of the bad rate: the value, less so many times what chance alone gives a bin
(1/G + 1/B), must still be above that of a shape with fewer turns. A peak or valley has one turn, free bins as many as
they show; a code such as -2, -1, 0, 1 months late may need two."""


@dataclass(frozen=True)
class Limits:
    """What a bin must keep; the names are those of `OptimalBinning`'s parameters."""

    max_bins: int
    min_bin_size: float
    min_goods: float
    min_bads: float
    max_prebins: int
    smoothing: float
    bin_cost: float
    stability: float
    rare: float
    unseen: str


def fit_column(
    column: Column,
    rows: Rows,
    limits: Limits,
    *,
    trend: str = "auto",
    special: Sequence[Any] = (),
    splits: Any = None,
    fixed: Any = None,
) -> BinnedColumn:
    """Bins of one column.

    Parameters
    ----------
    column : Column
    rows : Rows
    limits : Limits
    trend : str
        A key of `TRENDS` or ``"auto"``; categories are ordered by bad rate and need none.
    special : sequence
    splits : sequence of float, or of sequences of str, optional
        The bins themselves, by the user.
    fixed : sequence of float, optional
        Splits that must be among those found.

    Raises
    ------
    ModelError
        Splits that are not increasing, groups that overlap, fixed splits that leave a bin too small.
    """
    if column.kind == NUMBER:
        return _fit_numbers(column, rows, limits, trend, special, splits, fixed)
    if fixed is not None:
        raise ModelError(
            "Categories have no places to split at.", got=repr(fixed), where=f"fixed_splits, column {column.name}"
        )
    return _fit_categories(column, rows, limits, special, splits)


def _fit_numbers(
    column: Column, rows: Rows, limits: Limits, trend: str, special: Sequence[Any], splits: Any, fixed: Any
) -> BinnedColumn:
    codes = _special_numbers(column.name, special)
    edges = _pre_bins(column.values, rows.weight, codes, limits)
    given = splits if splits is not None else fixed
    wanted = None if given is None else check_splits(column.name, given)
    if wanted is not None:
        edges = wanted if splits is not None else np.union1d(edges, wanted)
    counts = rows.empty_counts(len(edges) + 2 + len(codes))
    kernel.count_values(column.values, edges, codes, rows.label, rows.weight, rows.period, counts)
    m = len(edges) + 1
    if splits is not None:
        cut, found = np.ones(m, dtype=bool), "user"
    else:
        wall = np.concatenate([[False], np.isin(edges, wanted)]) if wanted is not None else np.zeros(m, dtype=bool)
        cut, found = join(column.name, counts, m, limits, trend, wall)
    return BinnedColumn(
        name=column.name,
        kind=NUMBER,
        trend=found,
        splits=edges[cut[1:]],
        groups=(),
        other=-1,
        rare=(),
        unseen=-1,
        special=tuple(codes.tolist()),
        smoothing=limits.smoothing,
        cells=edges,
        **_sums(counts, m, cut),
    )


def fine_column(column: Column, rows: Rows, limits: Limits, special: Sequence[Any] = ()) -> BinnedColumn:
    """The fine bins of one column, none of them joined: quantiles of numbers, categories by rising bad rate.

    Parameters
    ----------
    column, rows, special
        As in `fit_column`.
    limits : Limits
        Of which `max_prebins`, `smoothing`, `rare` and `unseen` count.
    """
    free = replace(limits, max_bins=limits.max_prebins, min_bin_size=0.0, min_goods=0.0, min_bads=0.0)
    if column.kind != NUMBER:
        return _fit_categories(column, rows, free, special, None)
    codes = _special_numbers(column.name, special)
    edges = _pre_bins(column.values, rows.weight, codes, free)
    return _fit_numbers(column, rows, free, "free", special, edges, None)


def _pre_bins(values: Floats, weight: Floats, special: Floats, limits: Limits) -> Floats:
    """Edges of the fine bins: quantiles, and cuts that leave just the least size once and twice at either end.

    The ends hold most of the information value, and quantiles alone could miss the smallest bin allowed there by the
    width of a fine bin.
    """
    n = weight.sum() if weight.size else float(len(values))
    there = np.isfinite(values)
    if special.size:
        there &= ~np.isin(values, special)
    if weight.size:
        values, weight = values[there], weight[there]
        order = np.argsort(values, kind="stable")
        values, weight = values[order], weight[order]
    else:
        values = np.sort(values if there.all() else values[there])
    least = limits.min_bin_size * n
    few = len(values) == 0 or np.count_nonzero(values[1:] != values[:-1]) < limits.max_prebins
    plain = few or least <= 0.0 or limits.max_prebins < 16
    edges = np.empty(limits.max_prebins - (1 if plain else 5))
    edges = edges[: kernel.pre_bin(values, weight, edges)]
    if plain:
        return edges
    below = np.cumsum(weight) if weight.size else np.arange(1.0, len(values) + 1)
    ends = []
    for size in (least, 2 * least):
        low = int(np.searchsorted(below, size)) + 1  # the fewest rows that weigh enough, from below
        low = int(np.searchsorted(values, values[min(low, len(values)) - 1], side="right"))
        high = int(np.searchsorted(below, below[-1] - size, side="right"))  # where so much is left above
        high = int(np.searchsorted(values, values[min(high, len(values) - 1)], side="left"))
        ends += [kernel.short_between(values[k - 1], values[k]) for k in (low, high) if 0 < k < len(values)]
    return np.union1d(edges, ends)


def _special_numbers(name: str, special: Sequence[Any]) -> Floats:
    try:
        codes = np.array([float(code) for code in special], dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ModelError(
            "A special code of a column of numbers is not a number.", got=str(error), where=f"special, column {name}"
        ) from error
    if np.isnan(codes).any():
        raise ModelError(
            "NaN cannot be a special code.",
            where=f"special, column {name}",
            fix="Leave it out: missing values have a bin of their own.",
        )
    return np.unique(codes)


def check_splits(name: str, splits: Any) -> Floats:
    """Splits of a user as increasing floats.

    Examples
    --------
    >>> check_splits("age", [25, 40])
    array([25., 40.])
    """
    try:
        given = np.array([float(v) for v in splits], dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ModelError(
            "The splits of a column of numbers are not numbers.",
            expected="increasing numbers",
            got=repr(splits),
            where=f"column {name}",
        ) from error
    if not np.isfinite(given).all() or (np.diff(given) <= 0).any():
        raise ModelError(
            "The splits do not increase.",
            expected="finite, increasing numbers",
            got=repr(splits),
            where=f"column {name}",
        )
    return given


def join(name: str, counts: Floats, m: int, limits: Limits, trend: str, wall: NDArray[np.bool_]) -> tuple[Any, str]:
    """Where to cut the first m bins of `counts`, and the trend that it is: ``"none"`` for a single bin.

    Raises
    ------
    ModelError
        Required cuts that no bins within the limits respect.
    """
    goods, bads = counts.sum(axis=(0, 2))
    sizes = counts.sum(axis=(1, 2))
    inner = np.ascontiguousarray(counts[:, :, :m])
    least = np.array([max(limits.min_bin_size * (goods + bads), 1e-9), limits.min_goods, limits.min_bads])
    tried = ("ascending", "descending", "peak", "valley", "free") if trend == "auto" else (trend,)
    best, best_value, found = np.zeros(m, dtype=bool), -np.inf, "none"
    chance = 1.0 / goods + 1.0 / bads
    for one in tried:
        cut = np.zeros(m, dtype=bool)
        value = kernel.best_bins(
            inner, sizes, goods, bads, limits.smoothing, least, limits.max_bins, TRENDS[one], wall,
            limits.stability, limits.bin_cost, cut,
        )  # fmt: skip
        if trend == "auto" and value > -np.inf:
            turns = _turns(inner, cut) if one == "free" else int(one in ("peak", "valley"))
            value -= TURN_COST * turns * chance
        if value > best_value:
            best, best_value, found = cut, value, one
    if best_value == -np.inf and wall.any():
        raise ModelError(
            "The fixed splits leave a bin too small, too pure or out of its trend.",
            expected=f"bins of {least[0]:g} rows, {least[1]:g} goods and {least[2]:g} bads at least, "
            f"{limits.max_bins} bins at most, trend {trend}",
            where=f"fixed_splits, column {name}",
            fix="Leave a split out, loosen the limits, or give all bins in splits.",
        )
    return best, found if best.any() else "none"


def _turns(counts: Floats, cut: NDArray[np.bool_]) -> int:
    """How often the bad rate changes its direction from bin to bin."""
    starts = np.flatnonzero(np.concatenate([[True], cut[1:]]))
    goods, bads = np.add.reduceat(counts.sum(axis=0), starts, axis=1)
    way = np.sign(np.diff(bads / (goods + bads)))
    way = way[way != 0]
    return int(np.count_nonzero(way[1:] != way[:-1]))


def _sums(counts: Floats, m: int, cut: NDArray[np.bool_]) -> dict[str, Any]:
    total = counts.sum(axis=0)
    starts = np.flatnonzero(np.concatenate([[True], cut[1:]]))
    joined = np.hstack([np.add.reduceat(total[:, :m], starts, axis=1), total[:, m:]])
    return {"goods": joined[0], "bads": joined[1], "total": joined.sum(axis=1), "cell_counts": total[:, :m]}


def _fit_categories(column: Column, rows: Rows, limits: Limits, special: Sequence[Any], groups: Any) -> BinnedColumn:
    text = column.values
    codes = [str(code) for code in special]
    names = sorted(name for name in text.unique().drop_nulls().to_list() if name not in codes)
    if groups is None:
        _refuse_numbers_as_text(column.name, names, limits.max_prebins)
    slots = {name: i for i, name in enumerate([*names, *codes])}
    code = np.full(len(text), len(slots), dtype=np.int32)
    if slots:
        old = pl.Series(list(slots), dtype=pl.String)
        new = pl.Series(list(slots.values()), dtype=pl.Int32)
        code = text.replace_strict(old, new, default=len(slots), return_dtype=pl.Int32).to_numpy().astype(np.int32)
        code[text.is_null().to_numpy()] = len(slots)
    counts = rows.empty_counts(len(slots) + 1)
    kernel.count_codes(code, rows.label, rows.weight, rows.period, counts)
    if groups is not None:
        bins = check_groups(column.name, groups)
        named = {name for group in bins for name in group}
        left = [name for name in names if name not in named]
        cells = [list(group) for group in bins] + ([left] if left else [])
        other = len(bins) if left else -1
        bins = [*bins, ()] if left else bins
    else:
        cells, other = _by_rate(names, counts, limits)
        bins = [() if i == other else tuple(cell) for i, cell in enumerate(cells)]
    place = {name: i for i, name in enumerate(names)}
    merged = np.zeros((counts.shape[0], 2, len(cells) + len(codes) + 1))
    for i, cell in enumerate(cells):
        merged[:, :, i] = counts[:, :, [place[name] for name in cell if name in place]].sum(axis=2)
    merged[:, :, len(cells) :] = counts[:, :, len(names) :]
    m = max(len(cells), 1)
    if not cells:  # nothing but missing and special codes: one empty bin
        merged, bins = np.insert(merged, 0, 0.0, axis=2), [()]
    trend = "user"
    cut = np.ones(m, dtype=bool)
    if groups is None:
        cut, trend = join(column.name, merged, m, limits, "ascending", np.zeros(m, dtype=bool))
        trend = "rate" if trend == "ascending" else trend
    rare = tuple(cells[other]) if other >= 0 and limits.unseen != "other" else ()
    return _group_cells(column.name, bins, other, rare, tuple(codes), merged, cut, trend, limits)


def _group_cells(
    name: str, cells: Sequence[tuple[str, ...]], other: int, rare: tuple[str, ...], special: tuple[str, ...],
    counts: Floats, cut: NDArray[np.bool_], trend: str, limits: Limits,
) -> BinnedColumn:  # fmt: skip
    """Put neighbouring cells (the categories of a pre-bin each) together where there is no cut."""
    m = len(cells)
    bin_of = np.cumsum(np.concatenate([[False], cut[1:]]))
    groups = [
        tuple(one for cell, b in zip(cells, bin_of, strict=True) if b == wanted for one in cell)
        for wanted in range(int(bin_of[-1]) + 1)
    ]
    other_bin = int(bin_of[other]) if other >= 0 else -1
    missing = len(groups) + len(special)
    unseen = -1 if limits.unseen == "error" else missing
    if limits.unseen == "other" and other_bin >= 0:
        unseen = other_bin
    return BinnedColumn(
        name=name,
        kind=CATEGORY,
        trend=trend,
        splits=np.empty(0),
        groups=tuple(groups),
        other=other_bin,
        rare=rare,
        unseen=unseen,
        special=special,
        smoothing=limits.smoothing,
        cells=tuple(cells),
        **_sums(counts, m, cut),
    )


def _by_rate(names: list[str], counts: Floats, limits: Limits) -> tuple[list[list[str]], int]:
    """Categories of their own and the rare ones together, by rising bad rate, and where the rare ones stand."""
    size = counts[:, :, : len(names)].sum(axis=(0, 1))
    bad = counts[:, 1, : len(names)].sum(axis=0)
    order = sorted(range(len(names)), key=lambda i: (-size[i], names[i]))
    least = limits.rare * counts.sum()
    own = [i for i in order if size[i] >= least and size[i] > 0]
    if len(own) < len(names) or len(own) > limits.max_prebins:
        own = own[: limits.max_prebins - 1]
    rare = sorted(set(order) - set(own))
    cells = [[i] for i in own] + ([rare] if rare else [])
    rate = [float(bad[cell].sum() / size[cell].sum()) if size[cell].sum() > 0 else 0.0 for cell in cells]
    ranked = sorted(range(len(cells)), key=lambda c: (rate[c], cells[c] == rare, names[cells[c][0]]))
    other = ranked.index(len(own)) if rare else -1
    return [[names[i] for i in cells[c]] for c in ranked], other


def check_groups(name: str, groups: Any) -> list[tuple[str, ...]]:
    """Groups of a user: each category in one of them.

    Examples
    --------
    >>> check_groups("job", [["clerk"], ["farmer", "miner"]])
    [('clerk',), ('farmer', 'miner')]
    """
    bins = [(group,) if isinstance(group, str) else tuple(str(one) for one in group) for group in groups]
    named = [one for group in bins for one in group]
    twice = sorted({one for one in named if named.count(one) > 1})
    if twice or not all(bins):
        raise ModelError(
            "The groups of a column of categories are not apart.",
            expected="each category in one group, no empty group",
            got=f"twice: {', '.join(twice)}" if twice else "an empty group",
            where=f"column {name}",
        )
    return bins


def _refuse_numbers_as_text(name: str, names: list[str], most: int) -> None:
    if len(names) <= most:
        return
    parsed = pl.Series(names, dtype=pl.String).str.strip_chars().cast(pl.Float64, strict=False)
    if parsed.null_count() == 0:
        raise ModelError(
            "A column holds numbers written as text.",
            expected="numbers, or categories",
            got=f"{len(names)} different texts, such as {names[0]!r}",
            where=f"column {name}",
            fix=f'Convert it: frame.with_columns(pl.col("{name}").cast(pl.Float64)); or group codes before.',
        )
