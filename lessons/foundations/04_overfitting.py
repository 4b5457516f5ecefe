"""
[en]
Over-fitting
============

A model with enough freedom learns the noise by heart. It is perfect on what it has seen and poor on what comes.
[zh]
过拟合
======

自由度足够大的模型会把噪声背下来：对见过的数据完美，对新数据糟糕。
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

rng = np.random.default_rng(3)
x = np.sort(rng.uniform(0, 6, 24))
y = np.sin(x) + rng.normal(0, 0.3, 24)
new = np.sort(rng.uniform(0, 6, 400))
truth = np.sin(new) + rng.normal(0, 0.3, 400)

degrees, seen, unseen = range(1, 15), [], []
for degree in degrees:
    model = make_pipeline(PolynomialFeatures(degree), StandardScaler(), LinearRegression()).fit(x[:, None], y)
    seen.append(model.score(x[:, None], y))
    unseen.append(model.score(new[:, None], truth))

# %%
# [en]
# The gap between the two curves is over-fitting. Left, where both are low, is under-fitting.
# [zh]
# 两条曲线的差距就是过拟合；左端两者都低，是欠拟合。
plt.plot(degrees, seen, marker="o", label="train")  # zh: 训练
plt.plot(degrees, np.maximum(unseen, -0.5), marker="o", label="new data")  # zh: 新数据
plt.xlabel("degree of the polynomial")
plt.ylabel("R2")
plt.legend()
plt.show()

# %%
# [en]
# tael puts train, validation and out of time side by side, and judges the gap.
# [zh]
# tael 把训练、验证、时间外三个样本并排，并对差距给出结论。
best = int(np.argmax(unseen)) + 1
print(
    f"best degree {best}: train {seen[best - 1]:.2f}, new {unseen[best - 1]:.2f};  degree 14: train {seen[-1]:.2f}, new {unseen[-1]:.2f}"
)
