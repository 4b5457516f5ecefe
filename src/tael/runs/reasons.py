"""Reasons: which of the factors actually scored set one apart from those whom the policy favours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.formulas.grammar import PART, YES_NO, with_unit
from tael.tables.schema import Language
from tael.validation.words import Words

TOLD = 4


@dataclass(frozen=True)
class Reasons:
    """The top reasons of each applicant.

    Attributes
    ----------
    feature : ndarray of int, shape (n, k)
        Which features, the strongest first; -1 where there is no further one.
    difference : ndarray of float64, shape (n, k)
        By how much the feature moves the score away from that of those favoured (positive: a higher probability),
        on the model's own scale: log-odds, or, of an effect, its own units.
    """

    feature: NDArray[np.int64]
    difference: NDArray[np.float64]


@dataclass(frozen=True)
class Baseline:
    """Whom reasons are told against: mean contributions to each score, and median values.

    Attributes
    ----------
    scores : dict of str to ndarray, shape (m,)
    typical : ndarray, shape (m,)
    """

    scores: dict[str, NDArray[np.float64]]
    typical: NDArray[np.float64]

    def of(self, behind: NDArray[Any]) -> NDArray[np.float64]:
        """The mean contributions to the score behind each row's decision, shape (n, m)."""
        out = np.zeros((len(behind), len(self.typical)))
        for score, mean in self.scores.items():
            out[behind == score] = mean
        return out


def baseline_of(fitted: Any, features: pl.DataFrame, favoured: NDArray[np.bool_]) -> Baseline:
    """Mean contributions and median values of those favoured (of all, where nobody is)."""
    rows = favoured if favoured.any() else np.ones(features.height, dtype=bool)
    chosen = features.filter(pl.Series(rows))
    values = chosen.to_numpy()
    typical = np.full(values.shape[1], np.nan)
    some = ~np.isnan(values).all(axis=0)
    typical[some] = np.nanmedian(values[:, some], axis=0)
    return Baseline({score: fitted.contributions(chosen, score).mean(axis=0) for score in fitted.scores}, typical)


def reasons_of(
    contributions: NDArray[np.float64], baseline: NDArray[np.float64], adverse: NDArray[np.bool_] | None, *,
    same: NDArray[np.bool_] | None = None, told: int = TOLD,
) -> Reasons:  # fmt: skip
    """Rank the features of each applicant.

    Parameters
    ----------
    contributions : ndarray, shape (n, m)
        Log-odds of each feature, without the base.
    baseline : ndarray, shape (m,) or (n, m)
    adverse : ndarray of bool, shape (n,), or None
        True: what raised the risk is told (declined, referred); False: what lowered it (approved). None: whatever moved
        it most, either way.
    same : ndarray of bool, shape (n, m), optional
        Where the applicant is as the approved are: no reason, whatever the model made of it; see `unremarkable`.

    Examples
    --------
    >>> found = reasons_of(np.array([[0.5, -0.2, 0.0]]), np.zeros(3), np.array([True]), told=2)
    >>> found.feature.tolist(), found.difference.tolist()
    ([[0, -1]], [[0.5, 0.0]])
    """
    told = min(told, contributions.shape[1])
    difference = contributions - baseline
    towards = np.abs(difference) if adverse is None else np.where(adverse[:, None], difference, -difference)
    if same is not None:
        towards = np.where(same, 0.0, towards)
    # ties by position, so that the same applicant always gets the same reasons
    order = np.argsort(-towards, axis=1, kind="stable")[:, :told]
    strength = np.take_along_axis(towards, order, axis=1)
    feature = np.where(strength > 0, order, -1)
    return Reasons(feature, np.where(strength > 0, np.take_along_axis(difference, order, axis=1), 0.0))


def unremarkable(values: NDArray[np.float64], typical: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Where a value is the typical one (to three digits, as it is told), or both are missing: shape of `values`.

    >>> unremarkable(np.array([[0.0, np.nan, 1.0, 2.0]]), np.array([0.0, np.nan, np.nan, 3.0])).tolist()
    [[True, True, False, False]]
    """
    return np.isclose(values, typical, rtol=5e-4, atol=0.0, equal_nan=True)


MOVED = {
    "risk": Words("the risk", "风险"),
    "probability": Words("the probability", "概率"),
    "effect": Words("the effect", "增量"),
}
"""What a reason moves: the risk that is to be approved, the probability behind an option, what a treatment changes."""


def moved_by(content: Mapping[str, Any]) -> str:
    """What the reasons of a run move: a key of `MOVED`.

    >>> moved_by({"decision": {"kind": "options"}, "model": {"kind": "uplift"}})
    'effect'
    """
    if content["decision"].get("kind") not in ("options", "alerts", "gangs"):
        return "risk"
    return "effect" if content["model"].get("kind") == "uplift" else "probability"


def push(difference: float, lang: str, moved: str = "risk") -> str:
    """Which way a factor moves the score behind a decision, and how far: an effect in points, others in log-odds.

    >>> push(0.42, "en"), push(-0.1, "zh", "probability"), push(0.031, "en", "effect")
    ('raises the risk (+0.42 log-odds)', '降低概率（对数几率 -0.10）', 'raises the effect (+3.10 points)')
    """
    what, up = MOVED[moved], difference > 0
    if lang == "zh":
        size = f"{100 * difference:+.2f} 个百分点" if moved == "effect" else f"对数几率 {difference:+.2f}"
        return f"{'提高' if up else '降低'}{what.zh}（{size}）"
    size = f"{100 * difference:+.2f} points" if moved == "effect" else f"{difference:+.2f} log-odds"
    return f"{'raises' if up else 'lowers'} {what.en} ({size})"


def sentences(
    reasons: Reasons, values: NDArray[np.float64], typical: NDArray[np.float64], words: list[str], lang: Language,
    against: Words = Words("typical of the approved", "获批者典型值"),  # noqa: B008
    units: Sequence[str | None] = (),
) -> list[list[str]]:  # fmt: skip
    """Each applicant's reasons as short sentences: the factor, its value, and what is typical of those favoured.

    Parameters
    ----------
    reasons : Reasons
    values : ndarray, shape (n, m)
    typical : ndarray, shape (m,)
    words : list of str
    lang : {"en", "zh"}
    against : Words
        What the typical value is called.
    units : sequence of str or None
        Of each feature, as `FormulaSet.measures` gives them; empty: none is told.
    """
    between = against.text(lang)
    units = units or [None] * len(words)
    out = []
    for row in range(len(values)):
        told = []
        for j in reasons.feature[row]:
            if j >= 0:
                own, usual = (measured(float(value), units[j], lang) for value in (values[row, j], typical[j]))
                told.append(f"{words[j]}: {own} ({between} {usual})")
        out.append(told)
    return out


def measured(value: float, unit: str | None, lang: str) -> str:
    """A number as a person writes it, with its unit; what is bare, a count or a ratio, stays bare.

    Parameters
    ----------
    value : float
    unit : str or None
        As `FormulaSet.measures` gives it.
    lang : {"en", "zh"}

    Examples
    --------
    >>> measured(1234.5678, "CNY", "en"), measured(3.0, "days", "zh"), measured(0.25, PART, "en")
    ('1,234.6 CNY', '3 天', '25%')
    >>> measured(1.0, YES_NO, "en"), measured(0.0, YES_NO, "zh"), measured(float("nan"), "CNY", "zh")
    ('yes', '否', '缺失')
    >>> measured(1.0, "days", "en"), measured(2024.0, None, "en")
    ('1 day', '2,024')
    """
    if np.isnan(value):
        return "missing" if lang == "en" else "缺失"
    if unit == YES_NO and value in (0.0, 1.0):
        return ("no", "yes")[int(value)] if lang == "en" else ("否", "是")[int(value)]
    if unit == PART:
        return f"{shown(100 * value)}%"
    spoken: Language = "zh" if lang == "zh" else "en"
    return with_unit(shown(value), None if unit == YES_NO else unit, spoken, one=value == 1)


def shown(value: float, absent: str = "missing") -> str:
    """A number as a person writes it.

    >>> shown(1234.5678), shown(0.01234), shown(float("nan")), shown(3.0)
    ('1,234.6', '0.0123', 'missing', '3')
    """
    if np.isnan(value):
        return absent
    if value == round(value) and abs(value) < 1e15:
        return f"{value:,.0f}"
    return f"{value:,.1f}" if abs(value) >= 100 else f"{value:.3g}"
