"""What is kept of a fit: the model with all that a row needs on its way to it, sealed in a folder without code."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from tael.errors import ModelError, RunError
from tael.models import load_model, save_model
from tael.models.estimator_state import decode, encode
from tael.models.persist import State, register
from tael.runs.folder import read_json, write_json
from tael.runs.sealing import environment, exact, opened, read_exact, seal, told_of
from tael.runs.single.again import Again, Told, read_again, unseen
from tael.runs.single.spelling import respelled
from tael.runs.single.table import SingleTable, Task, days_of
from tael.tables.schema import TableSchema

FORMAT = 200
"""Far from the formats of other bundles: none reads another's."""
GOLDEN = 20


@dataclass(frozen=True)
class TableModel:
    """A model of a single table.

    Parameters
    ----------
    task : {"regression", "classification", "clustering"}
    table : SingleTable
        Its parts and its promise; of its rows nothing is kept on disk.
    model : fitted pipeline
    classes : list
        Of a classification, in the user's own words.
    threshold : float or None
        Of two classes: from this probability the second is predicted.
    """

    task: Task
    table: SingleTable
    model: Any
    classes: list[Any]
    threshold: float | None

    @property
    def n_features_in_(self) -> int:
        """Columns that it looks at."""
        return len(self.table.numbers + self.table.categories)

    def predict(self, source: Any) -> pl.DataFrame:
        """Foretell other rows, as the first table's were read.

        Parameters
        ----------
        source : str, Path or frame
            Of the same columns; the label need not be there.

        Returns
        -------
        polars.DataFrame
            ``prediction`` (and ``probability``, or one ``p(class)`` each), or ``segment``; one row for each, except
            rows of totals in a file.

        Raises
        ------
        TablesError
            If a column is missing, or holds values of another kind.
        """
        return self.told(self.prepared(self._again(source).frame))

    def beside(self, source: Any) -> pl.DataFrame:
        """The same, each row beside the key that names it, under the key's own header.

        A key that the source does not bring is left out; names that the table has for itself get a ``tael_`` before.

        Parameters
        ----------
        source : str, Path or frame

        Returns
        -------
        polars.DataFrame
        """
        return self.scored(source)[0]

    def scored(
        self, source: Any, encoding: str | None = None, *, keep_totals: bool = False
    ) -> tuple[pl.DataFrame, Told]:
        """The same, with what reading had to decide, in English and Chinese: cells read as missing, unknown values.

        Parameters
        ----------
        source : str, Path or frame
        encoding : str, optional
            Of the file, where its bytes leave that in doubt.
        keep_totals : bool
            Whether rows of totals are rows like others; what was said at the fit holds anyway.

        Returns
        -------
        polars.DataFrame
        tuple of (str, str)
        """
        again = self._again(source, encoding, keys=True, keep_totals=keep_totals)
        rows = again.frame
        keys = [name for name in self.table.keys if name in rows.columns and rows[name].null_count() < rows.height]
        ready = self.prepared(rows)
        told = (*again.told, *unseen(self.table, ready))
        return next_to(self.table, rows.select(keys), self.told(ready)), told

    def _again(
        self, source: Any, encoding: str | None = None, *, keys: bool = False, keep_totals: bool = False
    ) -> Again:
        kept = keep_totals or self.table.keep_totals
        return read_again(source, self._promise(keys=keys), encoding, strict=self.table.stated, keep_totals=kept)

    def _promise(self, *, keys: bool = False) -> TableSchema:
        """What other rows must bring: the columns that are looked at, and the time that days are counted from.

        Keys have the role of a label: they may be absent.
        """
        wanted = [*self.table.numbers, *self.table.categories]
        if self.table.dated and self.table.time is not None:
            wanted.append(self.table.time)
        stated = self.table.promise
        columns = {
            name: stated.columns[name].model_copy(update={"role": "feature", "known_at": None, "to": None})
            for name in dict.fromkeys(wanted)
        }
        for name in self.table.keys if keys else ():
            columns[name] = stated.columns[name].model_copy(update={"role": "label", "known_at": None, "to": None})
        return TableSchema(columns=columns, missing=stated.missing, totals=stated.totals)

    def prepared(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Rows with the columns as they were learned from: times as days, codes as text, words as they are spelled."""
        made = {name: days_of(frame[name], frame, self.table.time) for name in self.table.dated}
        for name in self.table.categories:
            if frame[name].dtype.is_numeric():
                made[name] = frame[name].cast(pl.Int64).cast(pl.String)
            elif name in self.table.words:
                made[name] = respelled(frame[name].cast(pl.String), self.table.words[name])
        return frame.with_columns(**made) if made else frame

    def told(self, rows: pl.DataFrame) -> pl.DataFrame:
        """What is foretold of prepared rows."""
        frame = rows.select(self.table.numbers + self.table.categories)
        if self.task == "clustering":
            return pl.DataFrame({"segment": np.asarray(self.model.predict(frame))})
        if self.task == "regression":
            return pl.DataFrame({"prediction": np.asarray(self.model.predict(frame), dtype=np.float64)})
        p = np.asarray(self.model.predict_proba(frame), dtype=np.float64)
        if len(self.classes) == 2:
            cut = 0.5 if self.threshold is None else self.threshold
            called = [self.classes[int(one)] for one in p[:, 1] >= cut]
            return pl.DataFrame({"prediction": called, "probability": p[:, 1]})
        likeliest: dict[str, Any] = {"prediction": [self.classes[int(k)] for k in p.argmax(axis=1)]}
        return pl.DataFrame(likeliest | {f"p({c})": p[:, k] for k, c in enumerate(self.classes)})


def next_to(table: SingleTable, rows: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """Rows under their headers with what is foretold beside them, under names that the table does not have.

    Days are written as days, whole numbers as whole numbers, and no number with more digits than it was read from.
    """
    if not rows.width:
        return told
    made = {}
    for name in rows.columns:
        column = rows[name]
        if column.dtype.is_temporal() and column.dtype != pl.Date:
            if (column.drop_nulls().dt.truncate("1d") == column.drop_nulls()).all():
                made[name] = column.dt.date()
        elif column.dtype.is_float():
            there = column.drop_nulls()
            whole = bool(((there == there.round()) & (there.abs() < 2**53)).all())
            made[name] = column.cast(pl.Int64) if whole else column.round_sig_figs(15)
    shown = rows.with_columns(**made).rename({name: table.shown(name) for name in rows.columns})
    return shown.hstack(told.rename({n: f"tael_{n}" if n in shown.columns else n for n in told.columns}))


def save_table_model(kept: TableModel, folder: Path) -> str:
    """Write a sealed folder; some of the table's rows become golden rows, which every later use must answer alike.

    Parameters
    ----------
    kept : TableModel
    folder : Path
        Must not exist.

    Returns
    -------
    str
        The version: the first letters of the hash of everything.

    Raises
    ------
    ModelError
        If the estimator cannot be written as data; nothing is left behind.
    """
    state = _state(kept)  # refused before a folder is made
    folder.mkdir(parents=True)
    save_model(replace(kept, model=_Written(state["model"])), folder / "weights")
    frame = kept.table.frame
    rows = frame[np.unique(np.linspace(0, frame.height - 1, min(GOLDEN, frame.height)).astype(int)).tolist()]
    rows = rows.select(kept.table.numbers + kept.table.categories)
    numbers = {n: exact(rows[n].cast(pl.Float64).fill_null(np.nan).to_numpy()) for n in kept.table.numbers}
    texts = {n: rows[n].cast(pl.String).to_list() for n in kept.table.categories}
    write_json(folder / "golden.json", {"numbers": numbers, "categories": texts, "told": _answers(kept, rows)})
    version = seal(folder, FORMAT)
    try:
        load_table_model(folder)
    except (AttributeError, TypeError, ValueError, RunError) as error:
        # What an answer needs was no data, or the copy answers otherwise: nothing is left to be taken for a model.
        shutil.rmtree(folder)
        raise ModelError(
            "This model cannot be saved as data.", expected="a copy that answers alike", got=str(error),
            fix="Take another estimator; tael writes no pickles, since loading one runs code.",
        ) from error  # fmt: skip
    return version


def load_table_model(folder: str | Path) -> TableModel:
    """Read what `save_table_model` wrote, or the one in a fit's folder.

    Returns
    -------
    TableModel

    Raises
    ------
    RunError
        If a file was altered, is absent or superfluous, or the golden rows are answered differently.
    """
    where, manifest = opened(folder, FORMAT)
    kept = load_model(where / "weights")
    golden = read_json(where / "golden.json")
    rows = pl.DataFrame(
        {name: read_exact(values) for name, values in golden["numbers"].items()}
        | {name: pl.Series(values, dtype=pl.String) for name, values in golden["categories"].items()}
    ).with_columns(pl.col(pl.Float64).fill_nan(None))
    if _answers(kept, rows) != golden["told"]:
        raise RunError(
            "The bundle answers its golden rows differently here.", expected="the answers of golden.json",
            where=f"{where}, written with {told_of(manifest)}; here {told_of(environment())}",
            fix="Install the libraries that the manifest names, or train again.",
        )  # fmt: skip
    assert isinstance(kept, TableModel)
    return kept


def _answers(kept: TableModel, rows: pl.DataFrame) -> dict[str, list[str]]:
    told = kept.told(rows)
    return {
        name: exact(told[name].to_numpy()) if told[name].dtype == pl.Float64 else told[name].cast(pl.String).to_list()
        for name in told.columns
    }


@dataclass(frozen=True)
class _Written:
    """A model already written as data, on its way to the file."""

    state: Any


def _state(kept: TableModel) -> State:
    table = kept.table
    return {
        "task": kept.task,
        "classes": list(kept.classes),
        "threshold": kept.threshold,
        "label": table.label,
        "time": table.time,
        "numbers": list(table.numbers),
        "categories": list(table.categories),
        "dated": list(table.dated),
        "headers": [[name, header] for name, header in table.headers.items()],
        "keys": list(table.keys),
        "stated": table.stated,
        "keep_totals": table.keep_totals,
        "words": [[name, [[k, v] for k, v in known.items()]] for name, known in table.words.items()],
        "promise": encode(table.promise.model_dump(mode="json", exclude_defaults=True, exclude_none=True)),
        "model": kept.model.state if isinstance(kept.model, _Written) else encode(kept.model),
    }


def _restored(state: State) -> TableModel:
    promise = TableSchema(**decode(state["promise"]))
    table = SingleTable(
        pl.DataFrame(), state["label"], state["time"], tuple(state["numbers"]), tuple(state["categories"]), {},
        tuple(state["dated"]), {name: header for name, header in state["headers"]}, promise,
        tuple(state["keys"]), {name: dict(known) for name, known in state["words"]},
        stated=state.get("stated", False), keep_totals=state.get("keep_totals", False),
    )  # fmt: skip
    return TableModel(state["task"], table, decode(state["model"]), state["classes"], state["threshold"])


register(TableModel, _state, _restored)
