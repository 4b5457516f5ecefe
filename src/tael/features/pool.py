"""The best candidates so far, no two of which say the same."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tael.features.ledger import Ledger
from tael.features.select import ranks
from tael.formulas.syntax import Node

SAMPLE = 2000


class Pool:
    """Holds candidates with their columns; never more than twice its size, so memory is bounded.

    Parameters
    ----------
    size : int
    limit : float
        Rank correlation from which two columns count as the same; the one with the lower score goes.
    ledger : Ledger
        Is told what went, and why.
    """

    def __init__(self, size: int, limit: float, ledger: Ledger) -> None:
        self.size, self.limit, self.ledger = size, limit, ledger
        self._items: list[tuple[float, int, Node, NDArray[np.float32]]] = []
        self._seen: set[bytes] = set()
        self._ranks: dict[int, NDArray[np.float32]] = {}

    def __len__(self) -> int:
        return len(self._items)

    def add(self, score: float, number: int, node: Node, column: NDArray[np.float32]) -> None:
        """Offer a candidate.

        Parameters
        ----------
        score : float
        number : int
            Its place among all candidates; of equal scores the earlier wins.
        node : Node
        column : ndarray of float32, shape (n,)
        """
        content = column.tobytes()
        digest = hash(content).to_bytes(8, "little", signed=True) + content[:16]
        if digest in self._seen:
            self.ledger.drop(node, "duplicate")
            return
        self._seen.add(digest)
        self._items.append((score, number, node, column.copy()))
        if len(self._items) >= 2 * self.size:
            self._shrink()

    def absorb(self, other: Pool) -> None:
        """Take over what another pool holds."""
        other._shrink()
        self._ranks |= other._ranks
        for score, number, node, column in other._items:
            self.add(score, number, node, column)

    def best(self, most: int | None = None) -> tuple[list[Node], NDArray[np.float32]]:
        """The candidates held (at most so many), the best first, with their columns, shape (m, n)."""
        self._shrink()
        items = self._items[:most]
        columns = np.stack([item[3] for item in items]) if items else np.empty((0, 0), dtype=np.float32)
        return [item[2] for item in items], columns

    def _shrink(self) -> None:
        self._items.sort(key=lambda item: (-item[0], item[1]))
        self._part_twins()
        for _, _, node, _ in self._items[self.size :]:
            self.ledger.drop(node, "weaker than the pool")
        del self._items[self.size :]

    def _part_twins(self) -> None:
        if not self._items:
            return
        n = len(self._items[0][3])
        rows = np.arange(0, n, max(1, n // SAMPLE))
        for _, number, _, column in self._items:
            if number not in self._ranks:
                self._ranks[number] = ranks(column[rows])
        ranked = np.stack([self._ranks[item[1]] for item in self._items])
        alike = np.abs(ranked @ ranked.T) > self.limit
        staying = np.zeros(len(ranked), dtype=bool)
        for i, (_, _, node, _) in enumerate(self._items):
            near = alike[i] & staying
            if near.any():
                self.ledger.drop(node, "redundant", with_=self._items[int(near.argmax())][2])
            else:
                staying[i] = True
        self._items = [self._items[i] for i in np.flatnonzero(staying)]
        self._ranks = {item[1]: self._ranks[item[1]] for item in self._items}
