"""`Moves`: the scored transfers of one search for gangs or of several, checked, with what is known of their truth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.decisions._arrays import Floats
from tael.errors import DecisionError
from tael.networks.edges import Edges

Ints = NDArray[np.int64]
Named = NDArray[Any]
LEAST = 3
"""Fewest members of a true gang that a search is asked for: two accounts are no group."""


@dataclass(frozen=True, eq=False)
class Moves:
    """Transfers, each as one search saw it: gangs are looked for among those with the same cutoff.

    Attributes
    ----------
    sender, receiver : ndarray of str, shape (n,)
    at, cutoff : ndarray of int64, shape (n,)
        Microseconds since 1970; every transfer lies before its cutoff.
    amount : ndarray, shape (n,)
        In currency, 0 or more.
    id : ndarray, shape (n,)
        Keys of the transfers.

    Examples
    --------
    >>> day = 86_400_000_000
    >>> moves = Moves.of(["a", "b"], ["b", "c"], [1, 2], [9.0, 8.0], [3, 3], ["t1", "t2"])
    >>> [(name, rows.tolist()) for name, rows in moves.searches()]
    [('1970-01-01', [0, 1])]
    """

    sender: Named
    receiver: Named
    at: Ints
    amount: Floats
    cutoff: Ints
    id: Named

    @classmethod
    def of(cls, sender: Any, receiver: Any, at: Any, amount: Any, cutoff: Any, id: Any) -> Moves:
        """Check and hold transfers.

        Raises
        ------
        DecisionError
            Columns of different lengths; an end, a time or an amount that is missing; a transfer that is not before
            its cutoff.
        """
        made = cls(
            np.asarray(sender, dtype=object), np.asarray(receiver, dtype=object), np.asarray(at, dtype=np.int64),
            np.asarray(amount, dtype=np.float64), np.asarray(cutoff, dtype=np.int64), np.asarray(id),
        )  # fmt: skip
        n = len(made.sender)
        if any(len(part) != n for part in (made.receiver, made.at, made.amount, made.cutoff, made.id)):
            raise DecisionError("The columns of the transfers do not fit together.", expected=f"{n:,} of each")
        for name, ends in (("sender", made.sender), ("receiver", made.receiver)):
            absent = np.array([end is None for end in ends.tolist()], dtype=bool)
            _complete(~absent, name, "an account in every row", made)
        _complete(np.isfinite(made.amount) & (made.amount >= 0), "amount", "0 or more in every row", made)
        _complete(made.at < made.cutoff, "time", "a time before the cutoff in every row", made)
        return made

    def __len__(self) -> int:
        return len(self.sender)

    def take(self, rows: Ints) -> Moves:
        """Some transfers, by index."""
        return Moves(
            self.sender[rows], self.receiver[rows], self.at[rows], self.amount[rows], self.cutoff[rows], self.id[rows]
        )

    def searches(self) -> Iterator[tuple[str, Ints]]:
        """Name and rows of each search, in the order of time."""
        for cutoff in np.unique(self.cutoff):
            yield search_name(int(cutoff)), np.flatnonzero(self.cutoff == cutoff)

    def edges(self, rows: Ints) -> Edges:
        """The transfers of one search as a network; equal whatever the order of the rows is, row for row."""
        ends = np.concatenate([self.sender[rows], self.receiver[rows]]).astype(str)
        nodes, codes = np.unique(ends, return_inverse=True)
        source, target = codes[: len(rows)].astype(np.int64), codes[len(rows) :].astype(np.int64)
        return Edges(source, target, self.at[rows], self.amount[rows], tuple(nodes.tolist()), self.id[rows])


def search_name(cutoff: int) -> str:
    """How a search is called: its day, with the time where it is not midnight.

    >>> search_name(86_400_000_000), search_name(3_600_000_000)
    ('1970-01-02', '1970-01-01T01:00')
    """
    return str(np.datetime64(cutoff, "us").astype("datetime64[m]")).removesuffix("T00:00")


def truth_of(moves: Moves, rows: Ints, case: Named, least: int = LEAST) -> dict[str, set[str]]:
    """True gangs among the transfers of one search, by what was found out later.

    Parameters
    ----------
    moves : Moves
    rows : ndarray of int64
        Of the search.
    case : ndarray of str or None, shape (n,)
        The gang that each of all transfers belongs to.
    least : int
        Smaller ones are no gangs.

    Returns
    -------
    dict of str to set of str
        Gang -> the accounts at the ends of its transfers in this search: nobody is asked for whom it cannot see.
    """
    found: dict[str, set[str]] = {}
    for row in rows.tolist():
        if case[row] is not None:
            found.setdefault(str(case[row]), set()).update((str(moves.sender[row]), str(moves.receiver[row])))
    return {name: members for name, members in found.items() if len(members) >= least}


def _complete(good: NDArray[np.bool_], what: str, expected: str, moves: Moves) -> None:
    wrong = np.flatnonzero(~good)
    if len(wrong):
        raise DecisionError(
            f"Gangs cannot be looked for: of some transfers the {what} is missing or makes no sense.",
            expected=expected,
            got=f"{len(wrong):,} of {len(moves):,} without, such as transfer {moves.id[int(wrong[0])]}",
            where="scenario.toml, [decision]",
            fix="Leave these transfers out by `where`, or mend the tables.",
        )
