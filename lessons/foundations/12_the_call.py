"""
[en]
The scikit-learn call
=====================

Split, fit, predict, score: every estimator of scikit-learn's is called alike, and every estimator of tael's is one.
[zh]
scikit-learn 的调用方式
=======================

切分、拟合、预测、评分：scikit-learn 的所有模型调用方式相同，tael 的模型也是如此。
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.model_selection import GridSearchCV, train_test_split

from tael.models import PortfolioClassifier, Scorecard

rng = np.random.default_rng(0)
X = pd.DataFrame(
    {"income": rng.lognormal(8.5, 0.5, 1500), "late": rng.poisson(0.6, 1500), "city": rng.choice(["a", "b"], 1500)}
)
y = (rng.random(1500) < 1 / (1 + np.exp(2.2 - 0.9 * X["late"]))).astype(int)
train, test, y_train, y_test = train_test_split(X, y, test_size=0.3, stratify=y, random_state=0)

model = Scorecard().fit(train, y_train)
print("probabilities", model.predict_proba(test)[:3, 1].round(3))
print("accuracy, train and test:", round(model.score(train, y_train), 3), round(model.score(test, y_test), 3))

# %%
# [en]
# So the tools of scikit-learn work with it.
# [zh]
# 因此 scikit-learn 的工具都能直接使用。
search = GridSearchCV(Scorecard(), {"pdo": [20], "base_odds": [20, 50]}, scoring="roc_auc", cv=3, error_score="raise")
print(search.fit(train, y_train).best_params_, round(search.best_score_, 3))

# %%
# [en]
# tael's own default is a portfolio of boosters and linear models, averaged in log odds. It takes numbers; text becomes flags
# in `AutoFeatures`, so here the city is made one by hand.
# [zh]
# tael 的默认模型是“模型组合”：若干提升树与线性模型在对数几率上取平均。它只接受数值；文本由 `AutoFeatures` 变为标志，
# 这里手工转换城市一列。
train, test = (part.assign(city=(part["city"] == "a").astype(float)) for part in (train, test))
portfolio = PortfolioClassifier(random_state=0).fit(train, y_train)
p = portfolio.predict_proba(test)[:, 1]
plt.hist([p[y_test == 0], p[y_test == 1]], bins=20, label=["good", "bad"], density=True)
plt.xlabel("probability of going bad")  # zh: 违约概率
plt.legend()
plt.show()
