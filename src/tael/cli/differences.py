"""What became of formulas, on a terminal: two lists of them compared, and a search's ledger."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.text import Text

from tael.cli.show import out, say, say_table
from tael.features.formula_diff import FormulaDiff
from tael.features.formula_file import FormulaFile, Line, read_file, write_formulas
from tael.formulas.parser import parse
from tael.formulas.printer import to_text
from tael.runs.result import Run
from tael.tables.schema import Language

FATES = {
    "constant": ("the same value for all", "取值恒定"),
    "no gain": ("tells nothing of the label", "对标签无增益"),
    "duplicate": ("the same values as another", "与其他公式取值相同"),
    "redundant": ("says the same as a better one", "与更优公式高度相关"),
    "weaker than the pool": ("weaker than those held for the weighing", "弱于候选池"),
    "weaker together": ("weaker beside the others", "与其他公式合用时较弱"),
    "no help together": ("helps the model on unseen rows too seldom", "合用时对未见样本无稳定帮助"),
    "no better than chance": ("no better than chance", "不优于随机"),
    "beyond keep": ("beyond the number to keep", "超出保留数量"),
    "beyond the budget": ("never tried: budget of candidates", "未尝试：超出候选预算"),
    "out of time": ("never tried or weighed: out of time", "未尝试或未评估：时间用尽"),
    "interrupted": ("never tried or weighed: stopped by hand", "未尝试或未评估：人工中止"),
    "the halves of time disagree": ("the halves of time disagree", "前后两段时间方向相反"),
    "contradicts its stated direction": ("contradicts its stated direction", "与指定方向相反"),
}
"""Why a candidate was dropped; one that is not here is shown as the ledger says it."""

TITLES = {
    "added": ("only in the second", "仅第二个有"),
    "removed": ("only in the first", "仅第一个有"),
    "changed": ("same name, other formula", "名称相同，公式不同"),
    "renamed": ("same formula, other name", "公式相同，名称不同"),
}
HEADER = {
    "entity": ("entity", "观测对象"),
    "key": ("key", "主键"),
    "cutoff": ("cutoff", "截止时间列"),
}


def formulas_of(what: Path) -> FormulaFile:
    """The formulas of a run folder, or of a formula file.

    Raises
    ------
    RunError
        If a folder is none of a run.
    FeaturesError, FormulaError
        If a file cannot be read.
    """
    if not what.is_dir():
        return read_file(what)
    run = Run.read(what)
    lines = [
        Line(one["name"], to_text(parse(one["formula"])), 0, one["words"]) for one in run.content["features"]
    ]  # fmt: skip
    return FormulaFile(lines, entity=run.content["scenario"]["config"].get("entity"))


def differences(found: FormulaDiff, lang: Language) -> None:
    """Tell what differs."""
    zh = lang == "zh"
    if not found:
        say("公式相同。" if zh else "The formulas are the same.")
        return
    for name, one, two in found.header:
        say(f"{HEADER[name][zh]}: {one} -> {two}")
    for kind, sign, lines in (("removed", "-", found.removed), ("added", "+", found.added)):
        if lines:
            say(f"{TITLES[kind][zh]} ({len(lines)})")
            for line in lines:
                _tell(sign, line, line.words.get(lang))
    if found.changed:
        say(f"{TITLES['changed'][zh]} ({len(found.changed)})")
        for first, second in found.changed:
            told = second.words.get(lang)
            # who edits a formula by hand leaves the words below it as they were
            stale = told is not None and told == first.words.get(lang)
            _tell("-", first, first.words.get(lang))
            _tell("+", second, ("（文字说明未更新）" if zh else "(its words were not renewed)") if stale else told)
    if found.renamed:
        say(f"{TITLES['renamed'][zh]} ({len(found.renamed)})")
        for first, second in found.renamed:
            _fold(f"{first.name} -> {second.name}", 2, 6)
            _fold(second.formula, 6, 6)
            told = second.words.get(lang) or first.words.get(lang)
            if told:
                _fold(told, 6, 6)


def _tell(sign: str, line: Line, words: str | None) -> None:
    _fold(f"{sign} {line.name} = {line.formula}", 0, 4)
    if words:
        _fold(words, 6, 6)


def _fold(text: str, start: int, rest: int) -> None:
    """Print a text folded at the terminal's width; its first line and the others are indented."""
    for number, part in enumerate(Text(text).wrap(out, max(out.width - rest, 20))):
        say(" " * (rest if number else start) + part.plain.rstrip())


def ledger(search: Mapping[str, Any], lang: Language) -> None:
    """How many candidates met which fate, and what chance alone reaches."""
    zh = lang == "zh"
    say("")
    say(
        f"搜索台账：候选 {search['candidates']:,} 个，保留 {search['kept']:,} 个"
        if zh
        else f"Ledger of the search: {search['candidates']:,} candidates, {search['kept']:,} kept"
    )
    dropped = sorted(search["dropped"].items(), key=lambda item: -item[1])
    if dropped:
        say_table(
            ["未保留原因", "数量"] if zh else ["dropped because", "n"],
            [[FATES.get(fate, (fate, fate))[zh], f"{count:,}"] for fate, count in dropped],
            right=(1,),
        )
    null = search.get("chance")
    if null is None:
        say("未与随机基准比较。" if zh else "Nothing was compared with chance.")
        return
    rows = [
        (("formulas compared with chance", "与随机基准比较的公式数"), f"{null['trials']:,}"),
        (("times the labels were shuffled", "标签打乱次数"), f"{null['shuffles']:,}"),
        (("the best score", "最高得分"), _score(null["best"])),
        (("the best score by chance", "随机最高得分"), _score(null["best_by_chance"])),
        (("the best must reach", "最高得分须达到"), _score(null["needed"])),
        (("a candidate must reach", "单个候选须达到"), _score(null["threshold"])),
        (("one half of time foretells the other", "前后两段时间互证"), _score(null["across"])),
    ]
    say("")
    say_table(
        ["随机基准（标签打乱；单位：标准差）", ""] if zh else ["chance (shuffled labels; standard deviations)", ""],
        [[name[zh], value] for name, value in rows],
        right=(1,),
    )


def _score(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def write_run_formulas(run: Run, path: Path) -> Path:
    """Write a run's formulas, with their words, as a formula file."""
    from tael.runs.bundle import load_bundle

    kept = load_bundle(run.path).formulas
    features = run.content["features"]
    return write_formulas(
        path, [one["formula"] for one in features], [one["name"] for one in features],
        words={"en": [one["words"]["en"] for one in features], "zh": [one["words"]["zh"] for one in features]},
        entity=kept.entity, key=kept.key, cutoff=kept.cutoff, own=kept.own,
    )  # fmt: skip
