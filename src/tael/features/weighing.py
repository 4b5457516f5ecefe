"""The last weighing: boosted models on all that is left; what helps none of them goes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tael.features.clock import Clock
from tael.features.labels import Label
from tael.features.ledger import Ledger
from tael.features.select import QUICK, ROUNDS, Choice, ranks, weigh
from tael.formulas.syntax import Call, Node

STABLE = 0.75
# with fewer cases (of the rarest class), blocks of time are too small to tell a weak formula from noise
ENOUGH_CASES = 100
# Few cases cannot tell near copies apart, and a hundred variants of one signal make a poor model: so variety first.
# Events per variable, the rule of ten (Peduzzi et al., Journal of Clinical Epidemiology 49, 1996), read backwards.
CASES_TO_TELL = 10
LEAST_ALIKE = 0.5
GIVEN_SHARE = 4  # the observation's own plain columns may take a quarter of the places untested
FEW = 60  # candidates weighed after a Ctrl-C
LEAST = 10  # with time for fewer there is no weighing
# a weighing takes as long as so many quick predictions of as many columns; there are about three weighings
DEAR = 10.0

Chosen = tuple[list[Node], NDArray[np.float64], NDArray[np.float64]]


class Given(NamedTuple):
    """A plain column of the observation's own or of its parents, or one value of a category."""

    score: float
    node: Node
    column: NDArray[np.float32]


@dataclass
class Weighing:
    """Chooses among the candidates that passed the screen.

    Parameters
    ----------
    label : Label
    keep : int
    ledger : Ledger
    clock : Clock
    cost : float or None
        Seconds that a quick prediction takes for each column.
    correlation : float
        Rank correlation above which the pool has parted twins already; with few cases they are parted from less on.
    quick : bool
        Whether somebody is waiting for the end.
    person : ndarray of int64, shape (n,), optional
        From `people_apart`.
    """

    label: Label
    keep: int
    ledger: Ledger
    clock: Clock = field(default_factory=Clock)
    cost: float | None = None
    seed: int = 0
    n_threads: int = 1
    quick: bool = False
    correlation: float = 0.98
    person: NDArray[np.int64] | None = None

    def choose(self, nodes: list[Node], columns: NDArray[np.float32], given: list[Given]) -> Chosen:
        """Those that help, the most useful first, with their gain and stability.

        Parameters
        ----------
        nodes : list of Node
            The best by score first.
        columns : ndarray of float32, shape (m, n)
        given : list of Given
        """
        nodes, columns = self._various(nodes, columns)
        most = self._affordable(len(nodes))
        if most < min(LEAST, len(nodes)):
            return self.unweighed(nodes)
        left = np.arange(len(nodes))[:most]
        self._drop(nodes, np.arange(len(nodes)), left, "out of time" if not self.quick else "interrupted")
        # many are weighed quickly: that suffices to see the weaker half
        choice, order = self._ask(columns[left], QUICK if len(left) > 1.5 * self.keep else ROUNDS)
        while len(left) > 1.5 * self.keep and not self.clock.over():
            staying = np.sort(order[: max(len(left) // 2, int(1.5 * self.keep))])
            self._drop(nodes, left, staying, "weaker together")
            left = left[staying]
            choice, order = self._ask(columns[left], QUICK if len(left) > 1.5 * self.keep else ROUNDS)
        staying = np.flatnonzero(choice.stability >= (STABLE if self.label.cases >= ENOUGH_CASES else 0.0))
        if len(staying) == 0:
            # they beat chance one by one, but there are too few rows for a model to show that it needs them
            staying = np.sort(order[: min(self.keep, 5)])
        self._drop(nodes, left, staying, "no help together")
        return self._with_given([nodes[i] for i in left[staying]], columns[left[staying]], given)

    def _various(self, nodes: list[Node], columns: NDArray[np.float32]) -> tuple[list[Node], NDArray[np.float32]]:
        """Without what says nearly the same as a better one, where there are too few cases to tell them apart."""
        limit = alike_from(self.label.cases)
        if self.label.cases >= ENOUGH_CASES or limit >= self.correlation or len(nodes) < 2:
            return nodes, columns  # with enough cases stability tells them apart
        ranked = np.stack([ranks(column) for column in columns])
        staying: list[int] = []
        for i, node in enumerate(nodes):
            near = np.abs(ranked[staying] @ ranked[i]) > limit
            if near.any():
                self.ledger.drop(node, "redundant", with_=nodes[staying[int(near.argmax())]])
            else:
                staying.append(i)
        return [nodes[i] for i in staying], columns[staying]

    def unweighed(self, nodes: list[Node]) -> Chosen:
        """The best by their scores, where there is no time to weigh."""
        for node in nodes[self.keep :]:
            self.ledger.drop(node, "beyond keep")
        none = np.full(min(len(nodes), self.keep), np.nan)
        return nodes[: self.keep], none, none.copy()

    def _affordable(self, m: int) -> int:
        if self.quick:
            m = min(m, FEW)
        left = self.clock.left()
        if left is None or self.cost is None:
            return m if left is None or left > 0.0 else 0
        return int(min(m, max(left, 0.0) / (DEAR * self.cost)))

    def _with_given(self, nodes: list[Node], columns: NDArray[np.float32], given: list[Given]) -> Chosen:
        """The chosen, and the observation's own columns whether chosen or not: nobody would leave them out."""
        best_given = sorted(given, key=_whole_first)[: self.keep // GIVEN_SHARE]
        own = [one for one in best_given if one.node not in nodes]
        everything = [*nodes, *(one.node for one in own)]
        choice, order = self._ask(np.stack([*columns, *(one.column for one in own)]))
        chosen = [i for i in order if i < len(nodes)][: self.keep - len(own)]
        self._drop(nodes, np.arange(len(nodes)), np.array(chosen, dtype=np.int64), "beyond keep")
        best = np.array([i for i in order if i in chosen or i >= len(nodes)], dtype=np.int64)
        return [everything[i] for i in best], choice.gain[best], choice.stability[best]

    def _ask(self, columns: NDArray[np.float32], rounds: int = ROUNDS) -> tuple[Choice, NDArray[np.int64]]:
        choice = weigh(columns, self.label, rounds=rounds, seed=self.seed, n_threads=self.n_threads, person=self.person)
        return choice, np.argsort(-choice.help, kind="stable")

    def _drop(self, nodes: list[Node], left: NDArray, staying: NDArray, reason: str) -> None:
        for i in np.setdiff1d(np.arange(len(left)), staying):
            self.ledger.drop(nodes[left[i]], reason)


def alike_from(cases: int) -> float:
    """Rank correlation from which so many cases cannot tell two columns apart.

    >>> [round(alike_from(cases), 3) for cases in (10, 24, 100)]
    [0.5, 0.583, 0.9]
    """
    return max(LEAST_ALIKE, 1.0 - CASES_TO_TELL / max(cases, 1))


def _whole_first(one: Given) -> tuple[bool, float]:
    """Whole columns before single values of categories, then the better ones first."""
    return isinstance(one.node, Call) and one.node.op != "days_since", -one.score
