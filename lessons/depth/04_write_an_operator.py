"""
[en]
Writing an operator
===================

An operator is one file in `tael/formulas/operators/` and one line that registers it. Discovery then demands its words in
both languages, an oracle test and the point-in-time tests, and writes its page in the reference.
[zh]
编写算子
========

一个算子就是 `tael/formulas/operators/` 下的一个文件加一行注册。之后系统会自动要求中英文说明、对照测试与时点测试，并生成参考页。
"""

# %%
# [en]
# What is there already, and what one says of itself.
# [zh]
# 现有算子，以及每个算子的自我说明。
import inspect

from tael.formulas import operators

lang = "en"  # zh: zh
print(len(operators.REGISTRY), "operators")
print("\n".join(operators.reference(lang).split("\n")[:12]))

# %%
# [en]
# The file of a small one, in full: type rule, words, and how it is computed.
# [zh]
# 一个小算子的完整源码：类型规则、文字说明、计算方式。
from tael.formulas.operators import distinct

print(inspect.getsource(distinct))

# %%
# [en]
# The picture of the language: how many operators each kind has.
# [zh]
# 语言全貌：每一类算子有多少个。
from collections import Counter

import matplotlib.pyplot as plt

kinds = Counter(operator.kind for operator in operators.REGISTRY.values())
plt.barh(list(kinds), list(kinds.values()))
plt.xlabel("operators")  # zh: 算子数
plt.show()
