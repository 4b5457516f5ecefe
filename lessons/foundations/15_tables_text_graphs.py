"""
[en]
Tables, text and graphs become features
=======================================

Customers, loans, complaints and transfers lie in different tables. A formula walks from the observation to what belongs
to it, looks at what was known then, and brings one number back. Text and networks are read the same way.
[zh]
表格、文本与图都成为特征
========================

客户、贷款、投诉、转账在不同的表里。公式从观测对象走到与之相关的行，只看当时已知的内容，带回一个数。文本与网络也一样读。
"""

# %%
import matplotlib.pyplot as plt

import tael
from tael.datasets import simulate_bank

tables = simulate_bank(n_customers=400, seed=0).tables()  # simulated
X, y = tael.scenario("credit-approval").observations(tables)
formulas = [
    "customers.income",
    'count(bureau_enquiries, last="90d")',
    'n_unique(bureau_enquiries.lender, last="180d")',
    "mean(loans.amount)",
]
engine = tael.Engine(tables, "applications")
values = engine.evaluate(formulas, X)
for formula, value in zip(formulas, values, strict=True):
    print(f"{formula:45}", value.data[:4])

# %%
# [en]
# Each formula has its words, in both languages.
# [zh]
# 每个公式都有中英文说明。
from tael.formulas import words

lang = "en"  # zh: zh
for formula in formulas:
    print(words(formula, tables.schema, "applications", lang))

# %%
# [en]
# Does it tell who went bad? The bad rate over quarters of one feature.
# [zh]
# 它能区分好坏吗？按特征分四段看坏账率。
import numpy as np

asked = values[1].data
groups = np.clip(asked, 0, 4)
plt.bar(np.unique(groups), [y[groups == k].mean() for k in np.unique(groups)])
plt.xlabel("enquiries in the last 90 days")  # zh: 近 90 天查询次数
plt.ylabel("bad rate, simulated")  # zh: 坏账率（模拟数据）
plt.show()
