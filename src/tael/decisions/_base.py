"""What a decision is, and the list of those there are.

A new decision is one file with a class that satisfies `Decision`, and one line in `KINDS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, ClassVar, Protocol, runtime_checkable

from tael.errors import DecisionError, did_you_mean

KINDS = {
    "approval": "tael.decisions.approval:ApprovalPolicy",
    "options": "tael.decisions.options:OptionsPolicy",
    "alerts": "tael.decisions.alerts:AlertPolicy",
    "gangs": "tael.decisions.gangs:GangPolicy",
}
"""Kind of decision, as a scenario names it, and where its class is; imported when asked for."""


@runtime_checkable
class Decision(Protocol):
    """A rule that is chosen on one sample and applied to others, and that a file can hold."""

    kind: ClassVar[str]

    def fit(self, *args: Any, **kwargs: Any) -> Any:
        """Choose the rule's free parameters."""
        ...

    def decide(self, *args: Any, **kwargs: Any) -> Any:
        """Apply the rule to a batch."""
        ...

    def to_dict(self) -> dict[str, Any]:
        """The rule as plain data, with its `kind`."""
        ...

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Any:
        """The rule that `to_dict` described."""
        ...


def decision(kind: str) -> type[Any]:
    """Class of a kind of decision.

    Raises
    ------
    DecisionError
        If there is no such kind.

    Examples
    --------
    >>> decision("approval").__name__
    'ApprovalPolicy'
    """
    if kind not in KINDS:
        raise DecisionError("No such kind of decision.", got=str(kind), fix=did_you_mean(str(kind), KINDS))
    module, _, name = KINDS[kind].partition(":")
    found: type[Any] = getattr(import_module(module), name)
    return found


def decision_from_dict(plain: Mapping[str, Any]) -> Any:
    """Read back any decision that its `to_dict` wrote.

    Raises
    ------
    DecisionError
        If `kind` is absent or unknown.
    """
    if "kind" not in plain:
        raise DecisionError(
            "A stored decision does not say its kind.", expected=", ".join(KINDS), got=str(sorted(plain))
        )
    return decision(str(plain["kind"])).from_dict(plain)
