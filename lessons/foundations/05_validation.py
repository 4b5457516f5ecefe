"""
[en]
Validation and K-fold
=====================

To know how a model does on what it has not seen, keep something unseen. K-fold gives every row its turn. In finance the
rows have an order: tomorrow must not teach yesterday, and one customer must not sit on both sides.
[zh]
验证与 K 折交叉验证
===================

要知道模型在新数据上的表现，就要留出没见过的数据。K 折让每一行都轮到一次。金融数据有时间顺序：不能用明天教昨天，
同一客户也不能同时出现在两边。
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, cross_val_score

from tael.validation import GroupedStratifiedKFold, PurgedKFold

rng = np.random.default_rng(0)
X = rng.normal(size=(600, 5))
y = (X[:, 0] + rng.normal(size=600) > 0).astype(int)
scores = cross_val_score(
    LogisticRegression(), X, y, cv=KFold(5, shuffle=True, random_state=0), scoring="roc_auc", error_score="raise"
)
print(scores.round(3), "mean", scores.mean().round(3), "spread", scores.std().round(3))

# %%
# [en]
# Three ways to cut. K-fold, folds that keep a customer together, and purged folds, which leave a gap around the test
# rows so that labels which look ahead do not overlap.
# [zh]
# 三种切法：K 折；同一客户不拆开的分组折；以及“净化”折，在测试段两侧留空，避免向前看的标签互相重叠。
customers = np.sort(rng.integers(0, 40, 120))
times = np.datetime64("2024-01-01") + np.arange(120)
label = rng.integers(0, 2, 120)
cuts = {
    "KFold": list(KFold(5).split(X[:120])),
    "grouped": list(GroupedStratifiedKFold(5).split(X[:120], label, groups=customers)),
    "purged": list(PurgedKFold(5, times=times, ends=10, embargo=3).split(times)),
}
figure, axes = plt.subplots(3, 1, figsize=(8, 5), sharex=True)
for axis, (name, folds) in zip(axes, cuts.items(), strict=True):
    for k, (train, test) in enumerate(folds):
        axis.scatter(train, np.full(len(train), k), s=4, color="tab:blue")
        axis.scatter(test, np.full(len(test), k), s=4, color="tab:orange")
    axis.set_title(name)
    axis.set_yticks([])
figure.tight_layout()
plt.show()
