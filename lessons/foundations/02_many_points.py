"""
[en]
Many points: least squares and R²
=================================

With many points no line goes through all of them. Least squares takes the line whose squared errors have the least sum.
R² says what share of the variation it explains: 1 is perfect, 0 is as good as the mean, and below 0 is worse than the mean.
[zh]
许多点：最小二乘与 R²
=====================

点多了，没有一条直线能穿过所有点。最小二乘法选择误差平方和最小的直线。R² 表示解释了多大比例的波动：1 为完美，0 等于只用均值预测，
小于 0 则比均值还差。
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

rng = np.random.default_rng(0)
income = rng.uniform(3, 15, 120)
limit = 2 * income + 1 + rng.normal(0, 4, 120)
model = LinearRegression().fit(income[:, None], limit)
told = model.predict(income[:, None])
print(
    f"R2 {r2_score(limit, told):.3f}  MAE {mean_absolute_error(limit, told):.2f}  "
    f"RMSE {root_mean_squared_error(limit, told):.2f}"
)

# %%
# [en]
# Three pictures that a regression needs: the line, predicted against true, and the residuals, which should show no shape.
# [zh]
# 回归要看三张图：拟合线、预测值对真实值、残差（残差不应呈现任何形状）。
figure, axes = plt.subplots(1, 3, figsize=(10, 3.2))
axes[0].scatter(income, limit, s=10)
axes[0].plot([3, 15], model.predict([[3.0], [15.0]]), color="tab:red")
axes[0].set_title("line")  # zh: 拟合线
axes[1].scatter(limit, told, s=10)
axes[1].axline((5, 5), slope=1, color="tab:gray")
axes[1].set_title("predicted against true")  # zh: 预测与真实
axes[2].scatter(told, limit - told, s=10)
axes[2].axhline(0, color="tab:gray")
axes[2].set_title("residuals")  # zh: 残差
figure.tight_layout()
plt.show()

# %%
# [en]
# R² has no lower end. On data from another year, where the rule has changed, the same model is worse than the mean.
# [zh]
# R² 没有下限。换成规则已变的另一年数据，同一个模型比均值还差。
other = 30 - 1.5 * income + rng.normal(0, 2, 120)
print(f"another year: R2 {r2_score(other, told):.2f}")
