"""
[en]
The sigmoid and log odds: how a scorecard is made
=================================================

Logistic regression adds numbers up and sends the sum through the sigmoid. The sum is the log odds: add one unit and the
odds are multiplied. A scorecard is the same sum in points, so that a person can add it.
[zh]
Sigmoid 与对数几率：评分卡的由来
================================

逻辑回归把各项相加，再经过 sigmoid 变成概率。相加的就是对数几率：加一个单位，几率乘以一个倍数。评分卡把同一个和换算成分数，
人也能算。
"""

# %%
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np

z = np.linspace(-6, 6, 200)
plt.plot(z, 1 / (1 + np.exp(-z)))
plt.xlabel("log odds")  # zh: 对数几率
plt.ylabel("probability")  # zh: 概率
plt.show()

# %%
# [en]
# Twenty points double the odds (PDO), 600 points are odds of 50 good for one bad.
# [zh]
# 每 20 分几率翻倍（PDO）；600 分对应好坏比 50:1。
import polars as pl

from tael.models import Scorecard

rng = np.random.default_rng(0)
frame = pl.DataFrame(
    {
        "income": rng.lognormal(8.5, 0.5, 3000),
        "late": rng.poisson(0.6, 3000).astype(float),
        "home": rng.choice(["owner", "rent", "family"], 3000),
    }
)
logit = -2.5 - 0.8 * (np.log(frame["income"].to_numpy()) - 8.5) + 0.9 * frame["late"].to_numpy()
bad = (rng.random(3000) < 1 / (1 + np.exp(-logit))).astype(int)
card = Scorecard(pdo=20, base_score=600, base_odds=50).fit(frame, bad)
card.points_table()

# %%
points = card.score_points(frame)
edges = np.quantile(points, np.linspace(0, 1, 9))
rates = [bad[(points >= low) & (points <= high)].mean() for low, high in pairwise(edges)]
plt.bar(range(8), rates)
plt.xlabel("points, low to high")  # zh: 分数，由低到高
plt.ylabel("bad rate")  # zh: 坏账率
plt.show()
