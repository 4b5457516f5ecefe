"""
[en]
AutoFE in depth
===============

`AutoFeatures` is a scikit-learn transformer. It grows formulas over linked tables in layers, scores them by what they add
to those kept already, holds them against chance, and says each in words.
[zh]
深入 AutoFE
===========

`AutoFeatures` 是一个 scikit-learn 转换器：在关联表上逐层生成公式，按“相对已保留公式的增量”打分，与偶然结果比较，并用文字说明每个公式。
"""

# %%
# [en]
# A simulated bank: 1,500 customers with applications, loans, instalments, enquiries.
# [zh]
# 模拟银行：1,500 位客户及其申请、贷款、分期、查询。
import matplotlib.pyplot as plt

import tael
from tael.datasets import simulate_bank

tables = simulate_bank(n_customers=1500, seed=0).tables()
scenario = tael.scenario("credit-approval")
X, y = scenario.observations(tables)
features = tael.AutoFeatures(tables, keep=15, budget={"candidates": 1500}).fit(X, y)
lang = "en"  # zh: zh
print(features.describe(lang=lang))

# %%
# [en]
# The ledger keeps everything that was tried, and why it was dropped. Looking at many formulas finds something by chance;
# `null_` says how much.
# [zh]
# 台账记录所有尝试过的公式及其淘汰原因。看得多了总会碰巧发现点什么，`null_` 说明偶然能达到多少。
ledger = features.ledger_
print(ledger.summary())
print(len(ledger), "tried;", features.null_)

# %%
# [en]
# The kept formulas are a list that can be saved, edited and computed anywhere; transforming costs only these.
# [zh]
# 保留的公式是一个可保存、可编辑的清单；变换时只计算这些公式。
wide = features.transform(X)
print(type(wide), wide.shape)
column = features.get_feature_names_out()[0]
values = wide[column].to_numpy()
plt.hist([values[y == 0], values[y == 1]], bins=20, density=True, label=["good", "bad"])
plt.xlabel(str(column))
plt.legend()
plt.show()
