"""Rules of an allocation that are more than a budget: fairness among groups, and caps on amounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.decisions._arrays import as_array
from tael.errors import DecisionError

MEASURES = ("volume", "share", "part", "ratio")
Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class GroupRule:
    """What a group of customers must get of some options.

    Parameters
    ----------
    name : str
        What reports call it.
    member : array-like of shape (n,)
        Whether each customer is in the group, as bool.
    options : str, int or sequence of these
        Options that count, by name or index.
    at_least, at_most : float, optional
        Bounds on the measure; at least one.
    measure : str
        "volume": customers of the group with the options. "share": that volume as a share of the group, 0 to 1.
        "part": the group's part of all customers with the options, 0 to 1. "ratio": the group's share over the share
        of the customers outside the group (0.8 is the four-fifths rule).
    of : str, optional
        Count this resource instead of customers; not for "share".

    Raises
    ------
    DecisionError
        If the rule bounds nothing, the group is not true or false, or the bounds make no sense.

    Examples
    --------
    >>> GroupRule("rural", [True, False], "offer", at_least=0.8, measure="ratio").measure
    'ratio'
    """

    name: str
    member: Any
    options: str | int | Sequence[str | int]
    at_least: float | None = None
    at_most: float | None = None
    measure: str = "share"
    of: str | None = None

    def __post_init__(self) -> None:
        where = f'rule "{self.name}"'
        if self.measure not in MEASURES:
            raise DecisionError(
                "No such measure.", expected=", ".join(MEASURES), got=repr(self.measure), where=f"{where}, measure"
            )
        if self.at_least is None and self.at_most is None:
            raise DecisionError("A group rule bounds nothing.", expected="at_least, at_most or both", where=where)
        for bound in (self.at_least, self.at_most):
            if bound is not None and not (np.isfinite(bound) and bound >= 0):
                raise DecisionError("A bound makes no sense.", expected="0 or more", got=repr(bound), where=where)
            if bound is not None and self.measure in ("share", "part") and bound > 1:
                raise DecisionError("A share makes no sense.", expected="0 to 1", got=repr(bound), where=where)
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise DecisionError(
                "The least is more than the most.", got=f"{self.at_least} and {self.at_most}", where=where
            )
        if self.measure == "share" and self.of is not None:
            raise DecisionError(
                "A share of the group counts customers, not a resource.",
                got=f'of="{self.of}"',
                where=where,
                fix='Use measure="part" (of the whole resource), "ratio" or "volume".',
            )
        member = as_array(self.member)
        if member.dtype != bool:
            raise DecisionError("A group is a column of true and false.", got=str(member.dtype), where=where)
        object.__setattr__(self, "member", member)


def cap_mask(amounts: Any, cap: Any, already: Any = 0.0) -> Bools:
    """Options whose amount stays within a cap per customer, such as RMB 200 thousand of consumer credit a borrower.

    An option of amount 0 is always legal, also for a customer who is above the cap already.

    Parameters
    ----------
    amounts : array-like of shape (n, k) or (k,)
        Amount of each option, in currency, 0 or more.
    cap : float or array-like of shape (n,)
        Cap, in currency.
    already : float or array-like of shape (n,)
        What each customer has already that counts against the cap, in currency.

    Returns
    -------
    ndarray of bool, of shape (n, k), or (k,) where nothing is per customer

    Raises
    ------
    DecisionError
        If a number is missing or negative, or the shapes do not fit.

    Examples
    --------
    >>> cap_mask([0, 100_000, 200_000], 200_000, already=[0, 150_000]).tolist()
    [[True, True, True], [True, False, False]]
    """
    parts = {}
    for name, given in (("amounts", amounts), ("cap", cap), ("already", already)):
        array = np.asarray(given.to_numpy() if hasattr(given, "to_numpy") else given)
        if array.dtype.kind not in "iufb":
            raise DecisionError("Amounts are numbers.", got=str(array.dtype), where=name)
        if not np.all(array >= 0):
            raise DecisionError("An amount is missing or negative.", expected="0 or more", where=name)
        parts[name] = array
    if parts["amounts"].ndim not in (1, 2) or parts["cap"].ndim > 1 or parts["already"].ndim > 1:
        raise DecisionError(
            "These shapes do not fit.",
            expected="amounts (n, k) or (k,), cap and already one number or (n,)",
            got=", ".join(f"{name} {array.shape}" for name, array in parts.items()),
        )
    column = [parts[name][:, None] if parts[name].ndim else parts[name] for name in ("cap", "already")]
    rows = {len(c) for c in column if c.ndim} | ({len(parts["amounts"])} if parts["amounts"].ndim == 2 else set())
    if len(rows) > 1:
        raise DecisionError("These arrays are not of the same customers.", got=f"{sorted(rows)} rows")
    legal: Bools = (parts["amounts"] == 0) | (parts["amounts"] + column[1] <= column[0])
    return legal
