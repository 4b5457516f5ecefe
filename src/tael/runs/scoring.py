"""Scoring with a bundle: the same formulas, the same model, the same policy, in bulk or one by one."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from tael.engine import Engine
from tael.errors import RunError, did_you_mean
from tael.observations import Observations, observe
from tael.observations.observe import CUTOFF
from tael.runs.bundle import Bundle
from tael.runs.decided import decided_rows
from tael.runs.deciding import deciding_of
from tael.runs.folder import cannot_write
from tael.runs.promise import hold, promise_of
from tael.tables.frames import Tables
from tael.tables.violations import raise_on_errors


def score(
    bundle: Bundle, tables: Tables, X: Any = None, *, ids: list[str] | None = None, n_jobs: int = 2
) -> pl.DataFrame:
    """Score and decide observations.

    Parameters
    ----------
    bundle : Bundle
    tables : Tables
        As they are known at scoring.
    X : frame, optional
        Key and cutoff (column ``cutoff``); left out: the plan's observations of these tables.
    ids : list of str, optional
        Only these keys.

    Returns
    -------
    polars.DataFrame
        As ``decisions.parquet`` of a run, with the split ``scored``. The batch is decided together (segment caps).

    Raises
    ------
    FormulaError
        If the tables lack a column that a formula names.
    RunError
        If an id is not among the observations, or the tables promise otherwise than at training.
    """
    from tael.tables.contract import check

    raise_on_errors(check(tables))
    plan = bundle.plan
    engine = Engine.shared(tables, plan.observations.entity, key=bundle.formulas.key, cutoff=CUTOFF, n_threads=n_jobs)
    deciding = deciding_of(plan)
    own = deciding.own(engine, bundle.outputs)
    hold(bundle.promise, promise_of(engine, [*bundle.formulas.formulas, *deciding.formulas()], own))
    seen = _observed(bundle, tables, engine, X)
    if ids is not None:
        seen = _only(seen, ids)
    terms = deciding.terms(engine, seen.frame, compare=False)
    features = bundle.features(tables, seen.frame, n_threads=n_jobs)
    part = np.full(len(seen), "scored", dtype=object)
    rows = decided_rows(
        deciding, bundle.policy, bundle.fitted, terms, seen, features, bundle.fitted.outputs(features), part,
        bundle.baseline, dict(bundle.words), bundle.version, bundle.formulas.measures(tables.schema),
    )  # fmt: skip
    return rows.decisions


def _observed(bundle: Bundle, tables: Tables, engine: Engine, X: Any) -> Observations:
    if X is None:
        # whoever was left out of the sample for want of an outcome is scored all the same
        everyone = bundle.plan.observations.model_copy(update={"exclude": {}, "weight": None})
        return observe(tables, everyone, engine=engine)
    from tael.engine.observed import to_polars

    frame = to_polars(X, engine.key, CUTOFF)
    label = np.full(frame.height, np.nan)
    end = tables.end
    if end is None:
        raise RunError("The tables have no time.", expected="a time column in some table", fix="Mend tables.toml.")
    return Observations(frame, label, None, engine.key, end)


def _only(seen: Observations, ids: list[str]) -> Observations:
    keys = seen.frame[seen.key].cast(pl.String)
    known = set(keys.to_list())
    absent = [one for one in ids if one not in known]
    if absent:
        raise RunError(
            "An id is not among the observations.",
            expected=f"a value of {seen.key}",
            got=", ".join(absent[:5]),
            fix=did_you_mean(absent[0], list(known)[:5000]),
        )
    keep = keys.is_in(ids)
    rows = keep.to_numpy()
    return Observations(seen.frame.filter(keep), seen.label[rows], None, seen.key, seen.data_end)


def new_table(path: str | Path) -> Path:
    """The path of a table that may be written: not there yet, and of a kind that is known.

    Raises
    ------
    RunError
    """
    path = Path(path)
    if path.exists():
        raise RunError(
            "The file exists.",
            expected="a new file",
            got=str(path),
            fix="Name another one: nothing is written over.",
        )
    if path.suffix not in (".parquet", ".csv"):
        raise RunError(
            "The kind of file is not known.", expected=".parquet or .csv", got=path.name, fix="Change the suffix."
        )
    return path


def write_table(frame: pl.DataFrame, path: str | Path) -> Path:
    """Write Parquet or CSV (by suffix) whole or not at all; refuses to write over a file.

    Raises
    ------
    RunError
        If the file exists, its suffix is neither, or it cannot be written.
    """
    path = new_table(path)
    draft = path.with_name(f".tael-{secrets.token_hex(4)}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".parquet":
            frame.write_parquet(draft)
        else:
            lists = [name for name, kind in frame.schema.items() if isinstance(kind, pl.List)]
            frame.with_columns(pl.col(lists).cast(pl.List(pl.String)).list.join("; ")).write_csv(draft)
        with draft.open("rb") as handle:
            os.fsync(handle.fileno())
        os.link(draft, path)  # fails, rather than writing over, if the file came into being meanwhile
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
    return path
