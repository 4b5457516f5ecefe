"""
[en]
Writing a scenario of your own
==============================

A scenario is a page of TOML: what is observed, when, which label, which decision. No Python is needed.
[zh]
编写自己的场景
==============

场景就是一页 TOML：观测谁、在何时、标签是什么、作何决策。不需要写 Python。
"""

# %%
# [en]
# Start from the nearest pack: it is written out with example data (simulated).
# [zh]
# 从最接近的现成场景开始：连同示例数据（模拟）一起写出。
import tempfile
from pathlib import Path

from tael.scenarios.project import run_project, write_project

folder = Path(tempfile.mkdtemp()) / "my-churn"
write_project("customer-churn", folder, customers=1500)
print(sorted(path.name for path in folder.iterdir()))

# %%
# [en]
# Edit what you like: here another name, and formulas of one's own in place of the search, so that the page builds in seconds.
# [zh]
# 随意修改：这里改了名字，并以自己写的公式代替搜索，使本页几秒即可生成。
page = folder / "scenario.toml"
text = page.read_text("utf-8").replace('name = "customer-churn"', 'name = "my-churn"')
own = [
    "last(balances.balance)",
    'mean(balances.balance, last="90d") / mean(balances.balance)',
    'count(complaints, last="90d")',
    'sum(balances.card_spend, last="90d")',
]
stated = "\n".join(["[features]", "search = false", f"force = {own}"])
text = text.replace("[features]", stated)
page.write_text(text, "utf-8")
print(text[:1500])

# %%
# [en]
# Run it; the edit is obeyed.
# [zh]
# 运行，修改立即生效。
run = run_project(str(folder), Path(tempfile.mkdtemp()))
print(run.path.name.partition("-2")[0])
run.decisions.head(3)
