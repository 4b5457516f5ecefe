"""`choose_settings`: thresholds for gangs, chosen on an earlier slice whose gangs are known."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import polars as pl
from numpy.typing import ArrayLike

from tael.networks.edges import Edges
from tael.networks.gang import GangSettings
from tael.networks.gangs import find_gangs
from tael.networks.measures import gang_metrics


@dataclass(frozen=True, eq=False)
class Choice:
    """Settings, and what each one tried reached.

    Attributes
    ----------
    settings : GangSettings
        The best.
    trials : polars.DataFrame
        One row a trial: ``share, threshold, within, split_over, rounds, gangs, recall, recall_close, precision,
        value``, the best first.
    """

    settings: GangSettings
    trials: pl.DataFrame


def choose_settings(
    edges: Edges,
    edge_score: ArrayLike,
    truth: Mapping[Any, Collection[Hashable]],
    *,
    also_right: Mapping[Any, Collection[Hashable]] | None = None,
    shares: Sequence[float | None] = (None,),
    thresholds: Sequence[float | None] = (0.05, 0.1, 0.2, 0.35),
    withins: Sequence[str] = ("7d", "14d", "30d"),
    split_overs: Sequence[int] = (15, 30),
    rounds: Sequence[int] = (0, 1),
    capacity: int = 50,
    base: GangSettings | None = None,
) -> Choice:
    """Try settings on an earlier slice.

    The value of a trial is the mean of its recall, its close recall (Jaccard index of one half) and the precision of
    the first `capacity` reports. Of equal values the first in the order of the arguments wins.

    Parameters
    ----------
    edges : Edges
        Of a slice that ended before the one that is searched later.
    edge_score : (E,) array
        Out of fold, where the model was fitted on this slice: scores of its own training rows look too good, and a
        threshold chosen on them is too high.
    truth, also_right
        As for :func:`tael.networks.gang_metrics`; what was known of the slice's gangs when its period ended.
    shares, thresholds, withins, split_overs, rounds
        Values to try, in all combinations; a pair of None and None is left out.
    capacity : int
        Reports that can be looked at.
    base : GangSettings, optional
        What is not tried.

    Returns
    -------
    Choice

    Examples
    --------
    >>> import numpy as np
    >>> edges = Edges(np.array([0, 1, 2, 4]), np.array([3, 3, 3, 5]), np.arange(4) * 10**6, np.ones(4), tuple("abcdef"),
    ...               np.arange(4))
    >>> choice = choose_settings(edges, [0.3, 0.3, 0.3, 0.05], {"gang": set("abcd")}, thresholds=(0.1, 0.5))
    >>> choice.settings.threshold, choice.trials.height
    (0.1, 24)
    """
    start = base or GangSettings()
    rows: list[tuple[Any, ...]] = []
    tried: list[GangSettings] = []
    for share, threshold, within, over, carried in product(shares, thresholds, withins, split_overs, rounds):
        if share is None and threshold is None:
            continue
        how = replace(start, share=share, threshold=threshold, within=within, split_over=over, rounds=carried)
        found = find_gangs(edges, edge_score, settings=how)
        figures = gang_metrics(found, truth, also_right=also_right, first=(capacity,))
        precision = figures.precision[capacity]
        value = (figures.recall + figures.recall_close + precision) / 3
        told = (figures.recall, figures.recall_close, precision, value)
        rows.append((len(tried), share, threshold, within, over, carried, len(found), *told))
        tried.append(how)
    figures_of = ("gangs", "recall", "recall_close", "precision", "value")
    names = ("trial", "share", "threshold", "within", "split_over", "rounds", *figures_of)
    kinds = (pl.Int64, pl.Float64, pl.Float64, pl.String, pl.Int64, pl.Int64, pl.Int64, *[pl.Float64] * 4)
    trials = pl.DataFrame(rows, schema=dict(zip(names, kinds, strict=True)), orient="row")
    trials = trials.sort(["value", "trial"], descending=[True, False])
    return Choice(tried[trials["trial"][0]], trials.drop("trial"))
