"""
[en]
Bringing your own tables
========================

Put CSV files into a folder. `tael infer` drafts `tables.toml`, which says what each column is and when a row became known.
Read the times: they are what keeps the future out.
[zh]
使用自有数据
============

把 CSV 文件放进一个文件夹，`tael infer` 会起草 `tables.toml`：每列是什么、每行何时已知。请重点检查时间：它们负责把未来挡在外面。
"""

# %%
import tempfile
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl

import tael

rng = np.random.default_rng(0)
folder = Path(tempfile.mkdtemp())
day = np.datetime64("2024-01-01")
customers = pl.DataFrame(
    {
        "customer_id": [f"C{k:04d}" for k in range(300)],
        "age": rng.integers(20, 65, 300),
        "city": rng.choice(["Beijing", "Shanghai", "Chengdu"], 300),
    }
)
orders = pl.DataFrame(
    {
        "order_id": range(3000),
        "customer_id": rng.choice(customers["customer_id"], 3000),
        "ordered": day + rng.integers(0, 300, 3000),
        "amount": rng.lognormal(4, 1, 3000).round(2),
    }
)
customers.write_csv(folder / "customers.csv")
orders.write_csv(folder / "orders.csv")

# %%
# [en]
# The draft, with the reason of each guess.
# [zh]
# 草稿，附每个推断的理由。
from typer.testing import CliRunner

from tael.cli.app import app

print(CliRunner().invoke(app, ["infer", str(folder), "--write"]).output)
print((folder / "tables.toml").read_text("utf-8"))

# %%
# [en]
# Read the tables, and ask a formula of each customer at a cutoff.
# [zh]
# 读取数据表，在某个时点对每位客户计算公式。
tables = tael.read_tables(folder)
X = pl.DataFrame({"customer_id": customers["customer_id"], "cutoff": [datetime(2024, 8, 1)] * 300})
engine = tael.Engine(tables, "customers")
recent, usual = (one.data for one in engine.evaluate(['sum(orders.amount, last="60d")', "mean(orders.amount)"], X))

# %%
import matplotlib.pyplot as plt

plt.scatter(usual, recent, s=8)
plt.xlabel("mean order before the cutoff")  # zh: 时点之前的平均订单金额
plt.ylabel("sum of the last 60 days")  # zh: 近 60 天合计
plt.show()
