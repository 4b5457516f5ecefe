"""
[en]
Writing a decision
==================

A decision turns probabilities and money into what is done. It is fitted on validation and valued out of time. Beneath the
decisions by options lies one allocator, with budgets, capacities and a certificate of how far it may be from the best.
[zh]
编写决策
========

决策把概率与金额变成行动：在验证样本上确定，在时间外样本上估值。各类决策共用一个分配器：支持预算、容量，并给出与最优解差距的上界证明。
"""

# %%
# [en]
# A thousand customers, three options each; the calls are limited to 150. (Simulated.)
# [zh]
# 一千位客户，每人三个选项；电话最多 150 通。（模拟数据）
import matplotlib.pyplot as plt
import numpy as np

from tael.decisions import allocate

rng = np.random.default_rng(0)
p = rng.beta(1, 6, 1000)
value = np.column_stack([np.zeros(1000), 80 * p - 2, 160 * p - 12])
use = np.column_stack([np.zeros(1000), np.zeros(1000), np.ones(1000)])
found = allocate(value, {"calls": use}, {"calls": 150})
print(found.status, f"worth {found.value:,.0f}, at most {found.gap:.2%} below the best")
print(found.limits)

# %%
choice = found.choice
for k, name in enumerate(["nothing", "message", "call"]):
    plt.hist(p[choice == k], bins=25, alpha=0.7, label=name)
plt.xlabel("probability to respond")  # zh: 响应概率
plt.legend()
plt.show()
