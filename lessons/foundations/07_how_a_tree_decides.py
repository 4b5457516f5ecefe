"""
[en]
How a tree decides
==================

A tree asks one question after another. It takes the question after which the answers are purest: the Gini index or the
entropy falls most. For numbers, the variance falls most.
[zh]
决策树如何决策
==============

树一个接一个地提问，每次都选让答案最“纯”的问题：基尼指数或信息熵下降最多。对数值目标，则是方差下降最多。
"""

# %%
# [en]
# One column, every threshold: how much impurity does each question take away?
# [zh]
# 单列、所有可能的阈值：每个问题能消除多少不纯度？
import matplotlib.pyplot as plt
import numpy as np
from sklearn.tree import DecisionTreeClassifier, plot_tree

rng = np.random.default_rng(0)
late = rng.poisson(1.5, 400)
income = rng.uniform(2, 12, 400)
bad = (rng.random(400) < np.where(late > 2, 0.6, np.where(income < 4, 0.3, 0.05))).astype(int)


def gini(y):
    p = y.mean() if len(y) else 0.0
    return 2 * p * (1 - p)


thresholds = np.linspace(2.2, 11.8, 60)
gain = [
    gini(bad) - np.mean(income <= t) * gini(bad[income <= t]) - np.mean(income > t) * gini(bad[income > t])
    for t in thresholds
]
plt.plot(thresholds, gain)
plt.xlabel("income <= ?")  # zh: 收入 <= ?
plt.ylabel("fall of the Gini index")  # zh: 基尼指数下降
plt.show()

# %%
# [en]
# The tree found both questions, in the order of what they tell.
# [zh]
# 树找到了这两个问题，并按信息量排序。
tree = DecisionTreeClassifier(max_depth=2, min_samples_leaf=20, random_state=0).fit(
    np.column_stack([late, income]), bad
)
plt.figure(figsize=(8, 4))
plot_tree(
    tree, feature_names=["late", "income"], class_names=["good", "bad"], filled=True, impurity=True, proportion=True
)
plt.show()
