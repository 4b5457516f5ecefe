"""
[en]
The map of algorithms
=====================

Basic ones (linear, tree, neighbours, Bayes) and ensembles (bagging, forest, boosting). All are called alike, so a loop
compares them; the interval says how much of a difference is chance.
[zh]
算法地图
========

基础算法（线性、树、近邻、贝叶斯）与集成算法（bagging、随机森林、提升）。调用方式一致，一个循环即可比较；区间告诉你差异里有多少是偶然。
"""

# %%
import matplotlib.pyplot as plt
from sklearn.datasets import make_classification
from sklearn.ensemble import BaggingClassifier, GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier

from tael.models import AdditiveBooster, PortfolioClassifier
from tael.validation import evaluate

X, y = make_classification(1600, 12, n_informative=5, weights=[0.85], flip_y=0.05, random_state=2)
train, test, y_train, y_test = train_test_split(X, y, test_size=0.5, stratify=y, random_state=0)
models = {
    "logistic": LogisticRegression(max_iter=500), "naive Bayes": GaussianNB(), "neighbours": KNeighborsClassifier(25),
    "tree": DecisionTreeClassifier(max_depth=4, random_state=0), "bagging": BaggingClassifier(n_estimators=50, random_state=0),
    "forest": RandomForestClassifier(200, random_state=0), "boosting": GradientBoostingClassifier(random_state=0),
    "tael additive": AdditiveBooster(), "tael portfolio": PortfolioClassifier(random_state=0),
}  # fmt: skip
found = {
    name: evaluate(y_test, model.fit(train, y_train).predict_proba(test)[:, 1])["roc_auc"]
    for name, model in models.items()
}

# %%
for k, auc in enumerate(found.values()):
    plt.plot([auc.low, auc.high], [k, k], color="tab:blue")
    plt.plot(auc.value, k, "o", color="tab:blue")
plt.yticks(range(len(found)), list(found))
plt.xlabel("AUC on new data, 95 % interval")  # zh: 新数据上的 AUC 与 95 % 区间
plt.tight_layout()
plt.show()
