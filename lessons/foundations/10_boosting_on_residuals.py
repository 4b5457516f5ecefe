"""
[en]
Boosting on residuals, round by round
=====================================

Boosting puts trees in series. Each one learns what is left of the answer after those before it: the residual. For a
yes or no the residual is outcome minus probability.
[zh]
梯度提升：一轮一轮拟合残差
==========================

提升把树串联起来，每棵树学习前面的树留下的部分：残差。对二分类问题，残差是“结果减去概率”。
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
from sklearn.tree import DecisionTreeRegressor

rng = np.random.default_rng(0)
x = np.sort(rng.uniform(0, 6, 200))
y = np.sin(x) + 0.3 * x + rng.normal(0, 0.2, 200)
told = np.full(200, y.mean())
figure, axes = plt.subplots(2, 4, figsize=(11, 5), sharex=True)
for k in range(4):
    residual = y - told
    tree = DecisionTreeRegressor(max_depth=2).fit(x[:, None], residual)
    axes[1, k].scatter(x, residual, s=4)
    axes[1, k].plot(x, tree.predict(x[:, None]), color="tab:red")
    told = told + 0.6 * tree.predict(x[:, None])
    axes[0, k].scatter(x, y, s=4)
    axes[0, k].plot(x, told, color="tab:red")
    axes[0, k].set_title(f"{k + 1}: MSE {np.mean((y - told) ** 2):.3f}")
axes[0, 0].set_ylabel("sum so far")  # zh: 当前之和
axes[1, 0].set_ylabel("residual")  # zh: 残差
figure.tight_layout()
plt.show()

# %%
# [en]
# The same for a yes or no: the residual is outcome - probability, the sum lives in log odds.
# [zh]
# 二分类同理：残差 = 结果 - 概率，累加在对数几率上进行。
bad = (rng.random(200) < 1 / (1 + np.exp(-(x - 3) * 1.5))).astype(float)
odds = np.full(200, np.log(bad.mean() / (1 - bad.mean())))
for k in range(1, 31):
    p = 1 / (1 + np.exp(-odds))
    if k in (1, 2, 5, 30):
        print(
            f"round {k:2d}: largest |outcome - probability| {np.abs(bad - p).max():.2f}, "
            f"log loss {-np.mean(bad * np.log(p) + (1 - bad) * np.log(1 - p)):.3f}"
        )
    odds += 0.5 * 4 * DecisionTreeRegressor(max_depth=1).fit(x[:, None], bad - p).predict(x[:, None])
