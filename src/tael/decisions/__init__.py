"""From a probability to a decision: economics, strategy curve, cut-off, swap-set; and one allocator under budgets."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tael.decisions._base import Decision, decision, decision_from_dict
    from tael.decisions._decided import Decisions
    from tael.decisions.alerts import AlertPolicy, Queue
    from tael.decisions.allocation import Allocation, Allocator, GroupRule, allocate, cap_mask
    from tael.decisions.approval import ApprovalFit, ApprovalPolicy
    from tael.decisions.economics import ApprovalEconomics, expected_profit, profit_parts
    from tael.decisions.gangs import GangPolicy
    from tael.decisions.options import Chosen, OptionsPolicy
    from tael.decisions.strategy import strategy_curve
    from tael.decisions.swap import swap_set

_WHERE = {
    "Decision": "tael.decisions._base",
    "decision": "tael.decisions._base",
    "decision_from_dict": "tael.decisions._base",
    "Decisions": "tael.decisions._decided",
    "AlertPolicy": "tael.decisions.alerts",
    "Queue": "tael.decisions.alerts",
    "Allocation": "tael.decisions.allocation",
    "Allocator": "tael.decisions.allocation",
    "GroupRule": "tael.decisions.allocation",
    "allocate": "tael.decisions.allocation",
    "cap_mask": "tael.decisions.allocation",
    "ApprovalFit": "tael.decisions.approval",
    "ApprovalPolicy": "tael.decisions.approval",
    "ApprovalEconomics": "tael.decisions.economics",
    "expected_profit": "tael.decisions.economics",
    "profit_parts": "tael.decisions.economics",
    "GangPolicy": "tael.decisions.gangs",
    "Chosen": "tael.decisions.options",
    "OptionsPolicy": "tael.decisions.options",
    "strategy_curve": "tael.decisions.strategy",
    "swap_set": "tael.decisions.swap",
}

__all__ = [
    "AlertPolicy",
    "Allocation",
    "Allocator",
    "ApprovalEconomics",
    "ApprovalFit",
    "ApprovalPolicy",
    "Chosen",
    "Decision",
    "Decisions",
    "GangPolicy",
    "GroupRule",
    "OptionsPolicy",
    "Queue",
    "allocate",
    "cap_mask",
    "decision",
    "decision_from_dict",
    "expected_profit",
    "profit_parts",
    "strategy_curve",
    "swap_set",
]


def __getattr__(name: str) -> Any:
    # scikit-learn and polars are imported by the first name that needs them, not by the package
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)
