"""
[en]
The forest and its out-of-bag score
===================================

A random forest chooses twice at random: the rows of each tree, and the columns at each question. The rows that a tree
has not seen judge it, so the forest needs no validation set to say how good it is.
[zh]
随机森林与袋外得分
==================

随机森林随机两次：每棵树随机抽行，每次提问随机抽列。树没见过的行来评判它，所以森林不需要验证集也知道自己有多好。
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split

X, y = make_classification(2000, 15, n_informative=5, flip_y=0.15, random_state=0)
train, test, y_train, y_test = train_test_split(X, y, test_size=0.4, random_state=0)
forest = RandomForestClassifier(warm_start=True, oob_score=True, random_state=0)
counts, bag, out = [15, 25, 40, 60, 90, 130, 200], [], []
for count in counts:
    forest.set_params(n_estimators=count).fit(train, y_train)
    bag.append(forest.oob_score_)
    out.append(forest.score(test, y_test))

# %%
plt.plot(counts, bag, marker="o", label="out of bag")  # zh: 袋外
plt.plot(counts, out, marker="o", label="test")  # zh: 测试集
plt.xlabel("trees")  # zh: 树的数量
plt.ylabel("accuracy")  # zh: 准确率
plt.legend()
plt.show()
print("train", forest.score(train, y_train), " out of bag", round(bag[-1], 3), " test", round(out[-1], 3))

# %%
# [en]
# The train score of 1.0 says nothing: each tree knows its own bag by heart.
# [zh]
# 训练得分 1.0 没有意义：每棵树都把自己的袋子背下来了。
order = np.argsort(forest.feature_importances_)[::-1][:6]
print("most used columns:", order.tolist())
