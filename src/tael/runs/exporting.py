"""A run's features for other engines: one SQL statement that gives the same numbers."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from tael.engine import Engine
from tael.errors import RunError
from tael.formulas.sql import to_sql
from tael.observations.observe import CUTOFF
from tael.runs.bundle import load_bundle
from tael.runs.folder import cannot_write
from tael.runs.promise import hold, promise_of
from tael.tables.frames import Tables


def export_sql(run: str | Path, tables: Tables, *, to: str = "sql", dialect: str = "duckdb") -> str:
    """The kept formulas of a run as SQL over its tables.

    Parameters
    ----------
    run : path
        A run folder.
    tables : Tables
        For the types of the columns; they must promise what those of the training promised.
    to : {"sql"}
    dialect : {"duckdb", "postgres", "spark"}

    Returns
    -------
    str
        One SELECT over a table or view ``observations`` with the key, the cutoff and the observations' own columns.

    Raises
    ------
    RunError
        If the form is unknown, or the tables promise otherwise.
    FormulaError
        If a formula cannot be said in the dialect.
    """
    if to != "sql":
        raise RunError("The form of the export is not known.", expected="sql", got=to, fix="Write --to sql.")
    bundle = load_bundle(run)
    formulas = bundle.formulas
    engine = Engine.shared(tables, formulas.entity, key=formulas.key, cutoff=CUTOFF)
    # the bundle promises for the decision's terms too, which are not exported
    mine = promise_of(engine, formulas.formulas)
    hold({where: promise for where, promise in bundle.promise.items() if where in mine}, mine)
    return to_sql(
        formulas.formulas, formulas.names, tables.schema, formulas.entity, key=formulas.key, cutoff=CUTOFF,
        own=dict(formulas.own), dialect=dialect, fitted=formulas.fitted,
    )  # fmt: skip


def write_text(text: str, path: str | Path, suffix: str) -> Path:
    """Write a text file whole or not at all; refuses to write over a file.

    Raises
    ------
    RunError
        If the file exists, has another suffix, or cannot be written.
    """
    path = Path(path)
    if path.suffix != suffix:
        raise RunError("The kind of file is not known.", expected=suffix, got=path.name, fix="Change the suffix.")
    if path.exists():
        raise RunError("The file exists.", got=str(path), fix="Name another one: nothing is written over.")
    draft = path.with_name(f".tael-{secrets.token_hex(4)}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(text, encoding="utf-8")
        os.link(draft, path)  # fails, rather than writing over, if the file came into being meanwhile
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        draft.unlink(missing_ok=True)
    return path
