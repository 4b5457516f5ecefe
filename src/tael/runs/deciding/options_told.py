"""What ``run.json`` says of a decision among options: who got what, what limits cost, and what it is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tael.decisions import OptionsPolicy
from tael.decisions.campaigns import Campaigns, campaigns_of
from tael.decisions.options import Chosen
from tael.runs.deciding.options_terms import OptionTerms, Valued, option_formulas, own_schema, said, valued
from tael.runs.tasks import task_of
from tael.runs.tasks.base import Outputs
from tael.tables.schema import Type
from tael.validation.ranked import interval, resample
from tael.validation.words import Words

if TYPE_CHECKING:
    from tael.runs.deciding.options import Options

Floats = NDArray[np.float64]
FACTORS = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0)
TOLD = 5
"""Options that the message names."""
NAMED = 3
"""Stated numbers that the message names."""
MANY = 5
"""Options of which each is compared as a rule of its own; of more only the last."""


def options_section(
    deciding: Options, policy: OptionsPolicy, outputs: Outputs, terms: OptionTerms, truths: Outputs | None,
    ids: NDArray[Any], *, split: str, seed: int,
) -> dict[str, Any]:  # fmt: skip
    """The part of ``run.json`` on a decision among options; see `Deciding.section`.

    ``values`` holds a row a rule: the chosen one first, then today's, nothing, each option for all who may get it, and
    the same number chosen by the probability alone. Who is held out gets nothing under every rule, as the chosen one
    would else pay alone for being measured. ``profit_expected`` rests on the model, ``profit_realised`` on what came;
    ``behind`` is the chosen rule's worth less this one's, on the same rows.
    """
    plan = deciding.stated
    told = valued(plan, terms, outputs)
    made = deciding.chosen(policy, told, terms, ids, solve=True)
    came, why_not = _realised(deciding, terms, outputs, truths)
    held = policy.held_out(ids)
    rules = _rules(deciding, policy, made, outputs, terms, told, held)
    values = [_value(title, choice, made.choice, told, came, seed) for title, choice in rules]
    status = "chosen" if made.allocation is None or made.allocation.status == "solved" else made.allocation.status
    return {
        "kind": "options",
        "currency": plan.currency,
        "message": _message(made, values[0], deciding, terms).to_dict(),
        "binding": _binding(made).to_dict(),
        "status": status,
        "batch": plan.batch,
        "holdout": plan.holdout,
        "held_out": int(held.sum()),
        "counts": made.counts(),
        "counts_split": split,
        "reasons": {code: int((made.reason == code).sum()) for code in dict.fromkeys(made.reason.tolist())},
        "options": _options(deciding, outputs, terms, told, made),
        "limits": _limits(made),
        "limits_by_date": _limits_by_date(made),
        "gap": None if made.allocation is None else _finite(made.allocation.gap),
        "curves": _curves(made),
        "values_basis": "expected" if came is None else "realised",
        "values_note": None if why_not is None else why_not.to_dict(),
        "values": values,
        "economics": {
            "text": Words(
                "Worth of each option for one customer, its cost taken off; the first option is nothing done.",
                "每个方案对单个客户的价值（已扣除成本）；第一个方案为不采取行动。",
            ).to_dict(),
            "formula": "\n".join(
                f"{name}: {_plain(o.value)}" + (f" - ({_plain(o.cost)})" if o.cost else "")
                for name, o in plan.every.items()
            ),
            "parameters": [
                {"name": name, "value": value, "unit": "", "title": {"en": name, "zh": name}, "assumed": False}
                for name, value in plan.terms.items()
            ],
        },
    }


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _realised(
    deciding: Options, terms: OptionTerms, outputs: Outputs, truths: Outputs | None
) -> tuple[Valued | None, Words | None]:
    """The options with what came in place of probabilities; or why that says nothing."""
    from tael.runs.deciding.options import names_of

    plan = deciding.stated
    if truths is None:
        return None, None
    named = {name for place, text in option_formulas(plan) if not place.endswith(".where") for name in names_of(text)}
    unseen = sorted(named & (set(outputs) - set(truths)))
    if unseen:
        return None, Words(
            f"What came of {', '.join(unseen)} is not observed: values are as the model expects them.",
            f"{'、'.join(unseen)} 没有可观测的结果：价值按模型预期计算。",
        )
    if not _linear(deciding, terms, outputs):
        return None, Words(
            "The options' values are not straight lines in the probabilities, so outcomes cannot stand in for them: "
            "values are as the model expects them.",
            "方案价值不是概率的线性函数，无法以实际结果代入：价值按模型预期计算。",
        )
    kept = {name: truths.get(name, outputs[name]) for name in outputs}
    return valued(plan, terms, kept, masks=outputs), None


def _linear(deciding: Options, terms: OptionTerms, outputs: Outputs) -> bool:
    """Whether the values are linear in all outputs together: then the mean of outcomes is what counts."""
    half = {name: values * 0.5 + 0.1 for name, values in outputs.items()}
    middle = {name: (values + half[name]) / 2 for name, values in outputs.items()}
    one, two, between = (valued(deciding.stated, terms, o, masks=outputs).value for o in (outputs, half, middle))
    scale = np.abs(one).max(initial=1.0)
    return bool(np.allclose(between, (one + two) / 2, rtol=1e-7, atol=1e-9 * scale))


def _rules(
    deciding: Options, policy: OptionsPolicy, made: Chosen, outputs: Outputs, terms: OptionTerms, told: Valued,
    held: NDArray[np.bool_],
) -> list[tuple[Words, NDArray[np.int64]]]:  # fmt: skip
    """The rules to compare: the chosen one first; those held out get nothing under any of them."""
    options = list(policy.options)
    n = len(made)
    found: list[tuple[Words, NDArray[np.int64]]] = [(Words("chosen", "所选策略"), made.choice)]
    if terms.today is not None:
        place = {name: k for k, name in enumerate(options)}
        found.append(
            (Words("today's rule", "现行规则"), np.array([place[str(t)] for t in terms.today], dtype=np.int64))
        )
    first = policy.titles[0]
    found.append((Words(f"{first.en} for all", f"全部：{first.zh}"), np.zeros(n, dtype=np.int64)))
    every = range(1, len(options)) if len(options) <= MANY + 1 else [len(options) - 1]
    for k in every:
        title = policy.titles[k]
        found.append(
            (
                Words(f"{title.en} for all who may get it", f"符合条件者全部：{title.zh}"),
                np.where(told.mask[:, k], k, 0),
            )
        )
    taken = np.bincount(made.choice[made.choice > 0], minlength=len(options))
    if taken.sum():
        k = int(taken.argmax())
        # where the option is worth less the likelier the label is (a loan, and default), the unlikeliest come first
        may, p = told.mask[:, k] & ~held, outputs["p"]
        more = valued(deciding.stated, terms, {n: v + 0.01 for n, v in outputs.items()}, masks=outputs).value
        gain = (more[:, k] - more[:, 0]) - (told.value[:, k] - told.value[:, 0])
        falls = bool(may.any() and gain[may].mean() < 0)
        choice = np.zeros(n, dtype=np.int64)
        for _, rows in campaigns_of(deciding.campaigns(terms), n):
            likely = rows[np.argsort(np.where(may, p if falls else -p, np.inf)[rows], kind="stable")]
            choice[likely[: min(int((made.choice[rows] > 0).sum()), int(may[rows].sum()))]] = k
        title = policy.titles[k]
        order = Words("lowest", "从低到高") if falls else Words("highest", "从高到低")
        found.append(
            (
                Words(f"{title.en} for as many, {order.en} probability first", f"同等人数按概率{order.zh}：{title.zh}"),
                choice,
            )
        )
    return [(title, np.where(held, 0, choice)) for title, choice in found]


def _value(
    title: Words, choice: NDArray[np.int64], chosen: NDArray[np.int64], told: Valued, came: Valued | None, seed: int
) -> dict[str, Any]:
    """What a rule is worth: as expected, and as it came out; and how far the chosen one is ahead of it."""
    at = np.arange(len(choice))
    expected = told.value[at, choice]
    realised = None if came is None else came.value[at, choice]
    basis = told if came is None else came
    ahead = basis.value[at, chosen] - basis.value[at, choice]
    worth = expected if realised is None else realised
    return {
        "policy": title.to_dict(),
        "profit": _total(worth, seed),
        "profit_expected": _total(expected, seed),
        "profit_realised": None if realised is None else _total(realised, seed),
        "behind": _total(ahead, seed),
        "treated": float((choice > 0).mean()) if len(choice) else 0.0,
        "uses": {name: float(use[at, choice].sum()) for name, use in told.uses.items()},
        "uses_realised": None if came is None else {n: float(u[at, choice].sum()) for n, u in came.uses.items()},
    }


def _total(gains: Floats, seed: int) -> dict[str, float]:
    value = float(gains.sum())
    if not len(gains) or not gains.any():
        return {"value": value, "low": value, "high": value}
    draws = np.concatenate([counts @ gains for counts in resample(len(gains), 400, np.random.default_rng(seed))])
    low, high = interval(value, draws, 0.95)
    return {"value": value, "low": float(low), "high": float(high)}


def _options(
    deciding: Options, outputs: Outputs, terms: OptionTerms, told: Valued, made: Chosen
) -> list[dict[str, Any]]:
    """A row an option: how many may get it, how many do, and what that brings."""
    plan, engine = deciding.stated, terms.engine
    own = terms.own | dict.fromkeys(outputs, Type.NUMBER)
    said_of = {k: Words(k, k) for k in outputs} | task_of(deciding.plan).outputs(engine)
    schema = own_schema(engine.tables.schema, engine.entity, plan, said_of)
    rows = []
    for k, (name, option) in enumerate(plan.every.items()):
        mine = made.choice == k
        rows.append(
            {
                "option": name,
                "title": made.titles[k].to_dict(),
                "eligible": int(told.mask[:, k].sum()),
                "n": int(mine.sum()),
                "share": float(mine.mean()) if len(mine) else 0.0,
                "probability": float(outputs["p"][mine].mean()) if mine.any() else None,
                "value": float(made.worth[mine].sum()),
                "value_each": float(made.worth[mine].mean()) if mine.any() else None,
                "uses": {resource: float(use[mine, k].sum()) for resource, use in told.uses.items()},
                "formula": _plain(option.value),
                "cost": _plain(option.cost),
                "where": option.where,
                "words": {lang: said(option.value, schema, engine.entity, own, lang) for lang in ("en", "zh")},
                "where_words": None
                if option.where is None
                else {lang: said(option.where, schema, engine.entity, own, lang) for lang in ("en", "zh")},
            }
        )
    return rows


def _plain(stated: float | str) -> str:
    return stated if isinstance(stated, str) else f"{stated:g}"


def _limits(made: Chosen) -> list[dict[str, Any]]:
    """Use, bounds and shadow price of each limit; a resource without a bound is no limit."""
    if made.allocation is None:
        return []
    rows = made.allocation.limits.to_dicts()
    return [row for row in rows if row["lower"] is not None or row["upper"] is not None]


def _limits_by_date(made: Chosen) -> list[dict[str, Any]]:
    """`_limits` of each date, where there are several; ``batch`` names the date."""
    if not isinstance(made.allocation, Campaigns):
        return []
    rows = made.allocation.by_name.to_dicts()
    return [row for row in rows if row["lower"] is not None or row["upper"] is not None]


def _curves(made: Chosen) -> list[dict[str, Any]]:
    """What more or less of each budget and capacity would be worth."""
    if made.allocation is None or made.allocation.status != "solved":
        return []
    table = made.allocation.sensitivity(FACTORS)
    return [
        {
            "constraint": name,
            "factor": part["factor"].to_list(),
            "limit": part["limit"].to_list(),
            "value": part["value"].to_list(),
            "shadow_price": part["shadow_price"].to_list(),
        }
        for (name,), part in table.group_by("constraint", maintain_order=True)
    ]


def _message(made: Chosen, value: dict[str, Any], deciding: Options, terms: OptionTerms) -> Words:
    """What was decided, on the part that was counted; of many options the most frequent."""
    currency = deciding.stated.currency
    if made.allocation is not None and made.allocation.status != "solved":
        return Words(made.allocation.words("en"), made.allocation.words("zh"))
    n, counts = len(made), made.counts()
    unit = f" {currency}" if currency else ""
    some = [(title, counts[name]) for name, title in zip(made.options, made.titles, strict=True) if counts[name]]
    some.sort(key=lambda pair: -pair[1])
    rest = sum(count for _, count in some[TOLD:])
    some = [*some[:TOLD], *([(Words("others", "其他"), rest)] if rest else [])]
    schema, entity = terms.engine.tables.schema, terms.engine.entity
    who, whom = schema.title_of(entity, lang="en"), schema.title_of(entity, lang="zh")
    if isinstance(made.allocation, Campaigns):
        dates = len(made.allocation.each)
        who, whom = f"{who} on {dates} dates, limits held for each", f"{whom}，{dates} 个日期，限额按日期分别执行"
    en = f"Out of time, {n:,} {who}: " + ", ".join(f"{c:,} {t.en}" for t, c in some) + ". "
    zh = f"跨期测试集（{whom}）共 {n:,} 个：" + "，".join(f"{t.zh} {c:,} 个" for t, c in some) + "。"
    en += f"Worth {value['profit_expected']['value']:,.0f}{unit} as expected"
    zh += f"预期价值 {value['profit_expected']['value']:,.0f}{unit}"
    if value["profit_realised"] is not None:
        told = value["profit_realised"]
        en += f", {told['value']:,.0f}{unit} [{told['low']:,.0f}, {told['high']:,.0f}] by what came"
        zh += f"，按实际结果 {told['value']:,.0f}{unit} [{told['low']:,.0f}, {told['high']:,.0f}]"
    if stated := _stated(deciding):
        en += f", on the stated terms ({stated})"
        zh += f"，均依所设参数（{stated}）"
    return Words(en + ".", zh + "。")


def _stated(deciding: Options) -> str:
    """The plan's numbers on which the options' values rest, such as a share saved that nobody has observed."""
    from tael.runs.deciding.options import names_of

    plan = deciding.stated
    named = {name for place, text in option_formulas(plan) if not place.endswith(".where") for name in names_of(text)}
    some = [f"{name} = {v:g}" for name, v in plan.terms.items() if name in named and isinstance(v, float | int)]
    return ", ".join([*some[:NAMED], *(["..."] if len(some) > NAMED else [])])


def _binding(made: Chosen) -> Words:
    """Which limits bind, and what one more unit of each would bring."""
    if made.allocation is None:
        return Words("Decided by the shadow prices of the validation batch.", "按验证批次的影子价格决定。")
    if made.allocation.status != "solved":
        return Words(made.allocation.words("en"), made.allocation.words("zh"))
    unit = f" {made.currency}" if made.currency else ""
    title = dict(zip(made.options, made.titles, strict=True))
    en, zh = [], []
    for row in made.allocation.limits.to_dicts():
        price, name = row["shadow_price"], str(row["constraint"])
        if not price:
            continue
        of = title.get(name, Words(name, name))
        each = {"": ("customer", "户"), "customer": ("customer", "户"), "point": ("point", "百分点")}.get(
            row["unit"], (row["unit"], row["unit"])
        )
        if price > 0:
            en.append(f"“{of.en}” is used up: one more {each[0]} is worth {price:,.4g}{unit}.")
            zh.append(f"“{of.zh}”已用足：每增加 1 {each[1]}，价值增加 {price:,.4g}{unit}。")
        else:
            en.append(f"The minimum of “{of.en}” costs: one {each[0]} less would bring {-price:,.4g}{unit}.")
            zh.append(f"“{of.zh}”的下限有代价：每降低 1 {each[1]}，价值增加 {-price:,.4g}{unit}。")
    if not en:
        return Words("No budget or capacity binds.", "没有预算或产能起约束作用。")
    if isinstance(made.allocation, Campaigns):
        dates = len(made.allocation.each)
        en.append(f"(Of all {dates} dates, each under the limits by itself.)")
        zh.append(f"（{dates} 个日期合计，每个日期分别受限额约束。）")
    return Words(" ".join(en), "".join(zh))
