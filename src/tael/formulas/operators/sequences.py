"""A window's rows side by side: quantiles, frequencies, runs, bursts, running totals, what follows what."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tael.errors import FormulaError
from tael.formulas.operators.base import ANY, NUMERIC, Operator, Types
from tael.tables.schema import Type

Slots = Mapping[str, str]
_CONSTANT = frozenset({Type.NUMBER})
_SHARE = ((0.0, 1.0),)
_TEENS = (11, 12, 13)
_ORDINALS = {1: "st", 2: "nd", 3: "rd"}


def _of_rows(name: str, written: str) -> Callable[[Types], Type]:
    def result(types: Types) -> Type:
        if types:
            raise FormulaError(
                f"`{name}` takes the rows of a table.",
                expected="a table",
                got=str(types[0]),
                fix=f"Write `{written}`; a condition on a column belongs in `where=`.",
            )
        return Type.NUMBER

    return result


def _percent(text: str) -> str:
    return f"{float(text) * 100:.6g}"


def _quantile(slots: Slots, types: Sequence[Type]) -> str:
    percent = _percent(slots["parameter"])
    whole = float(percent).is_integer() and int(float(percent)) % 100 not in _TEENS
    ending = _ORDINALS.get(int(float(percent)) % 10, "th") if whole else "th"
    return f"{percent}{ending} percentile of {slots['of']}"


def _quantile_zh(slots: Slots, types: Sequence[Type]) -> str:
    return f"{slots['of']}的{_percent(slots['parameter'])}%分位数"


def _burst(slots: Slots, types: Sequence[Type]) -> str:
    # "most transactions within any 7 days of the last 90 days where ...": the span before the window and condition
    tail = slots["rows"].removeprefix(slots["noun"])
    if slots["window"]:
        tail = tail.replace(" in the", " of the", 1)
    return f"most {slots['noun']} within any {slots['within'].removeprefix('1 ')}{tail}"


def _near(slots: Slots, word: str) -> str:
    percent = _percent(slots["parameter"])
    return "" if percent == "0" else word.format(percent)


def _matched(slots: Slots, types: Sequence[Type]) -> str:
    near = _near(slots, " (to within {}%)")
    return (
        f"share of total {slots['of']} where {slots['after']} and that is followed within {slots['within']}"
        f" by the same {slots['value']}{near} where {slots['condition']}"
    )


def _matched_zh(slots: Slots, types: Sequence[Type]) -> str:
    near = _near(slots, "相近（相差不超过{}%）") or "相同"
    return (
        f"{slots['of']}中{slots['after']}的部分在{slots['within']}内有{slots['condition']}且{slots['value']}{near}"
        f"的{slots['noun']}与之对应的占比"
    )


OPERATORS = (
    Operator(
        "median",
        "aggregate",
        (NUMERIC,),
        Type.NUMBER,
        {"en": "median {of}", "zh": "{of}中位数"},
        {
            "en": "The middle value, or the mean of the two middle ones.",
            "zh": "中间的值；个数为偶数时取中间两个的均值。",
        },
        'median(loans.amount, last="1y")',
        at_once=True,
    ),
    Operator(
        "quantile",
        "aggregate",
        (NUMERIC, _CONSTANT),
        Type.NUMBER,
        {"en": _quantile, "zh": _quantile_zh},
        {
            "en": "The value below which a share of the values lies (0 to 1), by linear interpolation between the "
            "sorted values (type 7 of Hyndman and Fan).",
            "zh": "给定比例（0 到 1）的分位数，在排序后的值之间线性插值（Hyndman 与 Fan 的第 7 种）。",
        },
        "quantile(loans.amount, 0.9)",
        arity=(2, 2),
        constants=(1,),
        limits=_SHARE,
        at_once=True,
    ),
    Operator(
        "entropy",
        "aggregate",
        (ANY,),
        Type.NUMBER,
        {"en": "diversity (entropy) of {values} of {rows}", "zh": "{rows}的{value}分散度（熵）"},
        {
            "en": "Shannon's entropy, in nats, of the shares of the different values: 0 for one value alone, the "
            "logarithm of their number where all are equally frequent.",
            "zh": "各取值占比的香农熵（自然对数）：只有一种取值时为 0，各取值等频时为取值个数的对数。",
        },
        'entropy(loans.purpose, last="1y")',
        at_once=True,
    ),
    Operator(
        "top_share",
        "aggregate",
        (ANY,),
        Type.NUMBER,
        {"en": "share of the most frequent {value} of {rows}", "zh": "{rows}中最常见{value}的占比"},
        {
            "en": "The share of the most frequent value among the values that are there.",
            "zh": "出现最多的取值在非缺失值中的占比。",
        },
        "top_share(loans.purpose)",
        at_once=True,
    ),
    Operator(
        "longest_streak",
        "aggregate",
        (ANY,),
        _of_rows("longest_streak", "longest_streak(loans, where=amount > 1000)"),
        {
            "en": "longest run of {plain} where {condition}",
            "zh": "{plain}中{condition}的最长连续次数",
        },
        {
            "en": "Most rows in a row, in the order of time, where the condition holds; a row where it is unknown ends "
            "the run.",
            "zh": "按时间顺序连续满足条件的最多行数；条件未知的行使连续中断。",
        },
        "longest_streak(loans, where=amount > 1000)",
        empty=0.0,
        rows=True,
        timed=True,
        needs_where=True,
        at_once=True,
    ),
    Operator(
        "burst",
        "aggregate",
        (ANY,),
        _of_rows("burst", 'burst(loans, within="7d")'),
        {"en": _burst, "zh": "{rows}在任意{within}内的最多数量"},
        {
            "en": "Most rows in any span of that length: from a row on, those less than the span after it.",
            "zh": "任意一段该时长内的最多行数：从某一行起、与其相距不足该时长的行。",
        },
        'burst(loans, within="7d")',
        empty=0.0,
        rows=True,
        timed=True,
        options=("within",),
        at_once=True,
    ),
    Operator(
        "periodicity",
        "aggregate",
        (ANY,),
        _of_rows("periodicity", "periodicity(loans)"),
        {"en": "regularity of the days between {rows}", "zh": "{rows}间隔的规律性"},
        {
            "en": "The share of the gaps between successive rows that differ from their median by at most a tenth of "
            "it: near 1 for salary, rent and instalments; needs three rows.",
            "zh": "相邻两条的间隔中，与间隔中位数相差不超过其十分之一的占比：工资、房租、分期接近 1；至少需要三条。",
        },
        "periodicity(loans)",
        rows=True,
        timed=True,
        at_once=True,
    ),
    Operator(
        "balance_after",
        "aggregate",
        (NUMERIC,),
        Type.NUMBER,
        {"en": "lowest running total of {of}", "zh": "{of}累计最低值"},
        {
            "en": "The lowest running total after any row in the order of time, from 0 before the window: how far an "
            "account was drained; missing values are skipped.",
            "zh": "按时间顺序逐条累计（窗口前为 0）后的最低值，即账户被抽空的程度；跳过缺失值。",
        },
        'balance_after(loans.amount, last="90d")',
        timed=True,
        at_once=True,
    ),
    Operator(
        "slope",
        "aggregate",
        (NUMERIC, NUMERIC),
        Type.NUMBER,
        {"en": "slope of {value} on {second} over {rows}", "zh": "{rows}的{value}对{second}的斜率"},
        {
            "en": "The least-squares slope of the first value on the second, over rows where both are there; needs two "
            "different second values (a 1e-12th apart).",
            "zh": "第一个值对第二个值的最小二乘斜率，只用两者都有的行；第二个值至少要有两种取值（相对差 1e-12 以上）。",
        },
        "slope(loans.amount, approved - opened)",
        arity=(2, 2),
        at_once=True,
    ),
    Operator(
        "share_of",
        "aggregate",
        (NUMERIC,),
        Type.NUMBER,
        {"en": "share of total {of} where {condition}", "zh": "{of}中{condition}的占比"},
        {
            "en": "The sum of the value where the condition holds over its sum in all rows of the window; missing "
            "where that is 0 (to a 1e-12th of what is added up).",
            "zh": "满足条件的行的总和除以窗口内全部行的总和；后者为 0（相对误差 1e-12 以内）时缺失。",
        },
        'share_of(loans.amount, where=purpose == "car")',
        needs_where=True,
        at_once=True,
    ),
    Operator(
        "next_event",
        "aggregate",
        (ANY,),
        _of_rows("next_event", 'next_event(loans, after=purpose == "car", where=purpose == "home")'),
        {
            "en": "average days from each {one} where {after} to the next where {condition}",
            "zh": "{rows}从{after}到下一次{condition}的平均天数",
        },
        {
            "en": "The mean days from each row that meets `after` to the next later row that meets the condition; rows "
            "without one are left out.",
            "zh": "从每条满足 `after` 的行到其后第一条满足条件的行的平均天数；其后没有的行不计。",
        },
        'next_event(loans, after=purpose == "car", where=purpose == "home")',
        rows=True,
        timed=True,
        needs_where=True,
        options=("after",),
        at_once=True,
    ),
    Operator(
        "matched",
        "aggregate",
        (NUMERIC, _CONSTANT),
        Type.NUMBER,
        {"en": _matched, "zh": _matched_zh},
        {
            "en": "Of the total value of the rows that meet `after`, the share that is passed on: each such row, in "
            "the order of time, takes the first later row not yet taken that meets the condition, less than `within` "
            "after it, whose value differs by at most the ratio (0 to 1) of its own; values not above 0 do not count.",
            "zh": "满足 `after` 的行的总额中被转出的占比：每条这样的行按时间顺序取其后 `within` 之内第一条满足条件、"
            "尚未被取用、且金额相差不超过该比例（0 到 1）的行；不大于 0 的金额不计。",
        },
        'matched(loans.amount, 0.1, after=purpose == "car", where=purpose == "home", within="2d")',
        arity=(2, 2),
        timed=True,
        needs_where=True,
        constants=(1,),
        limits=_SHARE,
        options=("after", "within"),
        at_once=True,
    ),
)
