"""One row an observation: its probability, its decision, its reasons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.decisions import ApprovalPolicy
from tael.observations import Observations
from tael.observations.observe import CUTOFF
from tael.runs import strategy
from tael.runs.reasons import Reasons, reasons_of, sentences, shown, unremarkable
from tael.runs.terms import Terms

LANGUAGES = ("en", "zh")


@dataclass(frozen=True)
class Decided:
    """The rows that a run or a scoring leaves.

    Attributes
    ----------
    scores : polars.DataFrame
        key, cutoff, split, probability, label, model_version.
    decisions : polars.DataFrame
        key, cutoff, split, decision, probability, reason_code, reason_en, reason_zh, reasons_en, reasons_zh,
        reason_features, reason_pushes (log-odds against the approved), model_version.
    samples : list of dict
        One applicant approved, one referred, one declined, for the report.
    """

    scores: pl.DataFrame
    decisions: pl.DataFrame
    samples: list[dict[str, Any]]


def decided_rows(
    terms: Terms, policy: ApprovalPolicy, seen: Observations, features: pl.DataFrame,
    p: NDArray[np.float64], contributions: NDArray[np.float64], part: NDArray[Any], baseline: NDArray[np.float64],
    typical: NDArray[np.float64], words: dict[str, list[str]], version: str,
) -> Decided:  # fmt: skip
    """Decide observations and say why.

    Parameters
    ----------
    terms : Terms
        Of the same observations.
    seen : Observations
        n of them.
    features : polars.DataFrame, shape (n, m)
    p : ndarray, shape (n,)
        Probabilities.
    contributions : ndarray, shape (n, m)
        Log-odds by feature.
    part : ndarray of str, shape (n,)
        Train, validation, out_of_time, purged or pending. Each is decided as a batch of its own.
    """
    frame, key = seen.frame, seen.key
    n = frame.height
    ids = frame[key].to_numpy()
    decision = np.empty(n, dtype=object)
    code = np.empty(n, dtype=object)
    told: dict[str, NDArray[Any]] = {lang: np.empty(n, dtype=object) for lang in LANGUAGES}
    for name in dict.fromkeys(part.tolist()):
        rows = np.flatnonzero(part == name)
        decided = strategy.decide(policy, p[rows], terms.take(rows), ids[rows])
        decision[rows], code[rows] = decided.decision, decided.reason
        for lang in LANGUAGES:
            told[lang][rows] = decided.texts(lang)  # type: ignore[arg-type]
    values = features.to_numpy()
    reasons = reasons_of(contributions, baseline, decision != "approve", same=unremarkable(values, typical))
    names = np.array([*features.columns, ""], dtype=object)
    common = {key: frame[key], "cutoff": frame[CUTOFF], "split": pl.Series(part.tolist())}
    scores = pl.DataFrame({**common, "probability": p, "label": seen.label, "model_version": [version] * n})
    scores = scores.with_columns(pl.col("label").fill_nan(None))
    decisions = pl.DataFrame(
        {
            **common,
            "decision": decision.tolist(),
            "probability": p,
            "reason_code": code.tolist(),
            "reason_en": told["en"].tolist(),
            "reason_zh": told["zh"].tolist(),
            "reasons_en": sentences(reasons, values, typical, words["en"], "en"),
            "reasons_zh": sentences(reasons, values, typical, words["zh"], "zh"),
            "reason_features": [[names[j] for j in row if j >= 0] for row in reasons.feature],
            "reason_pushes": [
                [float(d) for d, j in zip(moved, row, strict=True) if j >= 0]
                for moved, row in zip(reasons.difference, reasons.feature, strict=True)
            ],
            "model_version": [version] * n,
        },
        schema_overrides={
            "reasons_en": pl.List(pl.String), "reasons_zh": pl.List(pl.String), "reason_features": pl.List(pl.String),
            "reason_pushes": pl.List(pl.Float64),
        },
    )  # fmt: skip
    samples = _samples(decisions, part, reasons, features.columns, values, typical, words, key)
    return Decided(scores, decisions, samples)


def _samples(
    decisions: pl.DataFrame, part: NDArray[Any], reasons: Reasons, names: list[str], values: NDArray[np.float64],
    typical: NDArray[np.float64], words: dict[str, list[str]], key: str,
) -> list[dict[str, Any]]:  # fmt: skip
    """The applicant in the middle of each kind of decision, out of time where there are any."""
    decision = decisions["decision"].to_numpy()
    p = decisions["probability"].to_numpy()
    shown_parts = part == "out_of_time"
    out = []
    for kind in ("approve", "refer", "decline"):
        rows = np.flatnonzero((decision == kind) & shown_parts)
        if len(rows) == 0:
            continue
        row = int(rows[np.argsort(p[rows], kind="stable")[len(rows) // 2]])
        told = [
            {
                "feature": names[j],
                "words": {lang: words[lang][j] for lang in LANGUAGES},
                "value": shown(values[row, j]),
                "contribution": float(reasons.difference[row, k]),
                "typical": shown(typical[j]),
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
                "reasons": told,
            }
        )
    return out
