"""
[en]
Bagging and 63.2 %
==================

Draw n rows out of n with replacement: a row is missed each time with chance 1 - 1/n, so it is drawn at least once with
chance 1 - (1 - 1/n)^n, which goes to 1 - 1/e = 63.2 %. The other 36.8 % are out of the bag: a test set for free.
[zh]
Bagging 与 63.2 %
=================

从 n 行中有放回地抽 n 次：某行每次没被抽中的概率是 1 - 1/n，至少抽中一次的概率是 1 - (1 - 1/n)^n，趋近于 1 - 1/e = 63.2 %。
其余 36.8 % 是“袋外”数据：免费的测试集。
"""

# %%
import matplotlib.pyplot as plt
import numpy as np

rng = np.random.default_rng(0)
sizes = [2, 3, 5, 10, 20, 50, 100, 1000]
drawn = [np.mean([len(np.unique(rng.integers(0, n, n))) / n for _ in range(400)]) for n in sizes]
theory = [1 - (1 - 1 / n) ** n for n in sizes]
for n, got, told in zip(sizes, drawn, theory, strict=True):
    print(f"n = {n:4d}   drawn {got:.3f}   formula {told:.3f}")

# %%
plt.semilogx(sizes, drawn, "o", label="simulated")  # zh: 模拟
plt.semilogx(sizes, theory, label="formula")  # zh: 公式
plt.axhline(1 - np.exp(-1), ls="--", color="tab:gray", label="1 - 1/e")
plt.xlabel("rows")  # zh: 行数
plt.ylabel("share drawn at least once")  # zh: 至少抽中一次的比例
plt.legend()
plt.show()

# %%
# [en]
# Why it helps: trees on different bags err differently, and the mean of many errs less.
# [zh]
# 为什么有效：不同袋子里的树犯不同的错，平均之后错得更少。
from sklearn.tree import DecisionTreeRegressor

x = np.sort(rng.uniform(0, 6, 150))
y = np.sin(x) + rng.normal(0, 0.4, 150)
at = np.linspace(0, 6, 300)
trees = []
for _ in range(100):
    bag = rng.integers(0, 150, 150)
    trees.append(DecisionTreeRegressor().fit(x[bag, None], y[bag]).predict(at[:, None]))
error = [np.mean((np.mean(trees[:k], axis=0) - np.sin(at)) ** 2) for k in range(1, 101)]
plt.plot(range(1, 101), error)
plt.xlabel("trees averaged")  # zh: 平均的树数
plt.ylabel("squared error against the truth")  # zh: 与真值的平方误差
plt.show()
