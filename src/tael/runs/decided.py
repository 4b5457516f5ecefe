"""One row an observation: its probability, its decision, its reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.observations import Observations
from tael.observations.observe import CUTOFF
from tael.runs.deciding import Deciding
from tael.runs.deciding.base import LANGUAGES
from tael.runs.reasons import Baseline, Reasons, measured, reasons_of, sentences, unremarkable
from tael.runs.tasks import Fitted, Outputs

ORDER = ("approve", "refer", "decline")
MANY = 6
"""Decisions of which an example is shown at most."""


KEPT = {
    "period": pl.String, "rank": pl.Int64, "gang": pl.String, "sender_role": pl.String, "receiver_role": pl.String,
    "evidence": pl.Boolean,
}  # fmt: skip
"""Types of further columns that are no plain numbers: they hold where a column is empty, too."""


@dataclass(frozen=True)
class Decided:
    """The rows that a run or a scoring leaves.

    Attributes
    ----------
    scores : polars.DataFrame
        key, cutoff, split, probability, label, model_version.
    decisions : polars.DataFrame
        key, cutoff, split, decision, probability, what the kind of decision adds, reason_code, reason_en, reason_zh,
        reasons_en, reasons_zh, reason_features, reason_pushes (against those of `Deciding.favoured`), model_version.
    samples : list of dict
        One observation of each decision, for the report.
    contributions : ndarray, shape (n, m)
        What each feature added to the score behind the decision.
    """

    scores: pl.DataFrame
    decisions: pl.DataFrame
    samples: list[dict[str, Any]]
    contributions: NDArray[np.float64]


def decided_rows(
    deciding: Deciding, policy: Any, fitted: Fitted, terms: Any, seen: Observations, features: pl.DataFrame,
    outputs: Outputs, part: NDArray[Any], baseline: Baseline, words: dict[str, list[str]], version: str,
    units: Sequence[str | None] = (),
) -> Decided:  # fmt: skip
    """Decide observations and say why.

    Parameters
    ----------
    terms : Terms
        Of the same observations.
    seen : Observations
        n of them.
    features : polars.DataFrame, shape (n, m)
    outputs : dict of str to ndarray, shape (n,)
        What the model tells of them.
    part : ndarray of str, shape (n,)
        Train, validation, out_of_time, purged or pending. What is decided together, `Deciding.together` says.
    units : sequence of str or None, length m
        Of the features, as `FormulaSet.measures` gives them; empty: values are told without a unit.
    """
    frame, key = seen.frame, seen.key
    n = frame.height
    ids = frame[key].to_numpy()
    p = outputs["p"]
    decision = np.empty(n, dtype=object)
    code = np.empty(n, dtype=object)
    adverse: NDArray[np.bool_] | None = np.zeros(n, dtype=bool)
    told: dict[str, NDArray[Any]] = {lang: np.empty(n, dtype=object) for lang in LANGUAGES}
    more: dict[str, NDArray[Any]] = {}
    batches = deciding.together(part)
    for name in dict.fromkeys(batches.tolist()):
        rows = np.flatnonzero(batches == name)
        batch = deciding.decide(policy, {k: v[rows] for k, v in outputs.items()}, terms.take(rows), ids[rows])
        decision[rows], code[rows] = batch.decision, batch.code
        if batch.adverse is None or adverse is None:
            adverse = None
        else:
            adverse[rows] = batch.adverse
        for lang in LANGUAGES:
            told[lang][rows] = batch.texts[lang]
        for column, values_of in batch.columns.items():
            named = np.asarray(values_of).dtype == object
            more.setdefault(column, np.full(n, None if named else np.nan, dtype=object if named else float))
            more[column][rows] = values_of
    behind = fitted.score_behind(decision)
    contributions = fitted.contributed(features, behind)
    typical = baseline.typical
    values = features.to_numpy()
    reasons = reasons_of(contributions, baseline.of(behind), adverse, same=unremarkable(values, typical))
    names = np.array([*features.columns, ""], dtype=object)
    common = {key: frame[key], "cutoff": frame[CUTOFF], "split": pl.Series(part.tolist())}
    scores = pl.DataFrame({**common, "probability": p, "label": seen.label, "model_version": [version] * n})
    scores = scores.with_columns(pl.col("label").fill_nan(None))
    decisions = pl.DataFrame(
        {
            **common,
            "decision": decision.tolist(),
            "probability": p,
            **{name: found.tolist() if found.dtype == object else found for name, found in more.items()},
            "reason_code": code.tolist(),
            "reason_en": told["en"].tolist(),
            "reason_zh": told["zh"].tolist(),
            "reasons_en": sentences(reasons, values, typical, words["en"], "en", deciding.against, units),
            "reasons_zh": sentences(reasons, values, typical, words["zh"], "zh", deciding.against, units),
            "reason_features": [[names[j] for j in row if j >= 0] for row in reasons.feature],
            "reason_pushes": [
                [float(d) for d, j in zip(moved, row, strict=True) if j >= 0]
                for moved, row in zip(reasons.difference, reasons.feature, strict=True)
            ],
            "model_version": [version] * n,
        },
        schema_overrides={
            "reasons_en": pl.List(pl.String), "reasons_zh": pl.List(pl.String), "reason_features": pl.List(pl.String),
            "reason_pushes": pl.List(pl.Float64), **{name: kind for name, kind in KEPT.items() if name in more},
        },
    )  # fmt: skip
    samples = _samples(decisions, part, reasons, features.columns, values, typical, words, key, units)
    return Decided(scores, decisions, samples, contributions)


def _samples(
    decisions: pl.DataFrame, part: NDArray[Any], reasons: Reasons, names: list[str], values: NDArray[np.float64],
    typical: NDArray[np.float64], words: dict[str, list[str]], key: str, units: Sequence[str | None],
) -> list[dict[str, Any]]:  # fmt: skip
    """The observation in the middle of each decision, out of time where there are any."""
    units = units or [None] * len(names)

    def _both(value: float, j: int) -> dict[str, str]:
        return {lang: measured(float(value), units[j], lang) for lang in LANGUAGES}

    decision = decisions["decision"].to_numpy()
    p = decisions["probability"].to_numpy()
    shown_parts = part == "out_of_time"
    out = []
    kinds = [kind for kind in ORDER if kind in decision] or sorted(set(decision.tolist()))
    for kind in kinds[:MANY]:
        rows = np.flatnonzero((decision == kind) & shown_parts)
        if len(rows) == 0:
            continue
        row = int(rows[np.argsort(p[rows], kind="stable")[len(rows) // 2]])
        told = [
            {
                "feature": names[j],
                "words": {lang: words[lang][j] for lang in LANGUAGES},
                "value": _both(values[row, j], j),
                "contribution": float(reasons.difference[row, k]),
                "typical": _both(typical[j], j),
            }
            for k, j in enumerate(reasons.feature[row])
            if j >= 0
        ]
        out.append(
            {
                "id": str(decisions[key][row]),
                "cutoff": str(decisions["cutoff"][row])[:10],
                "probability": float(p[row]),
                "decision": kind,
                "because": {lang: decisions[f"reason_{lang}"][row] for lang in LANGUAGES},
                "reasons": told,
            }
        )
    return out
