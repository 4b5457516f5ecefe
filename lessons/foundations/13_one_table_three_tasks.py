"""
[en]
One table, three tasks
======================

A table of prices by day: date, stock, close, volume. Tomorrow's close is a regression, up or down tomorrow is a
classification, and the style of the stocks is a clustering. The last day's label is empty: those rows are to be
foretold. One call, `tael.fit`, does all three; `tael fit TABLE.csv --label COLUMN` is the same on the command line.
The prices are simulated.
[zh]
一张表，三个任务
================

一张日线表：日期、股票、收盘价、成交量。明日收盘价是回归，明日涨跌是分类，股票风格是聚类。最后一天的标签为空：那正是要预测的行。
三个任务用同一个调用 `tael.fit`；命令行为 `tael fit TABLE.csv --label COLUMN`。价格为模拟数据。
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
import polars as pl

import tael

LANG = "en"  # zh: zh
rng = np.random.default_rng(0)
days, names = 120, [f"{600000 + k}" for k in range(24)]
parts = []
for k, name in enumerate(names):
    close = (10 + k) * np.exp(np.cumsum(rng.normal(0, 0.01 if k % 2 else 0.03, days)))
    parts.append(
        pl.DataFrame(
            {
                "date": np.datetime64("2024-01-01") + np.arange(days),
                "stock": name,
                "close": close.round(2),
                "volume": rng.lognormal(12 + 2 * (k % 2), 0.4, days).round(),
            }
        )
    )
table = pl.concat(parts).with_columns(pl.col("close").shift(-1).over("stock").alias("next_close"))
table = table.with_columns((pl.col("next_close") > pl.col("close")).alias("up"))
table.tail(2)

# %%
# [en]
# Regression: the label is a number. What was found about each column is told: `up` is empty wherever the label is, so
# it is known only with the label and may not be looked at.
# [zh]
# 回归：标签是数字。每一列的判断都会说明：`up` 与标签同时为空，可见它与标签同时才知道，因此不得使用。
price = tael.fit(table, label="next_close", model="sklearn.linear_model.LinearRegression")
print(price.task, {name: round(value, 3) for name, value in price.figures["out_of_time"].items()})
for column, why in price.table.ignored.items():
    print(column, "-", why[LANG == "zh"])
for verdict in price.verdicts:
    print(verdict.code, verdict.text(LANG))
price.predictions.head(3)

# %%
# [en]
# An R² near 1, and no skill: tomorrow's price is nearly today's. Before a figure is admired it is put beside the
# simplest rule.
# [zh]
# R² 接近 1，却没有本领：明日价格几乎就是今日价格。欣赏一个数字之前，先与最简单的规则比较。
known = table.filter(pl.col("next_close").is_not_null())
later = known.filter(pl.col("date") >= known["date"].quantile(0.75))
as_today = (
    1
    - ((later["next_close"] - later["close"]) ** 2).sum()
    / ((later["next_close"] - later["next_close"].mean()) ** 2).sum()
)
print("R2 of 'as today':", round(as_today, 3))  # zh: “与今日相同”的 R2：

# %%
# [en]
# Classification: the same call with the label `up`. A random walk cannot be foretold, and the verdict says so.
# [zh]
# 分类：同样的调用，标签换成 `up`。随机游走无法预测，评语也如实说明。
move = tael.fit(table, label="up", model="sklearn.linear_model.LogisticRegression")
print(move.task, move.classes, {name: round(move.figures["out_of_time"][name], 3) for name in ("roc_auc", "f1")})
for verdict in move.verdicts:
    print(verdict.code, verdict.text(LANG))
move.predictions.head(3)

# %%
# [en]
# Clustering: one row a stock, its daily swing and its volume, and no label at all. Segments come with a rule in words.
# [zh]
# 聚类：每只股票一行，日波动与成交量，没有标签。每个分群都附有文字规则。
style = table.group_by("stock", maintain_order=True).agg(
    pl.col("close").pct_change().std().alias("swing"), pl.col("volume").mean().log().alias("log_volume")
)
groups = tael.fit(style)
print(groups.task, groups.figures["all"])
for segment in groups.content["fit"]["segments"]:
    print(segment["segment"], segment["rows"], segment["rule"][LANG])

plt.scatter(style["swing"], style["log_volume"], c=groups.predictions["segment"].rank("dense"), s=80)
plt.xlabel("daily swing")  # zh: 日波动
plt.ylabel("log of volume")  # zh: 成交量（对数）
plt.show()
