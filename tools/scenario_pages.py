"""A page for each scenario: the whole way on a small example. What is changed for it to build in seconds, and
the words beside the figures, stand in ``lessons/scenarios/pages.toml``.
"""

from __future__ import annotations

import tomllib
from typing import Any

from lessons import LANGUAGES, LESSONS, in_language

_PAGE = '''"""
[en]
{title[en]}
{line}

{question[en]}

**The data are simulated**, and few, so that the page builds in seconds: no figure here says how good the
scenario is. Measured results stand on the benchmarks' pages. `tael run {name}` goes the same way on a larger example.
[zh]
{title[zh]}
{line}

{question[zh]}

**数据为模拟数据**，且数量很少，以便几秒内生成本页：这里的数字不代表场景的效果，测得的结果见基准测试页。
`tael run {name}` 以更大的示例走同样的流程。
"""

# %%
# [en]
# 1. The raw tables
# -----------------
#
# {tables[en]}
# [zh]
# 1. 原始数据表
# -------------
#
# {tables[zh]}
import tempfile
import tomllib
{wrap}
import tael
from {module} import {plan}
from tael.scenarios import {scenario}

chosen = tael.scenario("{name}")
plan = tomllib.loads(chosen.source)

# [en]
# The scenario as it is shipped, made smaller for this page{stated[en]}.
# [zh]
# 出厂场景，为本页缩小规模{stated[zh]}。
{changes}
scenario = {scenario}({plan}.from_dict(plan), chosen.source)

tables = scenario.example()
for table in tables.schema.tables:
    print(f"{{table:24}}", tables[table].shape)
tables["{shown}"].head(3)
{asked}# %%
# [en]
# {number}. The whole way
# ----------------
#
# One call: contract and leaks are checked, features computed as of each cutoff, the model is fitted,
# judged and asked for decisions, and the report is written.
# [zh]
# {number}. 走完全程
# -----------
#
# 一次调用：检查契约与泄漏，按各截止时刻计算特征，训练并评价模型，做出决策，写出报告。
folder = tempfile.TemporaryDirectory()
run = scenario.run(tables, out=folder.name, lang="{lang}", n_jobs=1)
print(sorted(path.name for path in run.path.iterdir()))
{features}
# %%
# [en]
# {last}. Verdict and decision
# -----------------------
#
# {decision[en]}
# [zh]
# {last}. 评价与决策
# -------------
#
# {decision[zh]}
from tael.cli.summary import summary

summary(run, "{lang}")
{picture}
# %%
# [en]
# The scenario as it is shipped is this page of TOML; `tael new {name} FOLDER` writes it out, to be edited.
# [zh]
# 出厂场景就是下面这页 TOML；`tael new {name} FOLDER` 会写出它，每一行都可修改。
print(chosen.source)
folder.cleanup()
'''

_LABEL = """
# %%
# [en]
# 2. The label
# ------------
#
# {label[en]}
# [zh]
# 2. 标签
# -------
#
# {label[zh]}
seen = scenario.sample(tables)
print(plan["label"]["formula"])
print(len(seen.frame), "observations")  # zh: 个观测
print(int(seen.labelled.sum()), "whose label is known")  # zh: 个标签已知
"""

_LABEL_MARKET = """
# %%
# [en]
# 2. The label
# ------------
#
# {label[en]}
# [zh]
# 2. 标签
# -------
#
# {label[zh]}
print(plan["label"]["formula"])
"""

_FEATURES = """
# %%
# [en]
# 4. The features, in words
# -------------------------
#
# {how[en]}What any of them may see ends at the cutoff.
# [zh]
# 4. 特征（文字）
# ---------------
#
# {how[zh]}任何公式都只能看到截止时刻之前的数据。
from tael.cli.summary import features_table

features_table(run, "{lang}")
"""

_STATED = {
    "en": "The search is left out here and a few formulas are stated: edit them, or set `search` to true. ",
    "zh": "这里不做搜索，而是写明几个公式：可以修改，也可以把 `search` 设为 true。",
}

_PICTURE_SCORES = """
# %%
# [en]
# Left, what each rule would have been worth to the same people, with its interval; right, how many get which decision.
# [zh]
# 左：各规则用于同一批对象的价值及区间；右：各类决策的数量。
import matplotlib.pyplot as plt
import polars as pl

rules = run.content["decision"]["values"][::-1]
counts = run.decisions.filter(pl.col("split") == "out_of_time").group_by("decision").len().sort("len")
figure, axes = plt.subplots(1, 2, figsize=(10, 1.6 + 0.35 * max(len(rules), len(counts))))
for place, rule in enumerate(rules):
    worth = rule["profit"]
    axes[0].plot([worth["low"], worth["high"]], [place, place], color="tab:blue")
    axes[0].plot(worth["value"], place, "o", color="tab:blue")
axes[0].set_yticks(range(len(rules)), [fill(rule["policy"]["{lang}"], 28) for rule in rules], fontsize=8)
axes[0].axvline(0, color="grey", linewidth=0.8)
axes[0].set_xlabel("CNY, simulated")  # zh: 元（模拟）
axes[1].barh([str(one) for one in counts["decision"]], counts["len"])
axes[1].set_xlabel("observations out of time")  # zh: 跨期观测数
figure.tight_layout()
plt.show()
"""

_ONE = """
# %%
# [en]
# One of them, and why: the decision, what decided, and what moved the score, the strongest first.
# [zh]
# 其中一个及其原因：决策、决定因素，以及对得分影响最大的因素。
last = run.decisions.filter(pl.col("split") == "out_of_time").sort("probability", descending=True, nulls_last=True)
one = last.row(0, named=True)
print(one["decision"], "|", one["reason_{lang}"])
for reason in one["reasons_{lang}"]:
    print("  ", reason)
"""

_PICTURE_POSITIONS = """
# %%
# [en]
# What is held over time: the sum of the sizes of all positions.
# [zh]
# 持仓随时间的变化：全部持仓规模之和。
import matplotlib.pyplot as plt
import polars as pl

size = run.decisions.columns[-1]
held = run.decisions.group_by("time").agg(pl.col(size).abs().sum()).sort("time")
plt.figure(figsize=(8, 3))
plt.plot(range(len(held)), held[size])
plt.xlabel("bars")  # zh: 期
plt.ylabel(size)
plt.show()
"""


def stated() -> dict[str, dict[str, Any]]:
    """Scenario -> what its page changes and says."""
    return tomllib.loads((LESSONS / "scenarios" / "pages.toml").read_text("utf-8"))


def with_page() -> list[str]:
    """The scenarios that have a page, in tael's order."""
    from tael.scenarios import SCENARIOS

    known = stated()
    return [name for name in SCENARIOS if name in known]


def _changes(changed: dict[str, Any], shipped: dict[str, Any]) -> str:
    """The lines that lay the changes over the plan.

    Examples
    --------
    >>> changed = {"example": {"n_customers": 900}, "model": {"members": ["linear"]}}
    >>> print(_changes(changed, {"example": {"seed": 0}}))
    plan["example"] |= {"n_customers": 900}
    plan["model"] = {"members": ["linear"]}
    """
    lines = []
    for section, fields in changed.items():
        path = "".join(f'["{name}"]' for name in section.split("."))
        laid = "|=" if section.split(".")[0] in shipped else "="
        lines.append(f"plan{path} {laid} {_literal(fields)}")
    return "\n".join(lines)


def _literal(value: Any) -> str:
    """A value as Python reads it, strings in double quotes where they hold none, formulas a line each."""
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{name}": {_literal(one)}' for name, one in value.items()) + "}"
    if isinstance(value, list):
        inside = [_literal(one) for one in value]
        short = ", ".join(inside)
        return f"[{short}]" if len(short) < 60 else "[\n    " + ",\n    ".join(inside) + ",\n]"
    return f'"{value}"' if isinstance(value, str) and not set(value) & set('"\\') else repr(value)


def scenario_page(name: str, lang: str) -> str:
    """The script of a scenario's page, in one language."""
    import tael
    from tael.scenarios import MARKETS

    pack, told = tael.scenario(name), stated()[name]
    market = name in MARKETS
    says = {part: {one: told[one][part] for one in LANGUAGES} for part in ("tables", "label", "decision")}
    picture = _PICTURE_POSITIONS if market else _PICTURE_SCORES.replace("{lang}", lang) + _ONE.replace("{lang}", lang)
    searches = told["changed"].get("features", {}).get("search", True)
    how = dict.fromkeys(LANGUAGES, "") if searches else _STATED
    return in_language(
        _PAGE.format(
            name=name, lang=lang, line="=" * 80,
            title={one: f"{pack.title(one)} ({name})" for one in LANGUAGES},
            question={one: pack.question(one) for one in LANGUAGES},
            module="tael.runs.markets.plan" if market else "tael.runs.plan",
            plan="MarketPlan" if market else "Plan", scenario="MarketScenario" if market else "Scenario",
            wrap="" if market else "from textwrap import fill\n",
            changes=_changes(told["changed"], tomllib.loads(pack.source)),
            shown=pack.plan.market.bars if market else pack.plan.observations.entity,
            stated={"en": "" if searches else ", with formulas that are stated",
                    "zh": "" if searches else "，并写明公式"},
            asked=(_LABEL_MARKET if market else _LABEL).format(**says), features=_FEATURES.format(lang=lang, how=how),
            number=3, last=5, picture=picture, **says,
        ),
        lang,
    )  # fmt: skip
