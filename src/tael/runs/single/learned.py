"""A supervised model of a single table: fitted on the training rows, measured on all three parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from tael.errors import RunError
from tael.models.estimators import told
from tael.runs.single.along import along
from tael.runs.single.curves import learning_curve, validation_curve
from tael.runs.single.giving_away import Rows, alone, named, noted
from tael.runs.single.inside import explained
from tael.runs.single.measuring import SPLIT, binary, regression, several
from tael.runs.single.models import estimator_of, whole
from tael.runs.single.splitting import Parts, divide
from tael.runs.single.table import SingleTable, Task, classes_of
from tael.validation import evaluate
from tael.validation.verdict_table import Finding, calmer

RAREST = 10
"""Rows that a class needs: fewer cannot be learned from, tuned on and judged by."""


@dataclass(frozen=True)
class Learned:
    """What came of the fit.

    Parameters
    ----------
    model : pipeline
    classes : list
        Empty for a number; of two, the second is the one that probabilities are of.
    parts : Parts
    figures, pictures : dict
    verdicts : list of Finding
    threshold : float or None
    """

    model: Any
    classes: list[Any]
    parts: Parts
    figures: dict[str, Any]
    pictures: dict[str, Any]
    verdicts: list[Finding]
    threshold: float | None


def learn(
    table: SingleTable, known: pl.DataFrame, task: Task, model: Any, seed: int, parameters: Mapping[str, Any] | None
) -> Learned:
    """Fit and measure.

    Parameters
    ----------
    table : SingleTable
    known : polars.DataFrame
        Its rows whose label is there.
    task : {"regression", "classification"}
    model : None, str or estimator
    seed : int
    parameters : mapping or None

    Returns
    -------
    Learned

    Raises
    ------
    RunError
        If the label cannot be learned: one value, a class with next to no rows, text for a number.
    """
    label = known[str(table.label)]
    classes = _classes(label) if task == "classification" else []
    y = _numbers(label, classes, str(table.label))
    times = known[table.time] if table.time else None
    parts = divide(y, times, classes=bool(classes), seed=seed)
    frame = known.select(table.numbers + table.categories)
    pipe = whole(table, estimator_of(model, task, len(classes), seed, parameters, len(y)))
    rows = {split: parts.rows(code) for code, split in enumerate(SPLIT)}
    if classes and len(np.unique(y[rows["train"]])) < len(classes):
        raise RunError(
            "A class does not come among the rows to learn from.", expected="every class in the earliest half of time",
            got=", ".join(str(c) for k, c in enumerate(classes) if k not in y[rows["train"]]),
            where=f"column {table.label}", fix="Bring earlier rows of that class, or leave that class out.",
        )  # fmt: skip
    train, held = ((frame[rows[s]], y[rows[s]]) for s in ("train", "validation"))
    with told(type(pipe[-1]).__name__):
        pipe.fit(*train)
    foretold = {s: (y[at], _predicted(pipe, frame[at], len(classes))) for s, at in rows.items()}
    measure: Any = binary if len(classes) == 2 else regression
    found = several(foretold, len(classes), parts.kind) if len(classes) > 2 else measure(foretold, parts.kind)
    figures, pictures, verdicts = found
    columns = pipe[0]
    if len(classes) == 2:
        area = min(figures[split]["roc_auc"] for split in ("validation", "out_of_time"))
        if model is None:
            plain = _plain(table, train, {s: (frame[rows[s]], y[rows[s]]) for s in ("validation", "out_of_time")})
            verdicts = calmer(verdicts, figures["validation"]["roc_auc"], plain["validation"])
            pictures["plain"] = plain
        areas = alone(table.numbers, table.categories, train, held)
        verdicts = named(verdicts, areas, table.shown, area, noted(frame, y, areas, seed))
    pictures["learning"] = learning_curve(pipe, train, held, len(classes), seed)
    pictures["setting"] = validation_curve(pipe, train, held, len(classes), seed)
    pictures |= explained(pipe, columns.names(table.shown), train, held, len(classes), seed)
    pictures["columns"] = along(table, train, classes)
    return Learned(pipe, classes, parts, figures, pictures, verdicts, pictures.get("threshold"))


def _plain(table: SingleTable, train: Rows, held: Mapping[str, Rows]) -> dict[str, float]:
    """AUC of a logistic regression on the same rows, beside which the table's own model stands."""
    from sklearn.linear_model import LogisticRegression

    pipe = whole(table, LogisticRegression(max_iter=1000)).fit(*train)
    return {
        split: evaluate(y, pipe.predict_proba(X)[:, 1], metrics=["roc_auc"], n_boot=0)["roc_auc"].value
        for split, (X, y) in held.items()
    }


def _classes(label: pl.Series) -> list[Any]:
    classes = list(classes_of(label))
    where = f"column {label.name}"
    if len(classes) < 2:
        raise RunError(
            "The label says the same of every row: there is nothing to learn.", expected="two values or more",
            got=str(classes[0]), where=where,
            fix="Look at the column; rows without a label are predicted, not learned from.",
        )  # fmt: skip
    if len(classes) > 50:
        raise RunError(
            "The label has too many different values for classes.", expected="at most 50", got=str(len(classes)),
            where=where, fix="Numbers written as text? Clean the column; or take another label.",
        )  # fmt: skip
    few = {str(c): n for c in classes if (n := int((label == c).sum())) < RAREST}
    if few:
        raise RunError(
            "A class has too few rows.", expected=f"at least {RAREST} of each",
            got=", ".join(f"{c}: {n}" for c, n in few.items()), where=where,
            fix="Join rare classes, or leave their rows out.",
        )  # fmt: skip
    return classes


def _numbers(label: pl.Series, classes: list[Any], name: str) -> Any:
    if classes:
        code = {value: float(k) for k, value in enumerate(classes)}
        return np.array([code[value] for value in label.to_list()])
    if not label.dtype.is_numeric():
        raise RunError("A regression needs numbers.", expected="numbers", got=str(label.dtype), where=f"column {name}")
    y = label.cast(pl.Float64).to_numpy()
    if len(np.unique(y)) < 2:
        raise RunError(
            "The label says the same of every row: there is nothing to learn.", expected="two values or more",
            got=str(y[0]), where=f"column {name}", fix="Look at the column.",
        )  # fmt: skip
    return y


def _predicted(model: Any, frame: pl.DataFrame, n_classes: int) -> Any:
    if not n_classes:
        return np.asarray(model.predict(frame), dtype=np.float64)
    if not hasattr(model, "predict_proba"):
        raise RunError(
            "This estimator tells no probabilities.", expected="predict_proba", got=type(model[-1]).__name__,
            fix="Wrap it in sklearn.calibration.CalibratedClassifierCV, or take another.",
        )  # fmt: skip
    p = np.asarray(model.predict_proba(frame), dtype=np.float64)
    return p[:, 1] if n_classes == 2 else p
