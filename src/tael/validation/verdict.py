"""What the numbers of train, validation and out-of-time say together, in words, with what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from math import hypot, isfinite
from typing import Any

from tael.errors import ValidationError
from tael.validation.findings import Verdict, in_order
from tael.validation.metrics import Metric
from tael.validation.words import Words

TOO_GOOD = 0.97
"""No honest credit, claims or churn model ranks this well; one that does has seen the outcome."""
FEW, MANY_TOO_FEW = 100, 20
OVERFIT, OVERFIT_BADLY = 0.03, 0.10
"""Fall of AUC from train to validation that is worth a note, and that is a fault."""
OFF, OFF_IN_MONEY = 0.25, 0.10
"""Share of the observed rate by which the mean prediction is off (beyond chance) that is a fault and not a note."""
SHORT = 28
"""Days below which an out-of-time part has not seen a whole month: no pay day, no month's end, one mood."""
Day = date | str


def judge(
    metrics: Mapping[str, Mapping[str, Metric | Mapping[str, Any]]],
    *,
    n_events: Mapping[str, int] | None = None,
    reference: Metric | Mapping[str, Any] | None = None,
    kind: str = "out_of_time",
    periods: Mapping[str, tuple[Day, Day]] | None = None,
    amounts: bool = False,
) -> list[Verdict]:
    """Judge a model by its metrics on train, validation and out-of-time.

    Parameters
    ----------
    metrics : mapping
        ``metrics[split][name]`` as `evaluate` gives them (or as read from `run.json`). Splits: train, validation,
        out_of_time; those that are absent are not judged. Names used: roc_auc, base_rate, mean_predicted.
    n_events : mapping, optional
        Number of events in each split (of the rarer class, where events are the rule).
    reference : Metric, optional
        AUC of the model less AUC of the plain reference model, from `evaluate_difference` on the rows it is judged on.
    kind : {"out_of_time", "random"}
        Of the split.
    periods : mapping, optional
        First and last day of each split (dates, or texts such as ``"2024-01-31"``). Used: out_of_time.

    amounts : bool
        Money is computed from the probability: a mean that is off by a tenth is then a fault, not a note.

    Returns
    -------
    list of Verdict
        Most serious first. ``TAEL-V01`` (sound) where nothing is wrong; never beside ``TAEL-V02``, but beside notes.

    Raises
    ------
    ValidationError
        If no split has an AUC entry, or a period holds no day.

    Examples
    --------
    >>> auc = {"train": Metric(0.99, 0.98, 1.0), "validation": Metric(0.70, 0.66, 0.74)}
    >>> found = judge({split: {"roc_auc": value} for split, value in auc.items()})
    >>> [verdict.name for verdict in found]
    ['over-fitted']
    """
    read = {split: {name: _metric(m) for name, m in named.items()} for split, named in metrics.items()}
    auc = {split: named["roc_auc"] for split, named in read.items() if "roc_auc" in named}
    if not auc:
        raise ValidationError(
            "There is nothing to judge.", expected="roc_auc of at least one split", got=", ".join(metrics) or "no split"
        )
    found = [
        *_few(auc, n_events or {}),
        *_leaking(auc),
        *_overfitted(auc),
        *_drifting(auc, kind),
        *_underfitted(auc, None if reference is None else _metric(reference)),
        *_miscalibrated(read, OFF_IN_MONEY if amounts else OFF),
        *_random(kind),
        *_short(kind, (periods or {}).get("out_of_time")),
    ]
    if not any(v.severity in ("warning", "serious") or v.name == "over-fitted" for v in found):
        found.insert(0, _sound(auc[_judged(auc)], _judged(auc)))
    return in_order(found)


def _metric(m: Metric | Mapping[str, Any]) -> Metric:
    return m if isinstance(m, Metric) else Metric.from_dict(dict(m))


SPLIT_WORDS = {
    "train": Words("training", "训练集"),
    "validation": Words("validation", "验证集"),
    "out_of_time": Words("out-of-time", "跨期测试集"),
}


def _said(split: str) -> Words:
    return SPLIT_WORDS.get(split, Words(split, split))


def _judged(auc: Mapping[str, Metric]) -> str:
    """The split that tells most about the future, of those with a value."""
    for split in ("out_of_time", "validation", "train"):
        if split in auc and isfinite(auc[split].value):
            return split
    return next(iter(auc))


def _range(m: Metric) -> str:
    return f"{m.value:.3f}" + (f" [{m.low:.3f}, {m.high:.3f}]" if isfinite(m.low) else "")


def _falls(a: Metric, b: Metric) -> tuple[float, float]:
    """How far `b` lies below `a`, and how far it may by chance: the root sum of squares of the half-widths between."""
    down, up = a.value - a.low, b.high - b.value
    return a.value - b.value, hypot(down if isfinite(down) else 0.0, up if isfinite(up) else 0.0)


def _sound(m: Metric, split: str) -> Verdict:
    said = _said(split)
    return Verdict(
        "TAEL-V01",
        "sound",
        "good",
        Words(
            f"Sound: AUC {_range(m)} on {said.en} data, and no sign of over-fitting, leakage or drift.",
            f"可靠：{said.zh} AUC {_range(m)}，未见过拟合、泄漏或漂移的迹象。",
        ),
        Words("Go on; monitor it in use.", "可以继续；上线后持续监控。"),
    )


def _overfitted(auc: Mapping[str, Metric]) -> list[Verdict]:
    if "train" not in auc or "validation" not in auc:
        return []
    gap, chance = _falls(auc["train"], auc["validation"])
    if not gap > max(OVERFIT, chance):
        return []
    seen = f"{auc['train'].value:.3f} -> {auc['validation'].value:.3f}"
    serious = gap > OVERFIT_BADLY
    return [
        Verdict(
            "TAEL-V02",
            "over-fitted",
            "warning" if serious else "note",
            Words(
                f"Over-fitted: AUC falls by {gap:.3f} from training to validation ({seen}), more than chance allows.",
                f"过拟合：从训练集到验证集，AUC 下降 {gap:.3f}（{seen}），超出随机波动。",
            ),
            Words(
                "In scenario.toml, lower features.keep, or (portfolio) keep calmer model.members such as "
                '["linear", "cautious"]; or bring more rows. Trust only the validation and out-of-time numbers.',
                "在 scenario.toml 中调低 features.keep，或（模型组合）在 model.members 中只留较保守的成员"
                '（如 ["linear", "cautious"]）；或增加样本。只采信验证集和跨期测试集的数字。',
            ),
        )
    ]


def _leaking(auc: Mapping[str, Metric]) -> list[Verdict]:
    high = [s for s in ("validation", "out_of_time") if s in auc and auc[s].value > TOO_GOOD]
    if not high:
        return []
    en = " and ".join(f"{auc[s].value:.3f} ({_said(s).en})" for s in high)
    zh = "、".join(f"{auc[s].value:.3f}（{_said(s).zh}）" for s in high)
    return [
        Verdict(
            "TAEL-V03",
            "leaking",
            "serious",
            Words(
                f"Too good to be true: AUC {en}. Most likely a column knows the outcome.",
                f"效果好得不真实：AUC {zh}。很可能有某列已包含结果信息。",
            ),
            Words(
                "Look at the features with the most gain: when was each value known? Declare known_at of the column in "
                "the schema, or name it in features.forbid of scenario.toml.",
                "检查增益最大的特征：每个值何时可知？在数据结构文件中声明该列的 known_at，"
                "或将其写入 scenario.toml 的 features.forbid。",
            ),
        )
    ]


def _drifting(auc: Mapping[str, Metric], kind: str) -> list[Verdict]:
    if kind != "out_of_time" or "validation" not in auc or "out_of_time" not in auc:
        return []
    fall, chance = _falls(auc["validation"], auc["out_of_time"])
    if not fall > max(chance, 0.01):
        return []
    seen = f"{_range(auc['validation'])} -> {_range(auc['out_of_time'])}"
    return [
        Verdict(
            "TAEL-V04",
            "drifting",
            "serious" if fall > 0.10 else "warning",
            Words(
                f"Drifting: out-of-time AUC is {fall:.3f} below validation ({seen}), beyond their intervals.",
                f"漂移：跨期测试集 AUC 比验证集低 {fall:.3f}（{seen}），超出置信区间。",
            ),
            Words(
                "See which features moved (stability table) and name them in features.forbid of scenario.toml; train "
                "on more recent rows, and refit more often.",
                "查看稳定性表中哪些特征发生偏移，将其写入 scenario.toml 的 features.forbid；用较新的样本训练，"
                "并提高更新频率。",
            ),
        )
    ]


def _underfitted(auc: Mapping[str, Metric], reference: Metric | None) -> list[Verdict]:
    split = _judged(auc)
    m, said = auc[split], _said(split)
    todo = Words(
        "Bring tables that tell more about these people, or longer features.windows in scenario.toml; or keep the "
        'simpler model (of a portfolio: model.members = ["linear"]).',
        "增加信息量更大的表，或在 scenario.toml 的 features.windows 中加入更长的窗口；否则采用更简单的模型："
        '（模型组合：model.members = ["linear"]）。',
    )
    if isfinite(m.value) and (m.low if isfinite(m.low) else m.value) <= 0.5:
        return [
            Verdict(
                "TAEL-V05",
                "under-fitted",
                "serious",
                Words(
                    f"No better than chance: AUC {_range(m)} on {said.en} data includes 0.5.",
                    f"不优于随机：{said.zh} AUC {_range(m)} 的区间包含 0.5。",
                ),
                todo,
            )
        ]
    if reference is None or not isfinite(reference.value) or reference.low > 0:
        return []
    worse = reference.high < 0
    return [
        Verdict(
            "TAEL-V05",
            "under-fitted",
            "warning" if worse else "note",
            Words(
                f"{'Worse' if worse else 'Not surely better'} than the plain reference model: AUC differs by "
                f"{_range(reference)}.",
                f"{'差于' if worse else '未必优于'}简单参照模型：AUC 之差为 {_range(reference)}。",
            ),
            todo,
        )
    ]


def _few(auc: Mapping[str, Metric], n_events: Mapping[str, int]) -> list[Verdict]:
    few = {split: int(n) for split, n in n_events.items() if n < FEW}
    few |= {split: 0 for split, m in auc.items() if not isfinite(m.value) and split not in n_events}
    if not few:
        return []
    en = ", ".join(f"{n} in {_said(s).en}" for s, n in few.items())
    zh = "，".join(f"{_said(s).zh} {n} 个" for s, n in few.items())
    return [
        Verdict(
            "TAEL-V06",
            "too-few-events",
            "serious" if min(few.values()) < MANY_TOO_FEW else "warning",
            Words(
                f"Too few events to be sure: {en} (at least {FEW} wanted in each part).",
                f"事件样本过少，结论不可靠：{zh}（每部分至少需要 {FEW} 个）。",
            ),
            Words(
                "Bring a longer period, widen the label, or divide the sample otherwise (split.out_of_time and "
                "split.validation in scenario.toml); read the intervals, not the values.",
                "延长样本期、放宽标签定义，或调整划分（scenario.toml 中的 split.out_of_time 与 split.validation）；"
                "看区间，不要只看数值。",
            ),
        )
    ]


def _miscalibrated(read: Mapping[str, Mapping[str, Metric]], much: float) -> list[Verdict]:
    split = next((s for s in ("out_of_time", "validation") if s in read), None)
    if split is None or not {"base_rate", "mean_predicted"} <= set(read[split]):
        return []
    base, mean = read[split]["base_rate"], read[split]["mean_predicted"]
    if not isfinite(base.low) or not isfinite(mean.value) or base.low <= mean.value <= base.high:
        return []
    off = abs(mean.value - base.value) / max(base.value, 1e-12)
    said = _said(split)
    return [
        Verdict(
            "TAEL-V07",
            "miscalibrated",
            "warning" if off > much else "note",
            Words(
                f"Predicted and observed rates differ on {said.en} data: {mean.value:.2%} predicted, "
                f"{base.value:.2%} observed [{base.low:.2%}, {base.high:.2%}].",
                f"{said.zh}上预测与实际不符：预测 {mean.value:.2%}，实际 {base.value:.2%} [{base.low:.2%}, "
                f"{base.high:.2%}]。",
            ),
            Words(
                "Recalibrate on recent outcomes before amounts are computed from the probability.",
                "在用概率计算金额之前，先用近期结果重新校准。",
            ),
        )
    ]


def _random(kind: str) -> list[Verdict]:
    if kind != "random":
        return []
    return [
        Verdict(
            "TAEL-V08",
            "random-holdout",
            "note",
            Words(
                "The holdout is random, not later in time: how the model ages is not known.",
                "留出样本为随机抽取而非更晚时期：模型随时间的表现未知。",
            ),
            Words(
                "Set split.out_of_time in scenario.toml, or test it on a later period as soon as there is one.",
                "在 scenario.toml 中设置 split.out_of_time，或在有更晚时期的数据后立即测试。",
            ),
        )
    ]


def _day(value: Day) -> date:
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        raise ValidationError(
            "A period begins and ends with a day.", expected='such as "2024-01-31"', got=repr(value), where="periods"
        ) from None


def _short(kind: str, period: tuple[Day, Day] | None) -> list[Verdict]:
    if kind != "out_of_time" or period is None:
        return []
    first, last = _day(period[0]), _day(period[1])
    days = (last - first).days + 1
    if days >= SHORT:
        return []
    return [
        Verdict(
            "TAEL-V09",
            "short-test",
            "warning",
            Words(
                f"The out-of-time part spans {days} {'day' if days == 1 else 'days'} ({first} to {last}): too short to "
                "tell how the model ages.",
                f"跨期测试集仅 {days} 天（{first} 至 {last}）：不足以说明模型随时间的表现。",
            ),
            Words(
                "Bring later months, or let the out-of-time part begin earlier: split.out_of_time in scenario.toml "
                "takes a share or a day.",
                "补充更晚月份的数据，或让跨期测试集更早开始：scenario.toml 中的 split.out_of_time 可设比例或日期。",
            ),
        )
    ]
