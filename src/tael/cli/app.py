"""The commands, each a thin shell over the rooms."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from tael.cli.cases import cases
from tael.cli.dispose import dispose
from tael.cli.document import document
from tael.cli.ending import ENDED, STOPPED, unwound
from tael.cli.fit import fit, holds_a_fit, score_rows
from tael.cli.lang import Lang, LangOption, language
from tael.cli.show import Stages, fail, new_page, say, say_table, stop
from tael.cli.trade import trade
from tael.errors import RunError, TaelError

app = typer.Typer(
    name="tael",
    help="From linked finance tables to a decision. 从关联数据表到业务决策。",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

OutOption = Annotated[Path, typer.Option("--out", help="Folder in which the run's own folder is made.")]
RunArgument = Annotated[Path, typer.Argument(help="A run folder.")]


@app.command()
def scenarios(lang: LangOption = Lang.EN) -> None:
    """List the scenarios. 列出场景。"""
    from tael.scenarios import SCENARIOS, scenario

    zh = lang == Lang.ZH
    rows = [
        [name, one.title(language(lang)), one.question(language(lang))]
        for name in SCENARIOS
        for one in [scenario(name)]
    ]
    say_table(["场景", "名称", "问题"] if zh else ["scenario", "title", "question"], rows)


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="A scenario to start from.")],
    folder: Annotated[Path, typer.Argument(help="The project folder to make.")],
    customers: Annotated[int, typer.Option(help="Size of the simulated example data.")] = 2000,
    lang: LangOption = Lang.EN,
) -> None:
    """Write a project folder: scenario.toml, tables.toml and example data. 新建项目文件夹。"""
    from tael.scenarios.project import write_project

    path = write_project(name, folder, customers=customers)
    if lang == Lang.ZH:
        say(f"已写入 {path}（示例数据为模拟数据）。编辑 scenario.toml，替换数据表，然后运行：tael run {path}")
    else:
        say(
            f"Wrote {path} (its example data is simulated). "
            f"Edit scenario.toml, put your tables in, then: tael run {path}"
        )


@app.command()
def infer(
    folder: Annotated[Path, typer.Argument(help="A folder of CSV or Parquet files.")],
    write: Annotated[bool, typer.Option("--write", help="Write tables.toml into the folder.")] = False,
    lang: LangOption = Lang.EN,
) -> None:
    """Draft tables.toml, and say why each guess was made. 起草 tables.toml 并说明理由。"""
    from tael.tables.infer import infer as draft_of

    draft, zh = draft_of(folder), lang == Lang.ZH
    if write:
        say(draft.text())
        made = draft.write(folder)
        if zh:
            say(f"\n已写入 {made}：请阅读并改正，然后运行：tael check {folder}")
        else:
            say(f"\nWrote {made}: read it, correct it, then: tael check {folder}")
        return
    say(draft.to_toml())
    nothing = "# 未写入任何内容。" if zh else "# Nothing was written. "
    if not (folder / "tables.toml").is_file():
        how = f"tael infer {folder} --write"
        say(nothing + (f"如需写入：{how}" if zh else f"To write it: {how}"))
        return
    say(
        nothing
        + (
            "文件夹中已有 tables.toml，本草稿没有参考它。"
            if zh
            else "The folder has a tables.toml, which this draft did not look at."
        )
    )
    others = draft.differences(folder)
    if zh:
        say("# 两者的不同之处：" if others else "# 两者内容相同。")
    else:
        say("# They differ in:" if others else "# They say the same.")
    for line in others:
        say(f"#   {line}")


@app.command()
def check(
    folder: Annotated[Path, typer.Argument(help="A folder with tables.toml, and scenario.toml for the leak scan.")],
    scenario: Annotated[Path | None, typer.Option(help="A scenario.toml (default: the folder's).")] = None,
    lang: LangOption = Lang.EN,
) -> None:
    """Test the tables' contract and scan for leaks, before any model. 检查数据契约与信息泄漏。"""
    from tael.scenarios.project import check_project

    checked = check_project(folder, scenario, lang=language(lang))
    say(checked.text)
    if checked.failed:
        raise typer.Exit(1)


@app.command()
def run(
    what: Annotated[str, typer.Argument(help="A scenario's name (on its example data), or a project folder.")],
    out: OutOption = Path("runs"),
    tables: Annotated[
        Path | None, typer.Option(help="A folder with tables.toml (default: the project folder).")
    ] = None,
    lang: LangOption = Lang.EN,
    seed: Annotated[int | None, typer.Option(help="Of everything random (default: the scenario's).")] = None,
    customers: Annotated[int | None, typer.Option(help="Size of the simulated example.")] = None,
    jobs: Annotated[int, typer.Option(help="Threads.")] = 2,
    despite_leaks: Annotated[
        bool, typer.Option("--despite-leaks", help="Go on although something gives the label away.")
    ] = False,
) -> None:
    """The whole way: tables, features, model, decision, report. 完整流程。"""
    from tael.scenarios.project import run_project

    said = language(lang)
    with Stages(said) as stages:
        made = run_project(
            what, out, tables=tables, lang=said, seed=seed, customers=customers, n_jobs=jobs, tell=stages.tell,
            despite_leaks=despite_leaks,
        )  # fmt: skip
    from tael.cli.summary import summary

    summary(made, said)
    say(str(made.report.path))


@app.command()
def score(
    run: RunArgument,
    tables: Annotated[
        Path, typer.Option(help="A folder with tables.toml; for what `tael fit` left, a CSV or Parquet file.")
    ],
    out: Annotated[
        Path | None, typer.Option(help="A .parquet or .csv file to write (default: show the first).")
    ] = None,
    id: Annotated[list[str] | None, typer.Option("--id", help="Only this key; may be repeated.")] = None,
    as_of: Annotated[
        datetime | None, typer.Option("--as-of", help="Score as it would have been done then: later rows do not count.")
    ] = None,
    encoding: Annotated[
        str | None, typer.Option(help="Of the file, such as windows-1252 (default: told by its bytes).")
    ] = None,
    keep_totals: Annotated[
        bool, typer.Option("--keep-totals", help="Rows called Total or 合计 are rows like others.")
    ] = False,
    lang: LangOption = Lang.EN,
) -> None:
    """Score and decide with a run's bundle. 用运行的模型包评分并决策。"""
    from tael.cli.summary import decision_titles
    from tael.runs.bundle import load_bundle
    from tael.runs.scoring import new_table, write_table
    from tael.runs.scoring import score as score_with
    from tael.tables import read_tables

    if out is not None:
        new_table(out)
    if holds_a_fit(run):
        score_rows(run, tables, out, id or [], language(lang), encoding, keep_totals=keep_totals)
        return
    if encoding is not None or keep_totals:
        raise RunError(
            "How files are read stands in the tables.toml of the folder that is scored.",
            expected="encoding = ... and totals = [...] in its section",
            got="--encoding" if encoding is not None else "--keep-totals",
            fix="Leave the option out: it is for what `tael fit` left.",
        )
    bundle = load_bundle(run)
    with Stages(language(lang)) as stages:
        stages.tell("tables", "reading tables", 0.0)
        read = read_tables(tables, absent="label")
        stages.tell("score", "scoring", 0.0)
        X = None
        if as_of is not None:
            from tael.runs.cases.as_of import as_of as known_at
            from tael.runs.cases.as_of import observed_as_of

            read = known_at(read, as_of)
            X = observed_as_of(bundle, read, as_of)
        decided = score_with(bundle, read, X, ids=id)
    if bundle.policy.kind == "options" and bundle.plan.observations.cutoff is None and decided.height:
        from tael.runs.deciding.now import used_by_date

        for line in used_by_date(decided, bundle.policy.to_dict(), language(lang)):
            say(line)
    if out is not None:
        say(f"{decided.height:,} -> {write_table(decided, out)}")
        return
    key, zh, titles = decided.columns[0], lang == Lang.ZH, decision_titles(bundle.policy)

    def named(decision: str) -> str:
        return titles[decision][zh] if decision in titles else decision

    rows = [
        [
            str(r[key]), str(r["cutoff"])[:16], f"{r['probability']:.4f}", named(r["decision"]),
            "; ".join(r[f"reasons_{lang.value}"][:1]),
        ]
        for r in decided.head(20).to_dicts()
    ]  # fmt: skip
    head = ["截止时间", "概率", "决策", "首要原因"] if zh else ["cutoff", "probability", "decision", "first reason"]
    say_table([key, *head], rows)
    if decided.height > len(rows):
        more = decided.height - len(rows)
        say(f"另有 {more:,} 个；写入文件：--out scores.csv" if zh else f"{more:,} more; all of them: --out scores.csv")


@app.command()
def explain(
    run: RunArgument,
    id: Annotated[str, typer.Option("--id", help="The observation's key.")],
    lang: LangOption = Lang.EN,
) -> None:
    """Say why an observation got its decision. 解释单个决策。"""
    from tael.cli.summary import SPLITS
    from tael.runs.explain import explain as explain_one
    from tael.runs.result import Run

    zh = lang == Lang.ZH
    for one in explain_one(Run.read(run), id, language(lang)):
        say(f"{one.id}  {one.cutoff}  ({SPLITS[one.split][zh]})")
        say(f"  {one.because}")
        for number, reason in enumerate(one.reasons, 1):
            say(f"  {number}. {reason}")
        say(f"  {'模型版本' if zh else 'model version'} {one.model_version}")


@app.command()
def compare(first: RunArgument, second: RunArgument, lang: LangOption = Lang.EN) -> None:
    """Compare two runs: metrics, formulas, changed decisions. 比较两次运行。"""
    from tael.cli.comparing import comparison
    from tael.runs.explain import compare as compare_runs
    from tael.runs.result import Run

    one, two = Run.read(first), Run.read(second)
    if "panel" in (one.content.get("shape"), two.content.get("shape")):
        from tael.cli.market_summary import market_comparison

        market_comparison(one, two, language(lang))
        return
    comparison(
        compare_runs(one, two), one.content["metric_titles"], one.content["decision"]["currency"], language(lang)
    )


@app.command()
def features(
    run: RunArgument,
    ledger: Annotated[bool, typer.Option("--ledger", help="Also why candidates were dropped, and chance.")] = False,
    out: Annotated[Path | None, typer.Option(help="A formula file to write, for editing and `tael diff`.")] = None,
    lang: LangOption = Lang.EN,
) -> None:
    """Print the kept formulas: words, gain, stability, coverage, cost. 列出保留的特征公式。"""
    from tael.cli.differences import ledger as tell_ledger
    from tael.cli.differences import write_run_formulas
    from tael.cli.summary import features_table
    from tael.runs.result import Run

    made = Run.read(run)
    if out is not None:
        say(str(write_run_formulas(made, out)))
        return
    features_table(made, language(lang))
    if ledger:
        tell_ledger(made.content["search"], language(lang))


@app.command()
def diff(
    first: Annotated[Path, typer.Argument(help="A formula file or a run folder.")],
    second: Annotated[Path, typer.Argument(help="Another.")],
    lang: LangOption = Lang.EN,
) -> None:
    """Compare formulas: added, removed, changed, renamed. Exit code 0: equal, 1: not, 2: an error. 比较特征公式。"""
    from tael.cli.differences import differences, formulas_of
    from tael.features.formula_diff import diff as diff_of

    try:
        found = diff_of(formulas_of(first), formulas_of(second))
    except TaelError as error:
        fail(error)
        raise typer.Exit(2) from None
    differences(found, language(lang))
    if found:
        raise typer.Exit(1)


@app.command()
def report(
    run: RunArgument,
    out: Annotated[Path, typer.Option(help="The .html file to write.")],
    lang: LangOption = Lang.EN,
) -> None:
    """Write a run's report again, in either language. 以任一语言重新生成报告。"""
    from tael.reports import write_report
    from tael.runs.result import Run

    new_page(out)
    say(str(write_report(Run.read(run).content, out, language(lang))))


@app.command()
def export(
    run: RunArgument,
    tables: Annotated[Path, typer.Option(help="A folder with tables.toml, for the columns' types.")],
    to: Annotated[str, typer.Option(help="sql")] = "sql",
    dialect: Annotated[str, typer.Option(help="duckdb, postgres or spark.")] = "duckdb",
    out: Annotated[Path | None, typer.Option(help="A .sql file to write (default: print).")] = None,
    lang: LangOption = Lang.EN,
) -> None:
    """Write the kept features as one SQL statement. 将保留的特征导出为 SQL。"""
    from tael.runs.exporting import export_sql, write_text
    from tael.tables import read_tables

    text = export_sql(run, read_tables(tables, absent="label"), to=to, dialect=dialect)
    if out is None:
        say(text)
    else:
        say(str(write_text(text, out, ".sql")))


app.command()(cases)
app.command()(dispose)
app.command()(document)
app.command()(fit)
app.command()(trade)


def main() -> None:
    """Run the command line; errors are told in four parts, without a traceback."""
    try:
        # whoever is writing a folder gets the chance to take it away
        with unwound():
            app(standalone_mode=True)
    except TaelError as error:
        fail(error)
        sys.exit(1)
    except SystemExit as end:
        if end.code in (STOPPED, ENDED):
            stop()
        raise
