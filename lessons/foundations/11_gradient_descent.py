"""
[en]
Gradient descent and the learning rate
======================================

To go down a valley in fog, feel the slope and take a step. The learning rate is the length of the step: too short and
it takes for ever, too long and it leaps over the valley.
[zh]
梯度下降与学习率
================

大雾中下山：摸一摸坡度，迈一步。学习率就是步长：太小，走不到；太大，会跨过谷底。
"""

# %%
# [en]
# The valley is f(x) = x², its slope 2x. From x = 1, a step is x - rate · 2x.
# [zh]
# 山谷为 f(x) = x²，坡度为 2x。从 x = 1 出发，每步 x - 学习率 · 2x。
import matplotlib.pyplot as plt
import numpy as np

at = np.linspace(-1.4, 1.4, 100)
figure, axes = plt.subplots(1, 4, figsize=(11, 3), sharey=True)
for axis, rate in zip(axes, (0.02, 0.2, 0.9, 1.05), strict=True):
    way = [1.0]
    for _ in range(10):
        way.append(way[-1] - rate * 2 * way[-1])
    axis.plot(at, at**2, color="tab:gray")
    axis.plot(way, np.square(way), marker="o", ms=4)
    axis.set_title(f"{rate}: x = {way[-1]:.2g}")
figure.tight_layout()
plt.show()

# %%
# [en]
# Boosting is gradient descent too: its step is a tree, its learning rate shrinks each tree.
# [zh]
# 提升也是梯度下降：每一步是一棵树，学习率缩小每棵树的贡献。
from lightgbm import LGBMClassifier
from sklearn.datasets import make_classification
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

X, y = make_classification(2500, 20, n_informative=6, flip_y=0.2, random_state=1)
train, test, y_train, y_test = train_test_split(X, y, random_state=0)
for rate in (0.02, 0.1, 0.6):
    model = LGBMClassifier(n_estimators=150, learning_rate=rate, num_leaves=15, n_jobs=1, verbose=-1).fit(
        train, y_train
    )
    loss = [log_loss(y_test, model.predict_proba(test, num_iteration=k)[:, 1]) for k in range(1, 151, 5)]
    plt.plot(range(1, 151, 5), loss, label=str(rate))
plt.xlabel("trees")  # zh: 树的数量
plt.ylabel("log loss on new data")  # zh: 新数据上的对数损失
plt.legend()
plt.show()
