"""
[en]
One table, three tasks
======================

A table of prices by day: date, stock, close, volume. Tomorrow's close is a regression, up or down tomorrow is a
classification, and the style of the stocks is a clustering. The last day's label is empty: those rows are to be foretold.
[zh]
一张表，三个任务
================

一张日线表：日期、股票、收盘价、成交量。明日收盘价是回归，明日涨跌是分类，股票风格是聚类。最后一天的标签为空：那正是要预测的行。
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
import polars as pl

rng = np.random.default_rng(0)
days, names = 120, ["600000", "600036", "601318", "000001", "000858"]
parts = []
for k, name in enumerate(names):
    close = 10 * (k + 1) * np.exp(np.cumsum(rng.normal(0, 0.01 * (1 + k % 3), days)))
    parts.append(
        pl.DataFrame(
            {
                "date": np.datetime64("2024-01-01") + np.arange(days),
                "stock": name,
                "close": close.round(2),
                "volume": rng.lognormal(12 + k % 2, 0.4, days).round(),
            }
        )
    )
table = pl.concat(parts).with_columns(pl.col("close").shift(-1).over("stock").alias("next_close"))
table = table.with_columns((pl.col("next_close") > pl.col("close")).alias("up"))
table.tail(2)

# %%
# [en]
# The date is time, the stock a key, close and volume are features; rows without a label are those to predict.
# [zh]
# 日期是时间，股票是键，收盘价与成交量是特征；没有标签的行就是要预测的行。
from sklearn.linear_model import LinearRegression, LogisticRegression

known, open_rows = table.filter(pl.col("next_close").is_not_null()), table.filter(pl.col("next_close").is_null())
past, later = known.filter(pl.col("date") < pl.date(2024, 4, 1)), known.filter(pl.col("date") >= pl.date(2024, 4, 1))
price = LinearRegression().fit(past.select("close"), past["next_close"])
print(
    "regression, R2 out of time:",
    round(price.score(later.select("close"), later["next_close"]), 3),
    "- but so has 'as today':",
    round(1 - ((later["next_close"] - later["close"]) ** 2).mean() / later["next_close"].var(), 3),
)
move = LogisticRegression().fit(past.select(pl.col("volume").log()), past["up"])
print("classification, accuracy out of time:", round(move.score(later.select(pl.col("volume").log()), later["up"]), 3))
print("tomorrow:", dict(zip(open_rows["stock"], price.predict(open_rows.select("close")).round(2), strict=True)))

# %%
# [en]
# Style: one row a stock, its daily swing and its volume, without any label.
# [zh]
# 风格：每只股票一行，用日波动与成交量聚类，不需要标签。
from sklearn.cluster import KMeans

style = table.group_by("stock").agg(
    pl.col("close").pct_change().std().alias("swing"), pl.col("volume").mean().log().alias("volume")
)
style = style.sort("stock")
scaled = style.select((pl.col("swing", "volume") - pl.col("swing", "volume").mean()) / pl.col("swing", "volume").std())
group = KMeans(2, n_init=10, random_state=0).fit_predict(scaled.to_numpy())
plt.scatter(style["swing"], style["volume"], c=group, s=80)
plt.xlabel("daily swing")  # zh: 日波动
plt.ylabel("log of volume")  # zh: 成交量（对数）
plt.show()
