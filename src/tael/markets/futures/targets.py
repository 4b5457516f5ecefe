"""From weights of products to weights of contracts, with each roll as an order of its own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tael.errors import MarketError
from tael.markets.futures.rolling import Roll

Floats = NDArray[np.float64]


def targets_on_contracts(targets: Floats, roll: Roll) -> Floats:
    """Place weights of products on the contracts that will be in force when they are filled.

    A row is decided after bar t and filled in bar t + 1, so that it goes to ``roll.decided[t]``, and all other
    contracts of that product to zero. Where a product has no new weight but rolls, its last weight moves: zero on the
    old contract, that weight on the new one. Contracts of which nothing is decided are NaN: held as they are.

    Parameters
    ----------
    targets : ndarray of shape (T, P)
        Signed weights of equity by notional; NaN where nothing is decided.
    roll : Roll

    Returns
    -------
    ndarray of shape (T, N)
        Targets for `tael.markets.backtest`.

    Raises
    ------
    MarketError

    Examples
    --------
    >>> from tael.markets.bars import Bars
    >>> from tael.markets.futures import roll as decide
    >>> day = np.array(["2014-01-02", "2014-01-03", "2014-01-06"], dtype="M8[D]")
    >>> price = np.array([[100.0, 110.0]] * 3)
    >>> held = np.array([[9.0, 1.0], [4.0, 5.0], [4.0, 5.0]])
    >>> month = np.array(["2014-05-15", "2014-09-15"], dtype="M8[D]")
    >>> bars = Bars(day, ("p1405", "p1409"), price, price, price, price, expiry=month, product=np.array(["p", "p"]),
    ...     fields={"open_interest": held})
    >>> targets_on_contracts(np.array([[0.5], [np.nan], [np.nan]]), decide(bars))
    array([[0.5, 0. ],
           [0. , 0.5],
           [nan, nan]])
    """
    weights = np.asarray(targets, dtype=np.float64)
    if weights.shape != roll.decided.shape or np.isinf(weights).any():
        raise MarketError(
            "The targets do not fit the roll.",
            expected=f"finite weights or NaN, of shape {roll.decided.shape}: times by products",
            got=f"shape {weights.shape}",
        )
    out = np.full((len(weights), len(roll.entities)), np.nan)
    chains = _chains(roll)
    for p, chain in enumerate(chains):
        last, held = 0.0, -1
        for t in range(len(weights)):
            now = int(roll.decided[t, p])
            given = weights[t, p]
            if np.isfinite(given):
                out[t, chain] = 0.0
                last = float(given)
            elif now == held or last == 0.0:
                held = now
                continue
            elif held >= 0:
                out[t, held] = 0.0
            if now >= 0:
                out[t, now] = last
            held = now
    return out


def _chains(roll: Roll) -> list[NDArray[np.int64]]:
    """All contracts of each product that the roll ever decided on."""
    found = []
    for p in range(len(roll.products)):
        used = np.unique(roll.decided[:, p]).astype(np.int64)
        found.append(used[used >= 0])
    return found
