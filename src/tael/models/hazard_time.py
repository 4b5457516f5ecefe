"""Time cut into bins, and how long each row was under observation in each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.errors import ModelError
from tael.models.logistic import Floats
from tael.models.outcomes import Outcome


@dataclass(frozen=True)
class TimeGrid:
    """Bins of time: bin k holds ``edges[k] < t <= edges[k + 1]``.

    Parameters
    ----------
    edges : ndarray of shape (K + 1,)
        From 0 to the last time seen.
    exact : bool
        Every time of the training rows is an edge (months, say): nothing happens between edges, and curves are steps.
        Otherwise the hazard is constant within a bin.
    """

    edges: Floats
    exact: bool

    @property
    def size(self) -> int:
        """K."""
        return len(self.edges) - 1

    def bin_of(self, time: Floats) -> NDArray[np.int64]:
        """The bin of each time."""
        return np.clip(np.searchsorted(self.edges, time, side="left") - 1, 0, self.size - 1)

    def first_bin(self, entry: Floats) -> NDArray[np.int64]:
        """The bin in which a row that enters then is first under observation."""
        return np.clip(np.searchsorted(self.edges, entry, side="right") - 1, 0, self.size - 1)

    def exposure(self, outcome: Outcome, k: int) -> Floats:
        """Weight of each row in bin k: 1 for an event, else the share of the bin that it was seen to survive.

        With a constant hazard of log-survival within a bin, surviving a share f of it has probability (1 - h)^f, so
        the share is the weight of the row's log-likelihood. On an exact grid all happens at the end of a bin.
        """
        low, high = self.edges[k], self.edges[k + 1]
        here = (outcome.time > low) & (outcome.entry < high)
        ended = here & (outcome.time <= high) & (outcome.cause > 0)
        if self.exact:
            return np.where(ended | (here & (outcome.time >= high)), 1.0, 0.0)
        seen = (np.minimum(outcome.time, high) - np.maximum(outcome.entry, low)) / (high - low)
        return np.where(ended, 1.0, np.where(here, seen, 0.0))

    def weights(self, times: Floats) -> tuple[NDArray[np.int64], Floats]:
        """For each time: its bin, and what share of the bin is over by then.

        Raises
        ------
        ModelError
            A time after the last one seen: nothing is known there.
        """
        if len(times) and (not np.isfinite(times).all() or times.min() < 0 or times.max() > self.edges[-1]):
            bad = times[~np.isfinite(times) | (times < 0) | (times > self.edges[-1])][0]
            raise ModelError(
                "A time lies outside of what the training rows were followed for.",
                expected=f"0 to {self.edges[-1]:g}",
                got=f"{bad:g}",
                fix="Ask for an earlier time, or fit on rows that were followed for longer.",
            )
        k = self.bin_of(times)
        if self.exact:
            return k, (times >= self.edges[k + 1]).astype(np.float64)
        return k, np.clip((times - self.edges[k]) / (self.edges[k + 1] - self.edges[k]), 0.0, 1.0)


def make_grid(outcome: Outcome, bins: Any) -> TimeGrid:
    """Choose the bins.

    Parameters
    ----------
    outcome : Outcome
    bins : int or array
        A number: every distinct time is an edge where there are no more than that, else bins with about as many events
        in each. An array: the inner and last edges.

    Raises
    ------
    ModelError
        Edges that do not rise.

    Examples
    --------
    >>> import numpy as np
    >>> months = Outcome(np.zeros(4), np.array([1.0, 2.0, 2.0, 3.0]), np.array([1, 0, 1, 1]), ("paid",))
    >>> make_grid(months, 24)
    TimeGrid(edges=array([0., 1., 2., 3.]), exact=True)
    """
    last = float(outcome.time.max())
    distinct = np.unique(outcome.time)
    if not isinstance(bins, (int, np.integer)):
        edges = np.unique(np.append(0.0, np.asarray(bins, dtype=np.float64)))
        if edges[0] < 0 or not np.isfinite(edges).all() or len(edges) < 2:
            raise ModelError("The edges of time are not positive numbers.", expected="rising times", got=repr(bins))
        edges = np.append(edges[edges < last], last)
        return TimeGrid(edges, bool(np.isin(distinct, edges).all()))
    if len(distinct) <= bins:
        return TimeGrid(np.append(0.0, distinct), True)
    events = outcome.time[outcome.cause > 0]
    inner = np.unique(np.quantile(events, np.arange(1, bins) / bins, method="inverted_cdf"))
    return TimeGrid(np.concatenate([[0.0], inner[inner < last], [last]]), False)
