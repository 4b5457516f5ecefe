"""The factors of a run: stated, from libraries, mined; computed once, measured as they come, laid out as rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tael.runs.markets.plan import MarketPlan
from tael.runs.markets.stretches import Stretches

if TYPE_CHECKING:
    from tael.markets.modelling import PanelRows
    from tael.panels import Panel

Say = Callable[[str, float], None]
BATCH = 16
"""Factors computed at a time: more share more, and take more memory."""


@dataclass(frozen=True)
class Factor:
    """One factor and what it foretells by itself.

    Attributes
    ----------
    name, formula : str
    origin : {"library", "own", "mined"}
    rank_ic : dict of str to ndarray
        Stretch -> its rank IC, bar by bar.
    coverage : float
        Share of the members that have a value.
    autocorrelation : float
        Mean rank correlation with itself one bar before.
    """

    name: str
    formula: str
    origin: str
    rank_ic: dict[str, NDArray[np.float64]] = field(repr=False)
    coverage: float
    autocorrelation: float


def stated_factors(plan: MarketPlan) -> list[tuple[str, str, str]]:
    """Name, formula and origin of what the plan states, libraries first; of equal formulas the first counts."""
    from tael.panels.factors import library

    named = [(name, formula, "library") for one in plan.features.libraries for name, formula in library(one)]
    named += [(name, formula, "own") for name, formula in plan.features.formulas.items()]
    seen: set[str] = set()
    kept = []
    for name, formula, origin in named:
        if formula not in seen:
            seen.add(formula)
            kept.append((name, formula, origin))
    return kept


def asked(formula: str, plan: MarketPlan) -> str:
    """The formula that the model is given: compared with its own group where the plan says so."""
    return formula if plan.features.neutral is None else f"neutralize({formula}, by={plan.features.neutral})"


def computed(
    plan: MarketPlan, panel: Panel, stated: list[tuple[str, str, str]], outcome: NDArray[Any], parts: Stretches,
    say: Say, n_threads: int,
) -> tuple[list[Factor], PanelRows]:  # fmt: skip
    """Compute the factors and lay them out, measuring each as it passes.

    Parameters
    ----------
    stated : list of (name, formula, origin)
    outcome : (T, N) array
        What is to be foretold, as it came.
    parts : Stretches

    Returns
    -------
    list of Factor
    PanelRows
    """
    from tael.kernels.panel import rank
    from tael.markets.modelling import rows_of
    from tael.panels import PanelPlan

    ranked = rank(outcome, panel.members, n_threads=n_threads)
    compute = PanelPlan([asked(formula, plan) for _, formula, _ in stated], panel, n_threads=n_threads)
    factors: list[Factor] = []

    def passing() -> Iterator[NDArray[Any]]:
        for which, arrays in compute.batches(BATCH):
            say(f"{which.stop} of {len(stated)} factors", which.stop / len(stated))
            for (name, formula, origin), values in zip(stated[which], arrays, strict=True):
                factors.append(_measured(name, formula, origin, values, panel, ranked, parts, n_threads))
                yield values

    rows = rows_of(passing(), panel.members, len(stated))
    return factors, rows


def _measured(
    name: str, formula: str, origin: str, values: NDArray[Any], panel: Panel, ranked: NDArray[Any], parts: Stretches,
    n_threads: int,
) -> Factor:  # fmt: skip
    from tael.kernels.panel import rank_autocorrelation, rank_ic

    each = rank_ic(values, ranked, panel.members, ranked=True, n_threads=n_threads)
    steady = rank_autocorrelation(values, 1, panel.members, n_threads=n_threads)
    there = panel.members
    count = int(there.sum())
    return Factor(
        name, formula, origin,
        {part: each[start:stop] for part, (start, stop) in parts.labelled().items()},
        float(np.isfinite(values[there]).sum() / count) if count else 0.0,
        float(np.nanmean(steady)) if np.isfinite(steady).any() else float("nan"),
    )  # fmt: skip
