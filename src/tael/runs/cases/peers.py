"""Whom a case is compared with: others as they were observed last before it, or with it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.engine import Engine
from tael.runs.bundle import Bundle
from tael.runs.cases.queue import Alert, Alerts
from tael.tables.schema import Type

Floats = NDArray[np.float64]
PEERS = 1000
"""Observations that a case is compared with at most."""


@dataclass(frozen=True)
class Beside:
    """A case's peers.

    Attributes
    ----------
    n : int
    group : str
        What they share with the case; empty: nothing is asked.
    median : ndarray, shape (m,)
        Of each feature; NaN where no peer has a value.
    below : ndarray, shape (m,)
        Share of the peers with a smaller value, those with the same count half; NaN where the case has none.
    """

    n: int
    group: str
    median: Floats
    below: Floats


class Peers:
    """The peers of several cases: each observation's features are computed once.

    A case is compared with the latest `PEERS` observations of others whose cutoff is not after its own, so nothing
    that was not known then enters.

    Parameters
    ----------
    bundle : Bundle
    engine : Engine
    alerts : Alerts
    chosen : list of Alert
    by : str, optional
        A category formula: only those with the case's own value are peers.
    n_threads : int
    """

    def __init__(
        self, bundle: Bundle, engine: Engine, alerts: Alerts, chosen: list[Alert], *, by: str | None = None,
        n_threads: int = 1,
    ) -> None:  # fmt: skip
        self.alerts, self.by = alerts, by
        frame = alerts.frame.select(alerts.key, "cutoff")
        self._cutoff = frame["cutoff"].cast(pl.Datetime("us")).cast(pl.Int64).to_numpy()
        self._keys = frame[alerts.key].cast(pl.String).to_numpy()
        self._order = np.argsort(self._cutoff, kind="stable")
        self._groups = np.array([""] * len(frame), dtype=object)
        if by is not None:
            told = engine.evaluate([engine.bind(by)], frame)[0]
            names = [*(told.levels or ()), "-"]  # the last: missing
            texts = [names[code] if told.type is Type.CATEGORY else f"{code:g}" for code in told.data.tolist()]
            self._groups = np.array(texts, dtype=object)
        self._rows = {alert.case: self._of(alert) for alert in chosen}
        needed = np.unique(np.concatenate([np.zeros(0, np.int64), *self._rows.values()]))
        self._place = {int(row): k for k, row in enumerate(needed)}
        self._values = (
            bundle.features(engine.tables, frame[needed], n_threads=n_threads).to_numpy()
            if len(needed)
            else np.zeros((0, len(bundle.formulas.names)))
        )

    def _of(self, alert: Alert) -> NDArray[np.int64]:
        end = int(np.searchsorted(self._cutoff[self._order], self._cutoff[alert.row], side="right"))
        rows = self._order[:end]
        rows = rows[(self._keys[rows] != alert.key) & (self._groups[rows] == self._groups[alert.row])]
        return np.asarray(rows[-PEERS:])

    def beside(self, alert: Alert, values: Floats) -> Beside:
        """Compare a case's features, shape (m,), with its peers'."""
        rows = self._rows[alert.case]
        others = self._values[[self._place[int(row)] for row in rows]]
        group = str(self._groups[alert.row])
        if not len(rows):
            return Beside(0, group, np.full(len(values), np.nan), np.full(len(values), np.nan))
        there = ~np.isnan(others)
        n = there.sum(axis=0)
        median = np.full(len(values), np.nan)
        median[n > 0] = np.nanmedian(others[:, n > 0], axis=0)
        less, same = (others < values).sum(axis=0), (others == values).sum(axis=0)
        below = np.where((n > 0) & ~np.isnan(values), (less + 0.5 * same) / np.maximum(n, 1), np.nan)
        return Beside(len(rows), group, median, below)
