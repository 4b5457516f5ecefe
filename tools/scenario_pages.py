"""A page for each scenario: the whole way on a small example, with formulas that are stated, so that
it builds in seconds.
"""

from __future__ import annotations

from lessons import LANGUAGES, in_language

_CUSTOMER = ("age", "last(balances.balance)", 'mean(balances.balance, last="90d") / mean(balances.balance)',
             'count(app_events, last="30d")', 'count(service_contacts, last="90d")')  # fmt: skip

_APPLICANT = ("amount", "term_months", "customers.income", 'count(bureau_enquiries, last="90d")',
              "max(delinquencies.days_past_due)", "last(external_scores.score)")  # fmt: skip
_CASE = ("days_past_due", "overdue_amount", "balance", "customers.income", "customers.age",
         'count(transactions, last="30d")')  # fmt: skip

STATED: dict[str, tuple[int, tuple[str, ...]]] = {
    "customer-churn": (1500, _CUSTOMER),
    "credit-approval": (
        1500,
        ("amount", "customers.income", 'count(bureau_enquiries, last="90d")', "max(delinquencies.days_past_due)"),
    ),
    "credit-limit": (1500, _APPLICANT),
    "borrower-churn": (1500, ("principal_left", "loans.annual_rate", 'count(app_events, last="30d")')),
    "collection-repayment": (2500, _CASE),
    "collection-complaint": (2500, _CASE),
}
"""Scenario -> customers of its example, and the formulas that its page states in place of the search."""

MARKET_SIZES = {"futures-daily": 12, "stock-intraday": 3, "futures-intraday": 4}
"""Entities of a market's example; days of an order book."""

_PAGE = '''"""
[en]
{title_en}
{line}

{question_en}

**The data are simulated**, and few, so that the page builds in seconds: no figure here says how good the
scenario is. Measured results stand on the benchmarks' pages. `tael run {name}` goes the same way on a larger example.
[zh]
{title_zh}
{line}

{question_zh}

**数据为模拟数据**，且数量很少，以便几秒内生成本页：这里的数字不代表场景的效果，测得的结果见基准测试页。
`tael run {name}` 以更大的示例走同样的流程。
"""

# %%
# [en]
# The raw tables.
# [zh]
# 原始数据表。
import tempfile

import tael
{imports}
chosen = tael.scenario("{name}")
{small}
tables = scenario.example()
for table in tables.schema.tables:
    print(table, tables[table].shape)

# %%
# [en]
# The whole way: contract, features, model, evaluation, decision, report.
# [zh]
# 走完全程：契约检查、特征、模型、评估、决策、报告。
folder = tempfile.TemporaryDirectory()
run = scenario.run(tables, out=folder.name, lang="{lang}", n_jobs=1)
print(sorted(path.name for path in run.path.iterdir()))

# %%
# [en]
# What came out, as the command line says it.
# [zh]
# 结果，与命令行所示相同。
from tael.cli.summary import summary

summary(run, "{lang}")
{picture}
# %%
# [en]
# The scenario as a whole is this page; `tael new {name} FOLDER` writes it out, and every line may be edited.
# [zh]
# 场景的全部定义如下；`tael new {name} FOLDER` 会写出它，每一行都可修改。
print(chosen.source)
folder.cleanup()
'''

_SMALL_MARKET = """
# [en]
# The scenario with a smaller example.
# [zh]
# 同一场景，示例规模更小。
scenario = chosen.sized({size})"""

_SMALL_PACK = """
# [en]
# The search for features is left out and a few formulas are stated: edit them, or take the line out and let it search.
# [zh]
# 这里不做特征搜索，而是写明几个公式：可以修改，也可以删掉这一行让它搜索。
plan = chosen.plan
scenario = Scenario(
    plan.model_copy(
        update={{
            "example": plan.example.model_copy(update={{"n_customers": {size}}}),
            "features": plan.features.model_copy(update={{"search": False, "force": {force}}}),
            "model": plan.model.model_copy(update={model}),
        }}
    ),
    chosen.source,
)"""

_PICTURE_SCORES = """
# %%
# [en]
# What the decisions are worth by the model (or how probable the event is), and how many of each there are.
# [zh]
# 各决策的期望价值（或事件的概率），以及各类决策的数量。
import matplotlib.pyplot as plt

decisions = run.decisions
counts = decisions.group_by("decision").len().sort("len")
figure, axes = plt.subplots(1, 2, figsize=(9, 3.4))
shown = "expected_value" if "expected_value" in decisions.columns else "probability"
axes[0].hist(decisions[shown].drop_nulls(), bins=40)
axes[0].set_xlabel(shown)
axes[1].barh([str(one) for one in counts["decision"]], counts["len"])
axes[1].set_xlabel("observations")  # zh: 观测数
figure.tight_layout()
plt.show()
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


def with_page() -> list[str]:
    """The scenarios that have a page, in tael's order."""
    from tael.scenarios import SCENARIOS

    return [name for name in SCENARIOS if name in STATED or name in MARKET_SIZES]


def scenario_page(name: str, lang: str) -> str:
    """The script of a scenario's page, in one language."""
    import tael
    from tael.scenarios import MARKETS

    pack = tael.scenario(name)
    title = {one: f"{pack.title(one)} ({name})" for one in LANGUAGES}
    if name in MARKETS:
        imports, small, picture = "", _SMALL_MARKET.format(size=MARKET_SIZES[name]), _PICTURE_POSITIONS
    else:
        size, force = STATED[name]
        model = {"portfolio": {"members": ("boosted", "linear")}, "uplift": {"learner": "t_linear"}}
        imports = "from tael.scenarios import Scenario\n"
        small = _SMALL_PACK.format(size=size, force=force, model=model.get(pack.plan.model.kind, {}))
        picture = _PICTURE_SCORES
    return in_language(
        _PAGE.format(
            name=name, lang=lang, line="=" * 80, title_en=title["en"], title_zh=title["zh"], imports=imports,
            small=small, picture=picture, question_en=pack.question("en"), question_zh=pack.question("zh"),
        ),
        lang,
    )  # fmt: skip
