"""`tael fit`: one table, one call."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from tael.cli.lang import Lang, LangOption, language
from tael.cli.show import Stages, say, say_table
from tael.errors import RunError

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
    label: Annotated[str | None, typer.Option(help="Column to predict (default: none, segments are found).")] = None,
    task: Annotated[str | None, typer.Option(help="regression, classification or clustering (default: found).")] = None,
    model: Annotated[str | None, typer.Option(help="Such as sklearn.ensemble.RandomForestClassifier.")] = None,
    parameters: Annotated[
        list[str] | None, typer.Option("--parameter", help="Of the model: max_depth=4; may be repeated.")
    ] = None,
    time: Annotated[str | None, typer.Option(help="Column of time (default: the one there is).")] = None,
    ignore: Annotated[list[str] | None, typer.Option(help="A column to leave out; may be repeated.")] = None,
    keep: Annotated[
        list[str] | None, typer.Option(help="A column to look at although it was left out; may be repeated.")
    ] = None,
    encoding: Annotated[
        str | None, typer.Option(help="Of the file, such as windows-1252 (default: told by its bytes).")
    ] = None,
    keep_totals: Annotated[
        bool, typer.Option("--keep-totals", help="Rows called Total or 合计 are rows like others.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
    out: Annotated[Path | None, typer.Option(help="A new folder for report, figures and predictions.")] = None,
    lang: LangOption = Lang.EN,
) -> None:
    """Fit a single table: task, model, verdict, predictions. 单表建模。"""
    from tael.reports.catalogue_learning import TEXTS
    from tael.runs.single import fit as run

    said = language(lang)
    folder = out if out is not None else _free(Path("runs"), f"fit-{label or 'segments'}")
    with Stages(said):
        done: Any = run(
            table, label, task=task, model=model, time=time, seed=seed, out=folder,  # type: ignore[arg-type]
            ignore=ignore or (), keep=keep or (), parameters=read_parameters(parameters or ()), encoding=encoding,
            keep_totals=keep_totals,
        )  # fmt: skip
    zh = said == "zh"
    say(f"{_TASKS[done.task] if zh else done.task}{': ' + ' / '.join(map(str, done.classes)) if done.classes else ''}")
    if done.table.ignored:
        say("未使用的列：" if zh else "Columns left out:")
    for name, words in done.table.ignored.items():
        say(f"  - {done.table.shown(name)}: {words[zh]}")
    if words := ", ".join(map(repr, done.table.blank_words)):
        say(f"视为缺失：{words}" if zh else f"Read as missing: {words}")
    lines = _read_so(done, zh)
    for line in lines:
        say(line)
    if not done.table.stated and any("tables.toml" in line for line in lines):
        draft = f"tael infer {table.parent} --write"
        say(
            f"tables.toml 由 {draft} 起草；修改该列后再次拟合"
            if zh
            else f"A tables.toml is drafted by {draft}: correct the column there, and fit again"
        )
    test = done.figures.get("out_of_time", {})
    titled = [[TEXTS[f"fit.{name}"][zh], f"{test[name]:.4g}"] for name in _FIRST if name in test]
    if titled:
        say_table(["未见样本" if zh else "on rows not seen", ""], titled, right=(1,))
    for verdict in done.verdicts:
        say(f"{verdict.code}  {verdict.text(said)}")
        if verdict.severity in ("serious", "warning"):
            say(f"          -> {verdict.what_to_do(said)}")
    if done.task == "clustering":
        head = ["客群", "行数", "占比", "如何识别"] if zh else ["segment", "rows", "share", "told by"]
        rows = [
            [str(one["segment"]), f"{one['rows']:,}", f"{one['share']:.1%}", one["rule"][said]]
            for one in done.content["fit"]["segments"]
        ]
        say_table(head, rows, right=(1, 2))
        say(done.content["fit"]["why"][said])
    if done.task != "clustering" and done.predictions.height:
        n = done.predictions.height
        say(f"{n} 行尚无标签，预测见 predictions.csv。" if zh else f"{n} rows have no label yet: see predictions.csv.")
    if done.unsaved:
        say(f"模型未保存：{done.unsaved}" if zh else f"The model is not saved. {done.unsaved}")
    else:
        again = f"tael score {folder} --tables NEW.csv"
        say(f"为新数据评分：{again}" if zh else f"To score other rows: {again}")
    assert done.report_path is not None
    shown = done.report_path.with_name("report.zh.html") if zh else done.report_path
    say(str(shown if shown.is_file() else done.report_path))


def _read_so(done: Any, zh: bool) -> list[str]:
    """What reading changed: its encoding, odd cells, rows left out, spellings joined."""
    told = [one[zh] for one in done.table.told]
    if n := done.table.repeated:
        told.append(f"重复行未使用：{n:,}" if zh else f"Rows left out that repeat another one, or its key: {n:,}")
    if done.table.time is not None and done.content["fit"].get("kind") == "out_of_time":
        name, n = done.table.shown(done.table.time), done.table.given[done.table.time].null_count()
        told.append(
            f"按 {name} 排序：最早的一半训练，最晚的四分之一测试"
            if zh
            else f"Ordered by {name}: the earliest half trains, the latest quarter tests"
        )
        if n:
            told.append(
                f"{n:,} 行没有 {name}：只参与训练"
                if zh
                else f"{n:,} {'row has' if n == 1 else 'rows have'} no {name}: they train, and judge nothing"
            )
    for name, joined in done.table.joined.items():
        by_word: dict[str, list[str]] = {}
        for old, new in joined.items():
            by_word.setdefault(new, []).append(repr(old))
        words = "; ".join(f"{', '.join(old)} = {new!r}" for new, old in list(by_word.items())[:4])
        told.append(
            f"写法合并（{done.table.shown(name)}）：{words}"
            if zh
            else f"Spellings of {done.table.shown(name)}: {words}"
        )
    return told


def holds_a_fit(folder: Path) -> bool:
    """Whether a folder is one that `tael fit` left with a model."""
    from tael.runs.folder import read_json
    from tael.runs.single.kept import FORMAT

    page = folder / "model" / "manifest.json"
    page = page if page.is_file() else folder / "manifest.json"
    if not page.is_file():
        return False
    content = read_json(page)
    return isinstance(content, dict) and content.get("format") == FORMAT


def score_rows(
    folder: Path,
    table: Path,
    out: Path | None,
    keys: list[str],
    lang: str,
    encoding: str | None = None,
    *,
    keep_totals: bool = False,
) -> None:
    """Foretell the rows of a file, say how it was read, and write them or show the first, each beside its key.

    Raises
    ------
    RunError
        If rows are asked for by a key that the table does not have, or that none of them has.
    """
    import polars as pl

    from tael.runs.scoring import write_table
    from tael.runs.single import load_fit
    from tael.tables.personal import shown

    model, zh = load_fit(folder), lang == "zh"
    told, notes = model.scored(table, encoding, keep_totals=keep_totals)
    for note in notes:
        say(note[zh])
    if keys:
        names = [name for name in map(model.table.shown, model.table.keys) if name in told.columns]
        if not names:
            raise RunError(
                "These rows have no key by which they could be asked for.", got=", ".join(keys), where=str(table),
                fix="Leave --id out, or bring the column that names the rows.",
            )  # fmt: skip
        told = told.filter(pl.any_horizontal(pl.col(name).cast(pl.String).is_in(keys) for name in names))
        if not told.height:
            raise RunError(
                "No row has such a key.",
                expected=f"values of {' or '.join(names)}",
                got=", ".join(keys),
                where=str(table),
            )
    if model.threshold is not None:
        cut = f"{model.threshold:.4f}"
        say(
            f"概率达到 {cut} 判为 {model.classes[1]}"
            if zh
            else f"From a probability of {cut} a row is called {model.classes[1]}"
        )
    if out is not None:
        say(f"{told.height:,} -> {write_table(told, out)}")
        return
    head = ["行" if zh else "row", *told.columns]
    # A terminal is no place for identity numbers; a file that was asked for holds them whole.
    rows = [
        [
            str(k + 1),
            *(f"{v:.4f}" if isinstance(v, float) else shown(str(v), c) for c, v in zip(told.columns, row, strict=True)),
        ]
        for k, row in enumerate(told.head(20).iter_rows())
    ]
    say_table(head, rows)
    if told.height > 20:
        say(f"共 {told.height:,} 行。" if lang == "zh" else f"{told.height:,} rows in all.")


def read_parameters(stated: Iterable[str]) -> dict[str, Any] | None:
    """``name=value`` pairs; values as TOML writes them, a word without quotes being a word.

    Raises
    ------
    RunError
        If there is no ``=``.

    Examples
    --------
    >>> read_parameters(["max_depth=4", "criterion=entropy", "bootstrap=false", "max_features=0.5"])
    {'max_depth': 4, 'criterion': 'entropy', 'bootstrap': False, 'max_features': 0.5}
    """
    found: dict[str, Any] = {}
    for text in stated:
        name, equals, value = text.partition("=")
        if not equals:
            raise RunError("A parameter is a name and a value.", expected="max_depth=4", got=text, where="--parameter")
        try:
            found[name.strip()] = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            found[name.strip()] = value.strip()
    return found or None


def _free(folder: Path, name: str) -> Path:
    """A name in the folder that is not taken."""
    number, free = 2, folder / name
    while free.exists():
        number, free = number + 1, folder / f"{name}-{number}"
    return free
