"""Verdicts of a single table's model: a class or a number, with advice that a single table can follow."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import hypot, isfinite

from tael.validation.findings import Severity, Verdict, in_order
from tael.validation.metrics import Metric
from tael.validation.verdict import FEW, OVERFIT, OVERFIT_BADLY, SPLIT_WORDS
from tael.validation.words import Words

ASK = Words(
    "Ask when its values were filled in: if after the outcome, leave it out; if it was known before, keep it.",
    "核实其取值何时录入：若在结果之后，请排除；若事前已知，可以保留。",
)
ADVICE = {
    "TAEL-V01": Words("Go on; monitor it in use.", "可以继续；上线后持续监控。"),
    "TAEL-V02": Words(
        "Take a simpler or calmer model (a tree: less depth; a booster: fewer leaves), or bring more rows.",
        "换用更简单、更保守的模型（树：降低深度；提升树：减少叶子），或增加样本。",
    ),
    "TAEL-V03": Words(
        "Ask of the first columns when each value was known; leave out what is known only after the label.",
        "检查最重要的列：其值何时可知？晚于标签才可知的列应当排除。",
    ),
    "TAEL-V10": ASK,
    "TAEL-V11": ASK,
    "TAEL-V04": Words(
        "See what changed between the periods; train on more recent rows, and refit more often.",
        "查明前后时期有何变化；用较新的样本训练，并提高更新频率。",
    ),
    "TAEL-V05": Words(
        "Bring columns that tell more about these rows, or let the model be less simple.",
        "增加信息量更大的列，或放宽模型的限制。",
    ),
    "TAEL-V06": Words(
        "Bring more labelled rows; read the intervals, not the values.", "增加有标签的样本；看区间，不要只看数值。"
    ),
    "TAEL-V08": Words(
        "Name a column of times (time), or test on a later period as soon as there is one.",
        "指定时间列（time），或在有更晚时期的数据后立即测试。",
    ),
    "TAEL-V09": Words("Bring rows of later months.", "补充更晚月份的数据。"),
}
"""What to do, said of a single table; a code without an entry keeps its own words."""
_PLAIN = re.compile(r"[\w.-]+")
SURE = 0.997
"""AUC above which, on validation and test alike, the label is given away, whether or not one column does it alone:
honest tables are known that reach .994 (bank churners)."""
LEARNED = 0.05
"""Above chance, on the training rows themselves, below which a model has learned nothing."""


@dataclass(frozen=True, slots=True)
class Finding(Verdict):
    """A verdict with its severity under the name that a single table's result uses."""

    @property
    def level(self) -> Severity:
        """The severity."""
        return self.severity


def advised(verdict: Verdict, kind: str = "out_of_time") -> Finding:
    """A verdict with the advice for a single table; a test drawn by lot is not called out of time.

    Parameters
    ----------
    verdict : Verdict
    kind : {"out_of_time", "random"}
        Of the test.

    Returns
    -------
    Finding

    Examples
    --------
    >>> from tael.validation.words import Words
    >>> old = Verdict("TAEL-V01", "sound", "good", Words("Sound.", "可靠。"), Words("?", "？"))
    >>> advised(old).what_to_do(), advised(old).level
    ('Go on; monitor it in use.', 'good')
    """
    to_do = ADVICE.get(verdict.code, verdict.to_do)
    words = verdict.words
    if kind == "random":
        words = Words(words.en.replace("out-of-time", "test"), words.zh.replace("跨期测试集", "测试集"))
    return Finding(verdict.code, verdict.name, verdict.severity, words, to_do)


def judge_scores(
    scores: Mapping[str, Metric], *, name: Words, chance: float, too_good: float, kind: str, n: Mapping[str, int]
) -> list[Finding]:
    """Judge a model by one score on train, validation and test: 1 is perfect.

    Parameters
    ----------
    scores : mapping of str to Metric
        Splits: train, validation, out_of_time (whatever the test's kind).
    name : Words
        The score's name.
    chance : float
        What knowing nothing scores: 0 for R2, 1 / k for balanced accuracy among k classes.
    too_good : float
        Above it on validation or test, a column knows the outcome.
    kind : {"out_of_time", "random"}
    n : mapping of str to int
        Rows of each split (of the rarest class, where there are classes).

    Returns
    -------
    list of Finding
        Most serious first; codes as `tael.validation.verdict.judge` has them.

    Examples
    --------
    >>> r2 = {"train": Metric(1.0, 1.0, 1.0), "validation": Metric(0.4, 0.3, 0.5), "out_of_time": Metric(0.4, 0.3, 0.5)}
    >>> found = judge_scores(r2, name=Words("R2", "R2"), chance=0.0, too_good=0.9999, kind="out_of_time", n={})
    >>> [verdict.name for verdict in found]
    ['over-fitted']
    """
    train, validation, test = (scores[part] for part in ("train", "validation", "out_of_time"))
    en, zh = name.en, name.zh
    found: list[Finding] = []

    def add(code: str, short: str, severity: Severity, said: str, said_zh: str) -> None:
        found.append(Finding(code, short, severity, Words(said, said_zh), ADVICE[code]))

    few = {part: count for part, count in n.items() if count < FEW}
    if few:
        called = SPLIT_WORDS | ({"out_of_time": Words("test", "测试集")} if kind == "random" else {})
        said = ", ".join(f"{count} ({called[part].en})" for part, count in few.items())
        said_zh = "，".join(f"{called[part].zh} {count} 行" for part, count in few.items())
        severity: Severity = "serious" if min(few.values()) < FEW // 5 else "warning"
        add(
            "TAEL-V06",
            "too-few-events",
            severity,
            f"Too few rows to be sure: {said}; {FEW} wanted.",
            f"样本过少，结论不可靠：{said_zh}（至少需要 {FEW} 行）。",
        )
    if max(validation.value, test.value) > too_good:
        best = max(validation.value, test.value)
        add(
            "TAEL-V03",
            "leaking",
            "serious",
            f"Too good to be true: {en} {best:.4f}. A column knows the outcome.",
            f"效果好得不真实：{zh} {best:.4f}。有列已包含结果信息。",
        )
    gap, noise = _falls(train, validation)
    if gap > max(OVERFIT, noise):
        add(
            "TAEL-V02",
            "over-fitted",
            "warning" if gap > OVERFIT_BADLY else "note",
            f"Over-fitted: {en} falls from {train.value:.3f} in training to {validation.value:.3f} in validation.",
            f"过拟合：{zh} 从训练集的 {train.value:.3f} 降至验证集的 {validation.value:.3f}。",
        )
    fall, noise = _falls(validation, test)
    if kind == "out_of_time" and fall > max(0.01, noise):
        add(
            "TAEL-V04",
            "drifting",
            "serious" if fall > OVERFIT_BADLY else "warning",
            f"Drifting: {en} falls from {validation.value:.3f} in validation to {test.value:.3f} out of time.",
            f"漂移：{zh} 从验证集的 {validation.value:.3f} 降至跨期测试集的 {test.value:.3f}。",
        )
    low = test.low if isfinite(test.low) else test.value
    if low <= chance or train.value < chance + LEARNED:
        add(
            "TAEL-V05",
            "under-fitted",
            "serious" if low <= chance else "warning",
            f"Under-fitted: {en} is {test.value:.3f} on the test and {train.value:.3f} in training; "
            f"knowing nothing gives {chance:.3f}.",
            f"欠拟合：测试集 {zh} 为 {test.value:.3f}，训练集为 {train.value:.3f}；一无所知时为 {chance:.3f}。",
        )
    if kind == "random":
        add(
            "TAEL-V08",
            "random-holdout",
            "note",
            "The test is random, not later: how the model ages is not known.",
            "测试集为随机抽取而非更晚时期：模型随时间的表现未知。",
        )
    if not any(one.severity in ("warning", "serious") or one.code == "TAEL-V02" for one in found):
        add(
            "TAEL-V01",
            "sound",
            "good",
            f"Sound: {en} {test.value:.3f} on the test, no sign of a fault.",
            f"可靠：测试集 {zh} {test.value:.3f}，未见异常。",
        )
    return in_order(found)


def naming(found: list[Finding], columns: list[str], area: float) -> list[Finding]:
    """Verdicts of a leak with the columns that give the label away by themselves.

    Where none does, an area up to `SURE` is no leak by itself: on some tables what was not filled in tells nearly all.
    It is then said, and asked about, but not called a leak. Above, several columns know the outcome together.
    """
    if not columns and area > SURE:
        return found
    if not columns:
        others = [one for one in found if one.code != "TAEL-V03"]
        if any(one.severity in ("warning", "serious") or one.code == "TAEL-V02" for one in others):
            return others
        return [_high(), *others]
    listed, out = ", ".join(columns), left_out(columns)
    en, zh = f"By itself {listed} tells the label.", f"仅凭 {listed} 即可得知标签。"
    return [
        replace(
            one,
            words=Words(f"{one.words.en} {en}", one.words.zh + zh),
            to_do=Words(f"{one.to_do.en} {out}", f"{one.to_do.zh}{out}"),
        )
        if one.code == "TAEL-V03"
        else one
        for one in found
    ]


def asking(found: list[Finding], columns: Mapping[str, float]) -> list[Finding]:
    """Verdicts with a question about columns that tell much of a yes or no by themselves.

    No column is called a leak for it: a score built for the purpose may be as good. A model is not called sound,
    though, before the question is answered.

    Parameters
    ----------
    found : list of Finding
    columns : mapping of str to float
        AUC of each by itself.

    Examples
    --------
    >>> [one.code for one in asking([], {"days late": 0.91})]
    ['TAEL-V10']
    """
    told = Words("One column tells nearly all by itself: {}.", "单独一列几乎决定结果：{}。")
    return _asking(found, columns, "TAEL-V10", "one-column", told)


def asking_alone(found: list[Finding], columns: Mapping[str, float]) -> list[Finding]:
    """Verdicts with a question about columns that go with the others through the label alone.

    Parameters
    ----------
    found : list of Finding
    columns : mapping of str to float
        AUC of each by itself; which they are, `tael.validation.lone_leaks.lone_columns` finds.

    Examples
    --------
    >>> asking_alone([], {"noted": 0.75})[0].text()
    'Among rows of one outcome, no other column goes with noted (AUC 0.750): what was written from the outcome is so.'
    """
    told = Words(
        "Among rows of one outcome, no other column goes with {}: what was written from the outcome is so.",
        "在结果相同的行中，其他列均与之无关联：{}。事后据结果填写的列正是如此。",
    )
    return _asking(found, columns, "TAEL-V11", "lone-column", told)


def _asking(found: list[Finding], columns: Mapping[str, float], code: str, short: str, told: Words) -> list[Finding]:
    """Verdicts with one more question; nothing is called sound before it is answered."""
    ranked = sorted(columns.items(), key=lambda pair: -pair[1])
    en = ", ".join(f"{name} (AUC {area:.3f})" for name, area in ranked)
    zh = "、".join(f"{name}（AUC {area:.3f}）" for name, area in ranked)
    out = left_out([name for name, _ in ranked])
    words = Words(told.en.format(en), told.zh.format(zh))
    asked = Finding(code, short, "warning", words, Words(f"{ASK.en} {out}", f"{ASK.zh}{out}"))
    return in_order([*(one for one in found if one.code != "TAEL-V01"), asked])


def left_out(columns: list[str]) -> str:
    """How columns are left out, as it is typed.

    >>> left_out(["days late", "status"])
    '--ignore "days late" --ignore status'
    """
    quoted = (n if _PLAIN.fullmatch(n) else json.dumps(n, ensure_ascii=False) for n in columns)
    return " ".join(f"--ignore {name}" for name in quoted)


def calmer(found: list[Finding], own: float, plain: float) -> list[Finding]:
    """Over-fitting of a model that nobody chose: what to do is seen from a plain logistic regression on the same rows.

    Trees know their training rows by heart, so that their training figure says little; whether something calmer is
    better on rows that neither has seen is what counts.

    Parameters
    ----------
    found : list of Finding
    own, plain : float
        AUC in validation.
    """
    figures = f"{plain:.3f}", f"{own:.3f}"
    if plain > own:
        en = f"A plain logistic regression is no worse in validation (AUC {figures[0]}, this one {figures[1]}): try it."
        zh = f"普通逻辑回归在验证集上不逊色（AUC {figures[0]}，本模型 {figures[1]}）：可以一试。"
        command = " --model sklearn.linear_model.LogisticRegression"
    else:
        en = (
            f"A plain logistic regression is no better in validation (AUC {figures[0]}, this one {figures[1]}): trees "
            "know their training rows by heart. Trust validation and test alone; more rows narrow the gap."
        )
        zh = (
            f"普通逻辑回归在验证集上并不更好（AUC {figures[0]}，本模型 {figures[1]}）：树模型会记住训练样本。"
            "只采信验证集与测试集的数字；增加样本可缩小差距。"
        )
        command = ""
    to_do = Words(en + command, zh + command)
    return [replace(one, to_do=to_do) if one.code == "TAEL-V02" else one for one in found]


def _high() -> Finding:
    return Finding(
        "TAEL-V01",
        "sound",
        "good",
        Words(
            "Very good, and no column tells the label by itself.",
            "效果很好，且没有任何单列能直接得出标签。",
        ),
        Words(
            "Ask of the columns that tell most when they were filled in; judge the model on later rows.",
            "核实信息量最大的列是何时填写的；用更晚的样本检验模型。",
        ),
    )


def _falls(a: Metric, b: Metric) -> tuple[float, float]:
    down, up = a.value - a.low, b.high - b.value
    return a.value - b.value, hypot(down if isfinite(down) else 0.0, up if isfinite(up) else 0.0)
