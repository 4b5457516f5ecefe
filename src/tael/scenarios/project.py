"""Project folders: a scenario with tables of one's own. Making one, checking it, running it."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tael.engine import Engine
from tael.errors import ScenarioError, TaelError
from tael.observations import observe
from tael.observations.observe import CUTOFF
from tael.runs.deciding import deciding_of
from tael.runs.early import check_plan
from tael.runs.folder import cannot_write, flush
from tael.runs.governance import check_groups, governed
from tael.runs.markets.plan import MarketPlan
from tael.runs.plan import ExamplePlan, Plan
from tael.runs.result import Run
from tael.runs.sample import labelled_sample
from tael.runs.scanned import leaks_of
from tael.runs.tasks import task_of
from tael.scenarios.market import MarketScenario
from tael.scenarios.pack import Scenario, scenario
from tael.tables.contract import check
from tael.tables.frames import Tables
from tael.tables.reading import FILE, read_tables
from tael.tables.schema import Language
from tael.tables.violations import errors_of, violations_text

Tell = Callable[[str, str, float], None]


def write_project(name: str, folder: str | Path, *, customers: int = 2000) -> Path:
    """Write a project folder whole or not at all.

    Parameters
    ----------
    name : str
        The scenario to start from.
    folder : path
        Must not exist.
    customers : int
        Size of the simulated example.

    Raises
    ------
    ScenarioError
        If the folder exists.
    RunError
        If it cannot be written.
    """
    chosen, folder = scenario(name), Path(folder)
    if folder.exists():
        raise ScenarioError("The folder exists.", got=str(folder), fix="Name another one: nothing is written over.")
    sized: Any
    if isinstance(chosen, MarketScenario):
        sized = chosen.sized(min(customers, 300))
    else:
        example = (chosen.plan.example or ExamplePlan()).model_copy(update={"n_customers": customers})
        sized = Scenario(chosen.plan.model_copy(update={"example": example}), chosen.source)
    draft = folder.with_name(f".tael-{secrets.token_hex(4)}-{folder.name}")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        sized.simulate().write(draft, format="csv")
        text = chosen.source.partition("[example]")[0].rstrip() + "\n"
        (draft / "scenario.toml").write_text(text, encoding="utf-8")
        flush(draft)
        os.rename(draft, folder)
    except OSError as error:
        raise cannot_write(folder, error) from error
    finally:
        if draft.exists():
            shutil.rmtree(draft, ignore_errors=True)
    return folder


@dataclass(frozen=True)
class Checked:
    """What a check found.

    Attributes
    ----------
    text : str
        A table of violations, then the leaks.
    failed : bool
        Whether an error (not only warnings) or a leak was found.
    """

    text: str
    failed: bool


def check_project(folder: Path, own: Path | None = None, *, lang: Language = "en") -> Checked:
    """Test the contract of a folder's tables and, if there is a scenario, scan it for leaks.

    Parameters
    ----------
    folder : Path
    own : Path, optional
        A ``scenario.toml``; left out: the folder's, if there is one.
    """
    zh = lang == "zh"
    plan = None if own is None else scenario(own).plan
    tables = read_tables(folder)
    violations = check(tables)
    lines = ["数据契约" if zh else "Contract", violations_text(violations, lang), ""]
    failed = bool(errors_of(violations))
    path = own or folder / "scenario.toml"
    if own is None and not path.is_file():
        lines.append(f"没有 {path.name}，未做泄漏扫描。" if zh else f"No {path.name} here: leaks were not scanned.")
        return Checked("\n".join(lines), failed)
    if failed:
        lines.append("先修正错误，再做泄漏扫描。" if zh else "Leaks are scanned once the errors are mended.")
        return Checked("\n".join(lines), failed)
    try:
        plan = plan or scenario(path).plan
        if isinstance(plan, MarketPlan):
            return Checked("\n".join([*lines, *_market_lines(tables, plan, lang)]), False)
        scanned, leaks = _scan(tables, plan, lang)
    except TaelError as error:  # what the contract says is told all the same
        from tael.reports.errors_zh import chinese_error

        return Checked("\n".join([*lines, chinese_error(error) if zh else str(error)]), True)
    return Checked("\n".join([*lines, *scanned]), leaks)


def _market_lines(tables: Tables, plan: MarketPlan, lang: Language) -> list[str]:
    """What a market's panel holds, and how time is parted, before any factor is computed."""
    from tael.markets.reading.notes import in_chinese
    from tael.runs.markets.data import market_data
    from tael.runs.markets.intraday_data import book_data
    from tael.runs.markets.stretches import stretches

    zh = lang == "zh"
    if plan.within_day:
        books = book_data(tables, plan)
        panel, days = books.panel, np.datetime_as_string(books.panel.times.astype("M8[m]"))
        notes = [chinese if zh else english for english, chinese in books.notes]
    else:
        data = market_data(tables, plan)
        panel, days = data.panel, np.datetime_as_string(data.panel.times.astype("M8[D]"))
        notes = [in_chinese(note) if zh else note for note in data.bars.notes]
    days = np.char.replace(days, "T", " ")
    rows, entities = panel.shape
    mean = panel.members.sum(axis=1).mean()
    lines = [
        f"{rows:,} 期（{days[0]} 至 {days[-1]}），{entities:,} 个标的，平均每期成员 {mean:,.0f} 个。"
        if zh
        else f"{rows:,} bars from {days[0]} to {days[-1]}, {entities:,} entities, {mean:,.0f} members on average."
    ]
    for name, (start, stop) in stretches(plan, panel.times).labelled().items():
        lines.append(f"  {name}: {days[start]} – {days[stop - 1]} ({stop - start:,})")
    return [*lines, *notes]


def _scan(tables: Tables, plan: Plan, lang: Language) -> tuple[list[str], bool]:
    """The size of the sample and the leaks in lines; whether there are leaks."""
    zh = lang == "zh"
    engine = Engine(tables, plan.entity, cutoff=CUTOFF)
    check_plan(plan, engine)
    seen = observe(tables, plan.observations, plan.label, engine=engine)
    task = task_of(plan)
    sample = task.observe(engine, labelled_sample(engine, seen, plan, task.check_label))
    check_groups(plan, engine, sample)
    known = int(seen.labelled.sum())
    rate = float(sample.flag.mean())
    called = "坏样本率" if plan.decision.kind == "approval" else "事件率"
    lines = [
        f"观测 {len(seen):,} 个，其中有标签 {known:,} 个（{called} {rate:.1%}），待预测 {len(seen) - known:,} 个。"
        if zh
        else f"{len(seen):,} observations: {known:,} with a label (rate {rate:.1%}), {len(seen) - known:,} to predict."
    ]
    if known == len(seen) and plan.every is not None:
        lines.append(
            f"没有待预测的观测：数据截至 {seen.data_end}。若完整到更晚（如整日数据的次日），请声明 data_end。"
            if zh
            else f"Nobody to predict: the data count as complete up to {seen.data_end}. If they are so for longer "
            "(whole days: to the day after), state data_end in scenario.toml."
        )
    leaks = leaks_of(engine, sample, governed(plan, engine), hidden=task.hidden())
    lines += ["", *deciding_of(plan).lines(lang)]
    lines += ["", "泄漏扫描" if zh else "Leak scan"]
    lines += [f"{leak.code}  {leak.column}: {leak.text(lang)}" for leak in leaks]
    if not leaks:
        lines.append("未发现泄漏。" if zh else "No leak found.")
    return lines, any(leak.level == "leak" for leak in leaks)


def run_project(
    what: str, out: str | Path, *, tables: Path | None = None, lang: Language = "en", seed: int | None = None,
    customers: int | None = None, n_jobs: int = 2, tell: Tell | None = None, despite_leaks: bool = False,
) -> Run:  # fmt: skip
    """Run a scenario on its example, or a project folder on its tables.

    Parameters
    ----------
    what : str
        A scenario's name, or a folder with ``scenario.toml`` (and ``tables.toml``, unless ``tables`` names another).
    despite_leaks : bool
        Go on although something gives the label away.
    """
    chosen = scenario(what)
    plan = chosen.plan
    command = f"tael run {what}"
    if isinstance(chosen, MarketScenario):
        return _run_market(chosen, what, out, tables, lang, seed, customers, n_jobs, tell)
    if seed is not None:
        example = None if plan.example is None else plan.example.model_copy(update={"seed": seed})
        plan = plan.model_copy(update={"seed": seed, "example": example})
        command += f" --seed {seed}"
    _check_size(customers, plan.example is not None, what, tables)
    if customers is not None and plan.example is not None:
        plan = plan.model_copy(update={"example": plan.example.model_copy(update={"n_customers": customers})})
        command += f" --customers {customers}"
    if tables is not None:
        command += f" --tables {tables}"
    data, extra = _data(Scenario(plan), what, tables, tell)
    if despite_leaks:
        command += " --despite-leaks"
    return Scenario(plan, chosen.source).run(
        data, out, lang=lang, tell=tell, n_jobs=n_jobs, command=command, despite_leaks=despite_leaks, extra=extra
    )


def _run_market(
    chosen: MarketScenario, what: str, out: str | Path, tables: Path | None, lang: Language, seed: int | None,
    size: int | None, n_jobs: int, tell: Tell | None,
) -> Run:  # fmt: skip
    _check_size(size, chosen.plan.example is not None, what, tables)
    stated = {"--seed": seed, "--customers": size, "--tables": tables}
    command = " ".join(
        [f"tael run {what}", *(f"{name} {value}" for name, value in stated.items() if value is not None)]
    )
    sized = chosen.sized(size, seed)
    data, extra = _data(sized, what, tables, tell)
    return sized.run(data, out, lang=lang, tell=tell, n_jobs=n_jobs, command=command, extra=extra)


def _check_size(size: int | None, example: bool, what: str, tables: Path | None) -> None:
    if size is not None and (not example or tables is not None or Path(what).is_dir()):
        raise ScenarioError(
            "Only a simulated example has a size to choose.",
            expected="a scenario's name, without tables of one's own",
            got=f"--customers {size} with {tables or what}",
            fix="Leave --customers out.",
        )


def _data(
    chosen: Scenario | MarketScenario, what: str, tables: Path | None, tell: Tell | None
) -> tuple[Tables, dict[str, str]]:
    """The tables of a run and further files for its folder: one's own, those of a project, or the example."""
    folder = tables or (Path(what) if Path(what).is_dir() else None)
    if folder is None:
        if tell is not None:
            tell("simulate", "simulating the example", 0.0)
        return chosen.example(), {}
    data = _read(folder, tell)
    toml = folder / FILE if folder.is_dir() else folder
    return data, {FILE: toml.read_text(encoding="utf-8-sig")}


def _read(folder: Path, tell: Tell | None) -> Tables:
    def progress(name: str, done: int, total: int) -> None:
        if tell is not None:
            tell("read", name, done / max(total, 1))

    return read_tables(folder, progress=progress)
