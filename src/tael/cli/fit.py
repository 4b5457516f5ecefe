"""`tael fit`: one table, one call."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tael.cli.lang import Lang, LangOption, language
from tael.cli.show import Stages, say

_TASKS = {"regression": "回归", "classification": "分类", "clustering": "聚类"}
_FIRST = (
    "roc_auc",
    "ks",
    "r2",
    "mae",
    "rmse",
    "balanced_accuracy",
    "accuracy",
    "f1",
    "precision",
    "recall",
    "log_loss",
)


def fit(
    table: Annotated[Path, typer.Argument(help="A CSV or Parquet file.")],
    label: Annotated[str | None, typer.Option(help="Column to foretell (default: none, segments are found).")] = None,
    task: Annotated[str | None, typer.Option(help="regression, classification or clustering (default: found).")] = None,
    model: Annotated[str | None, typer.Option(help="Such as sklearn.ensemble.RandomForestClassifier.")] = None,
    time: Annotated[str | None, typer.Option(help="Column of time (default: the one there is).")] = None,
    ignore: Annotated[list[str] | None, typer.Option(help="A column to leave out; may be repeated.")] = None,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
    out: Annotated[Path | None, typer.Option(help="A new folder for report, figures and predictions.")] = None,
    lang: LangOption = Lang.EN,
) -> None:
    """Fit a single table: task, model, verdict, predictions. 单表建模。"""
    from tael.runs.single import fit as run

    said = language(lang)
    folder = out if out is not None else _free(Path("runs"), f"fit-{label or 'segments'}")
    with Stages(said):
        done: Any = run(
            table, label, task=task, model=model, time=time, seed=seed, out=folder, ignore=ignore or ()  # type: ignore[arg-type]
        )  # fmt: skip
    zh = said == "zh"
    say(f"{_TASKS[done.task] if zh else done.task}{': ' + ' / '.join(map(str, done.classes)) if done.classes else ''}")
    for name, words in done.table.ignored.items():
        say(f"  - {name}: {words[zh]}")
    test = done.figures.get("out_of_time", {})
    for name in _FIRST:
        if name in test:
            say(f"  {name:<20}{test[name]:>12.4g}")
    for verdict in done.verdicts:
        say(f"{verdict.code}  {verdict.text(said)}")
    if done.task != "clustering" and done.predictions.height:
        n = done.predictions.height
        say(f"{n} 行尚无标签，预测见 predictions.csv。" if zh else f"{n} rows have no label yet: see predictions.csv.")
    assert done.report_path is not None
    shown = done.report_path.with_name("report.zh.html") if zh else done.report_path
    say(str(shown if shown.is_file() else done.report_path))


def _free(folder: Path, name: str) -> Path:
    """A name in the folder that is not taken."""
    number, free = 2, folder / name
    while free.exists():
        number, free = number + 1, folder / f"{name}-{number}"
    return free
