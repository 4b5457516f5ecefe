"""
[en]
Unbalanced labels and the ROC curve
===================================

Five of a hundred loans go bad. A model that calls every loan good is right in 95 of 100 cases and worth nothing.
So rankings are judged: the ROC curve, its area (0.5 is chance), precision and recall, KS.
[zh]
类别不平衡与 ROC 曲线
=====================

一百笔贷款有五笔变坏。把所有贷款都判为好的模型准确率 95 %，却毫无价值。因此要评价排序能力：ROC 曲线及其面积（0.5 为随机）、
精确率与召回率、KS。
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import confusion_matrix, precision_score, recall_score, roc_auc_score

from tael.validation import evaluate, pr_curve, roc_curve

rng = np.random.default_rng(1)
bad = (rng.random(4000) < 0.05).astype(int)
score = 1 / (1 + np.exp(-(rng.normal(size=4000) + 1.6 * bad - 3)))
print("accuracy of 'all are good':", np.mean(bad == 0))
print("AUC:", round(roc_auc_score(bad, score), 3), " AUC of chance:", round(roc_auc_score(bad, rng.random(4000)), 3))

# %%
# [en]
# tael gives each figure with its 95 % interval: 200 bad loans do not say more than this.
# [zh]
# tael 的每个指标都带 95 % 置信区间：200 笔坏账能说明的也就这么多。
for name, figure in evaluate(bad, score).items():
    print(f"{name:12} {figure.value:.3f}  [{figure.low:.3f}, {figure.high:.3f}]")

# %%
# [en]
# A threshold turns the ranking into yes and no; what it costs to be wrong decides where it lies, not 0.5.
# [zh]
# 阈值把排序变成“是”与“否”；它应由犯错的代价决定，而不是 0.5。
for threshold in (0.5, 0.2, 0.1):
    said = (score >= threshold).astype(int)
    print(
        threshold,
        confusion_matrix(bad, said).tolist(),
        f"precision {precision_score(bad, said, zero_division=0):.2f} recall {recall_score(bad, said):.2f}",
    )

# %%
figure, axes = plt.subplots(1, 2, figsize=(8, 3.4))
roc, pr = roc_curve(bad, score), pr_curve(bad, score)
axes[0].plot(roc["false_positive_rate"], roc["true_positive_rate"])
axes[0].axline((0, 0), slope=1, color="tab:gray", ls="--")
axes[0].set_title("ROC")
axes[1].plot(pr["recall"], pr["precision"])
axes[1].axhline(bad.mean(), color="tab:gray", ls="--")
axes[1].set_title("precision and recall")  # zh: 精确率与召回率
plt.show()
