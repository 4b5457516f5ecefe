"""The model bundle: formulas, model, policy, and a manifest that says what they must hash to and must answer.

Nothing in it is code. Loading checks the hashes, reads the weights in formats that carry no code, then replays the
golden rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.decisions import decision_from_dict
from tael.errors import RunError
from tael.features.formula_set import FormulaSet
from tael.models import load_model, save_model
from tael.runs.folder import read_json, write_json
from tael.runs.plan import Plan
from tael.runs.promise import Promise
from tael.runs.reasons import Baseline
from tael.runs.sealing import environment, exact, opened, read_exact, seal, told_of
from tael.runs.tasks import Fitted, task_of
from tael.tables.frames import Tables

FORMAT = 2
GOLDEN = 20


@dataclass(frozen=True)
class Bundle:
    """Everything needed to score and decide.

    Attributes
    ----------
    plan : Plan
    formulas : FormulaSet
    fitted : Fitted
        The model, as the plan's kind of task uses it.
    policy : Decision
    baseline : Baseline
        Mean contributions and median values of those against whom reasons are told.
    version : str
        The first letters of the hash of everything in the bundle.
    words : dict of language to list of str
        The formulas in words.
    promise : dict
        What the tables of the training promised; see :mod:`tael.runs.promise`.
    outputs : tuple of str
        Names of what the model tells.
    """

    plan: Plan
    formulas: FormulaSet
    fitted: Fitted
    policy: Any
    baseline: Baseline
    version: str
    words: Mapping[str, list[str]]
    promise: Promise
    outputs: tuple[str, ...]

    def features(self, tables: Tables, X: Any, *, n_threads: int = 1) -> pl.DataFrame:
        """The wide table for observations."""
        return pl.DataFrame(
            self.formulas.compute(tables, X, n_threads=n_threads), schema=list(self.formulas.names), orient="row"
        )

    def probability(self, features: pl.DataFrame) -> NDArray[np.float64]:
        """The probability that decisions rest on, shape (n,)."""
        return self.fitted.outputs(features)["p"]


def save_bundle(
    folder: Path, *, plan: Plan, formulas: FormulaSet, fitted: Fitted, policy: Any, baseline: Baseline,
    words: Mapping[str, list[str]], features: pl.DataFrame, promise: Promise,
) -> str:  # fmt: skip
    """Write a bundle.

    Parameters
    ----------
    folder : Path
        Must not exist.
    features : polars.DataFrame
        Rows of the wide table; some become the golden rows.
    promise : dict
        What the formulas rest on.

    Returns
    -------
    str
        The model version.
    """
    folder.mkdir(parents=True)
    model = fitted.model
    if "n_jobs" in model.get_params(deep=False):
        # with how many threads it was fitted is no part of what it is, and must not enter its version
        model = copy(model).set_params(n_jobs=1)
    save_model(model, folder / "weights")
    write_json(folder / "formulas.json", formulas.to_dict())
    write_json(folder / "words.json", words)
    write_json(folder / "promise.json", promise)
    write_json(folder / "plan.json", plan.to_dict())
    write_json(folder / "policy.json", policy.to_dict())
    write_json(
        folder / "reasons.json",
        {"scores": {name: exact(mean) for name, mean in baseline.scores.items()}, "typical": exact(baseline.typical)},
    )
    rows = np.unique(np.linspace(0, features.height - 1, min(GOLDEN, features.height)).astype(int))
    golden = features[rows]
    told = {name: exact(values) for name, values in fitted.outputs(golden).items()}
    write_json(
        folder / "golden.json",
        {
            "features": [exact(row) for row in golden.to_numpy()],
            "outputs": told,
        },
    )
    return seal(folder, FORMAT)


def load_bundle(folder: str | Path) -> Bundle:
    """Read a bundle, or the bundle of a run folder.

    Raises
    ------
    RunError
        If a file was altered, is absent or superfluous, or the golden rows are answered differently.
    """
    folder, manifest = opened(folder, FORMAT)
    formulas = FormulaSet.from_dict(read_json(folder / "formulas.json"))
    plan = Plan.from_dict(read_json(folder / "plan.json"), where=str(folder / "plan.json"))
    fitted = task_of(plan).restore(load_model(folder / "weights"))
    reasons = read_json(folder / "reasons.json")
    golden = read_json(folder / "golden.json")
    bundle = Bundle(
        plan=plan,
        formulas=formulas,
        fitted=fitted,
        policy=decision_from_dict(read_json(folder / "policy.json")),
        baseline=Baseline(
            {name: read_exact(mean) for name, mean in reasons["scores"].items()}, read_exact(reasons["typical"])
        ),
        version=manifest["version"],
        words=read_json(folder / "words.json"),
        promise=read_json(folder / "promise.json"),
        outputs=tuple(golden["outputs"]),
    )
    table = pl.DataFrame(
        np.array([read_exact(row) for row in golden["features"]]), schema=list(formulas.names), orient="row"
    )
    answered = fitted.outputs(table)
    for name, texts in golden["outputs"].items():
        expected, here = read_exact(texts), answered.get(name, np.full(len(texts), np.nan))
        if np.array_equal(here, expected):
            continue
        row = int(np.flatnonzero(here != expected)[0])
        raise RunError(
            "The bundle answers its golden rows differently here.",
            expected=f"{expected[row]!r} for {name} of golden row {row}",
            got=f"{here[row]!r}",
            where=f"{folder}, written with {told_of(manifest)}; here {told_of(environment())}",
            fix="Install the libraries that the manifest names, or train again.",
        )
    return bundle
