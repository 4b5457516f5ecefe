"""`tael.fit`: one table in; its task found, a model fitted and judged, the rows without a label predicted."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from tael.errors import ModelError, RunError, did_you_mean
from tael.runs.single.kept import TableModel, next_to, save_table_model
from tael.runs.single.learned import Learned, learn
from tael.runs.single.table import TASKS, SingleTable, Task, read_single, task_of
from tael.validation.verdict_table import Finding

MOST = 5_000
"""Rows that segments are sought in."""
SUBSTANTIAL = 0.25
"""Silhouette below which no structure stands out (Kaufman, Rousseeuw 1990, Finding Groups in Data, table 4)."""


@dataclass(frozen=True)
class FitResult:
    """What `fit` found.

    Parameters
    ----------
    task : {"regression", "classification", "clustering"}
    figures : dict
        By split (train, validation, out_of_time: the test, whatever its kind), measures by name; else ``all``.
    verdicts : list of Finding
        Most serious first: ``code``, ``level``, ``text(lang)``, ``what_to_do(lang)``.
    model : estimator
        Of columns and estimator together (`predict` prepares a table for it).
    table : SingleTable
    classes : list
        Of a classification, in the order of the probabilities.
    threshold : float or None
        Of two classes: from this probability the second is predicted.
    content : dict
        What the report is made from.
    predictions : polars.DataFrame
        Rows whose label was empty, with what is foretold; of a clustering, all rows with their segment.
    report_path : Path or None
        Where ``out`` was given.
    unsaved : str
        Why the folder holds no model; empty where it does.
    """

    task: Task
    figures: dict[str, Any]
    verdicts: list[Finding]
    model: Any
    table: SingleTable
    classes: list[Any]
    threshold: float | None
    content: dict[str, Any]
    predictions: pl.DataFrame = field(default_factory=pl.DataFrame)
    report_path: Path | None = None
    unsaved: str = ""

    @property
    def kept(self) -> TableModel:
        """What a row needs to be foretold, and what is saved."""
        return TableModel(self.task, self.table, self.model, self.classes, self.threshold)

    def predict(self, source: Any) -> pl.DataFrame:
        """Foretell other rows of the same columns.

        Parameters
        ----------
        source : str, Path or pandas, polars or pyarrow frame
            Written as the first table was; the label need not be there.

        Returns
        -------
        polars.DataFrame
            ``prediction`` (and ``probability``, or one ``p(class)`` each), or ``segment``; one row for each.

        Raises
        ------
        TablesError
            If a column is missing, or holds values of another kind.
        """
        return self.kept.predict(source)

    def save(self, folder: str | Path) -> Path:
        """Save the model without pickle; `tael.runs.single.load_fit` reads it, and ``tael score`` uses it.

        Parameters
        ----------
        folder : str or Path
            Must not exist.

        Returns
        -------
        Path

        Raises
        ------
        ModelError
            If the estimator is of a kind that cannot be written as data.
        """
        save_table_model(self.kept, Path(folder))
        return Path(folder)

    def write_report(self, path: str | Path, lang: str = "en") -> Path:
        """Write the page: one HTML file that loads nothing.

        Parameters
        ----------
        path : str or Path
        lang : {"en", "zh"}

        Returns
        -------
        Path
        """
        from tael.reports import write_report

        return write_report(self.content, path, lang, overwrite=True)


def fit(
    table: Any,
    label: str | None = None,
    *,
    task: Task | None = None,
    model: Any = None,
    time: str | None = None,
    seed: int = 0,
    out: str | Path | None = None,
    parameters: Mapping[str, Any] | None = None,
    ignore: Sequence[str] = (),
    keep: Sequence[str] = (),
    encoding: str | None = None,
    keep_totals: bool = False,
) -> FitResult:
    """Fit one table: the task is found from the label, rows without a label are predicted.

    Parameters
    ----------
    table : str, Path or frame
        A CSV (UTF-8, UTF-16, GB18030, Windows-1252) or Parquet file, or a pandas, polars or pyarrow frame.
    label : str, optional
        The column to foretell. Without one the rows are put into segments.
    task : {"regression", "classification", "clustering"}, optional
        In place of what the label suggests.
    model : str or estimator, optional
        Any scikit-learn estimator, or its name: ``"sklearn.ensemble.RandomForestClassifier"``
        (`tael.models.estimators.build`). Left out: tael's portfolio for two classes, a gradient booster for others.
    time : str, optional
        The column that orders the rows; found where the table has one. The latest quarter is then the test.
    seed : int
    out : str or Path, optional
        A new folder for report.html, report.zh.html, fit.json, predictions.csv, and the model.
    parameters : mapping, optional
        Of a model that is named; one that is an estimator itself is a table of ``estimator`` and ``parameters``.
    ignore : sequence of str
        Columns that the model may not look at, such as those known only after the label.
    keep : sequence of str
        Columns that it may look at although they would be left out: of an outcome's name but known before, for example.
    encoding : str, optional
        Of the file, where its bytes leave that in doubt: ``windows-1252``, for example.
    keep_totals : bool
        Rows called 合计 or Total that look like totals of the others are left out, and told; with this they are rows.

    Returns
    -------
    FitResult

    Raises
    ------
    TaelError
        If the table cannot be read or learned from; the message says what to do.

    Examples
    --------
    >>> import polars as pl
    >>> x = [float(k % 37) for k in range(200)]
    >>> rows = pl.DataFrame({"x": x, "z": [float(k % 5) for k in range(200)], "y": [2 * v + 1 for v in x]})
    >>> result = fit(rows, "y", model="sklearn.linear_model.LinearRegression")
    >>> result.task, round(result.figures["out_of_time"]["r2"], 6)
    ('regression', 1.0)
    >>> result.predict(pl.DataFrame({"x": [3.0], "z": [0.0]}))["prediction"].round(6).to_list()
    [7.0]
    """
    if task is not None and task not in TASKS:
        raise RunError(
            "There is no such task.", expected=", ".join(TASKS), got=str(task), fix=did_you_mean(str(task), TASKS)
        )
    folder = None if out is None else _new(Path(out))
    read = read_single(table, label, time, tuple(ignore), tuple(keep), encoding, keep_totals=keep_totals)
    if read.label is None or task == "clustering":
        if task in ("regression", "classification"):
            raise RunError(
                f"A {task} needs a label.", expected="the column to foretell", got="none", fix="Name it: label=..."
            )
        made = _segments(read, seed)
    else:
        made = _supervised(read, task, model, seed, parameters)
    return made if folder is None else _written(made, folder)


def _supervised(read: SingleTable, task: Task | None, model: Any, seed: int, parameters: Any) -> FitResult:
    name = str(read.label)
    column = read.frame[name]
    missing = column.is_null() | (
        column.is_nan() if column.dtype.is_float() else pl.repeat(False, column.len(), eager=True)
    )
    known, empty = read.frame.filter(~missing), read.frame.filter(missing)
    if known.height == 0:
        raise RunError(
            "No row has a label.", expected="rows to learn from", got="an empty column", where=f"column {name}"
        )
    found = task or task_of(known[name])
    if found == "classification" and column.dtype.is_float() and bool((known[name] == known[name].round()).all()):
        known = known.with_columns(pl.col(name).cast(pl.Int64))  # classes are called 0 and 1, not 0.0 and 1.0
    learned = learn(read, known, found, model, seed, parameters)
    result = FitResult(
        found, learned.figures, learned.verdicts, learned.model, read, learned.classes, learned.threshold,
        _content(read, found, learned, known.height, empty.height, seed),
    )  # fmt: skip
    given = read.given.filter(missing)
    told = next_to(read, given, result.kept.told(empty)) if empty.height else pl.DataFrame()
    return _with(result, predictions=told)


def _segments(read: SingleTable, seed: int) -> FitResult:
    from tael.models import Segments

    frame = read.frame.select(read.numbers + read.categories)
    if frame.height < 20:
        raise RunError("There are too few rows for segments.", expected="at least 20", got=str(frame.height))
    some = frame.sample(min(MOST, frame.height), seed=seed)
    model = Segments(random_state=seed).fit(some)
    figures = {"all": {"n": frame.height, "segments": model.n_segments_}}
    content = _content(read, "clustering", None, frame.height, 0, seed)
    result = FitResult("clustering", figures, [], model, read, [], None, content)
    told = result.kept.told(frame)
    rows = dict(told["segment"].value_counts().iter_rows())
    quality = next((one.quality for one in model.choices_ if one.k == model.n_segments_), 0.0)
    weak = {
        "en": f"A silhouette below {SUBSTANTIAL} speaks of no clear groups: a convenient cut, not a finding.",
        "zh": f"轮廓系数低于 {SUBSTANTIAL}，并无清晰的客群：可作方便的划分，不是发现。",
    }
    content["fit"] |= {
        "segments": [
            {
                "segment": en["segment"],
                "rows": rows.get(en["segment"], 0),
                "share": rows.get(en["segment"], 0) / frame.height,
                **{
                    name: {"en": _said(en[name], read), "zh": _said(zh[name], read)} for name in ("rule", "differences")
                },
            }
            for en, zh in zip(*(model.table(lang).to_dicts() for lang in ("en", "zh")), strict=True)
        ],
        "why": {lang: " ".join([model.why(lang), *([weak[lang]] if quality < SUBSTANTIAL else [])]) for lang in weak},
        "figures": figures,
        "sample": some.height if some.height < frame.height else None,
        "choices": [
            {"k": one.k, "quality": one.quality, "stability": one.stability, "smallest": one.smallest}
            for one in model.choices_
        ],
    }
    return _with(result, predictions=next_to(read, read.given, told))


def _said(words: Any, read: SingleTable) -> str:
    """Words about columns, under their headers."""
    text = "; ".join(words) if isinstance(words, list) else str(words)
    for name in sorted(read.numbers + read.categories, key=len, reverse=True):
        if (shown := read.shown(name)) != name:
            text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", shown.replace("\\", r"\\"), text)
    return text


def _content(read: SingleTable, task: Task, learned: Learned | None, n: int, empty: int, seed: int) -> dict[str, Any]:
    from tael import __version__

    label = None if read.label is None else read.shown(read.label)
    title = {"en": f"Fit of {label}", "zh": f"拟合 {label}"}
    if read.label is None:
        title = {"en": "Segments of a table", "zh": "单表分群"}
    told: dict[str, Any] = {
        "task": task, "label": label, "rows": n, "unlabelled": empty,
        "time": None if read.time is None else read.shown(read.time),
        "numbers": list(read.numbers), "categories": list(read.categories), "missing": list(read.blank_words),
        "told": [{"en": en, "zh": zh} for en, zh in read.told],
        "repeated": read.repeated, "joined": {read.shown(name): one for name, one in read.joined.items()},
        "ignored": [{"name": read.shown(k), "why": {"en": v[0], "zh": v[1]}} for k, v in read.ignored.items()],
    }  # fmt: skip
    if learned is not None:
        told |= {
            "kind": learned.parts.kind,
            "classes": [str(c) for c in learned.classes],
            "model": type(learned.model[-1]).__name__,
            "figures": learned.figures,
            "intervals": learned.pictures.pop("intervals"),
            "pictures": learned.pictures,
            "verdicts": [one.to_dict() for one in learned.verdicts],
        }
    return {
        "format": 1, "shape": "table", "seed": seed, "tael": {"version": __version__},
        "scenario": {"name": "tael fit", "title": title}, "fit": told,
    }  # fmt: skip


def _with(result: FitResult, **changed: Any) -> FitResult:
    from dataclasses import replace

    return replace(result, **changed)


def _new(folder: Path) -> Path:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise RunError(
            "There is something already.", expected="a new or empty folder", got=str(folder), fix="Choose another."
        )
    return folder


def _written(result: FitResult, folder: Path) -> FitResult:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(result.content, ensure_ascii=False, indent=1, default=str)
        (folder / "fit.json").write_text(text, encoding="utf-8")
        if result.predictions.height:
            # with its mark, or spreadsheets take UTF-8 for something else
            result.predictions.write_csv(folder / "predictions.csv", include_bom=True)
        for lang in ("en", "zh"):
            path = result.write_report(folder / ("report.html" if lang == "en" else "report.zh.html"), lang)
        unsaved = _saved(result, folder / "model")
    except OSError as error:
        raise RunError("The folder cannot be written.", got=str(error), where=str(folder)) from error
    return _with(result, report_path=path.with_name("report.html"), unsaved=unsaved)


def _saved(result: FitResult, folder: Path) -> str:
    """Save the model; what cannot be written as data is told, and is no fault of the fit."""
    try:
        result.save(folder)
    except ModelError as error:
        return str(error)
    return ""
