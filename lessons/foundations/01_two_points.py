"""
[en]
Two points and a line
=====================

Two points make a line: a slope and an intercept. That is the smallest model there is. It has learned two numbers,
and it foretells a value wherever we ask.
[zh]
两点确定一条直线
================

两个点决定一条直线：一个斜率、一个截距。这是最小的模型：学到两个数，就能在任何位置给出预测。
"""

# %%
# [en]
# A loan officer has seen two customers: an income of 4 thousand went with a limit of 9, an income of 10 with 21.
# [zh]
# 信贷员见过两位客户：收入 4 千元的额度是 9 千元，收入 1 万元的额度是 2.1 万元。
import matplotlib.pyplot as plt
import numpy as np

income, limit = np.array([4.0, 10.0]), np.array([9.0, 21.0])
slope = (limit[1] - limit[0]) / (income[1] - income[0])
intercept = limit[0] - slope * income[0]
print(f"limit = {slope:g} x income + {intercept:g}")

# %%
# [en]
# Where the line goes between the points we interpolate; beyond them we extrapolate, and nothing vouches for it.
# [zh]
# 两点之间是内插；两点之外是外推，没有数据为它作证。
at = np.linspace(0, 16, 50)
plt.plot(at, slope * at + intercept, color="tab:gray")
plt.axvspan(4, 10, alpha=0.12)
plt.scatter(income, limit, s=60, zorder=3)
plt.xlabel("income, thousand")  # zh: 收入（千元）
plt.ylabel("limit, thousand")  # zh: 额度（千元）
plt.title("Two points, one line")  # zh: 两点一线
plt.show()

# %%
# [en]
# scikit-learn finds the same two numbers.
# [zh]
# scikit-learn 找到的是同样两个数。
from sklearn.linear_model import LinearRegression

model = LinearRegression().fit(income[:, None], limit)
print(model.coef_, model.intercept_, model.predict([[7.0]]))
