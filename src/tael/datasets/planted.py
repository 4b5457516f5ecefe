"""Simulated tables with a pattern in three layers planted in them, to see whether a search finds it.

The label is drawn from the pattern's own formula, computed on the simulated tables. What lies on the way to it (each of
its conditions alone, the formula without its peers) varies for reasons that have nothing to do with the label, so that
only the whole says it all.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.engine import Engine
from tael.tables.frames import Tables

Pattern = Literal["new-counterparties-at-night", "worst-loan", "noise"]

START = datetime(2024, 1, 1)
DAYS = 240
BRANCHES = tuple(f"branch {letter}" for letter in "ABCDEFGHIJ")

_NIGHT = "share(transfers, where=is_night(at) and at - min(transfers.at, by=counterparty) < 7)"
_WORST = "max(mean(instalments.paid - instalments.due), over=loans)"
FORMULAS: dict[Pattern, str | None] = {
    "new-counterparties-at-night": f"{_NIGHT} - mean({_NIGHT}, by=branch)",
    "worst-loan": f"{_WORST} - mean({_WORST}, by=branch)",
    "noise": None,
}
"""What was planted, in the language; peers are compared within the simulated sample."""


@dataclass(frozen=True)
class Planted:
    """Tables, observations and labels with a known pattern.

    Attributes
    ----------
    tables : Tables
    entity : str
    X : polars.DataFrame
        Key and cutoff.
    y : ndarray of int64, shape (n,)
    formula : str or None
        None: the label is noise.
    signal : ndarray of float64, shape (n,)
        The formula's values (zeros for noise).
    """

    tables: Tables
    entity: str
    X: pl.DataFrame
    y: NDArray[np.int64]
    formula: str | None
    signal: NDArray[np.float64]


def simulate_planted(
    pattern: Pattern = "new-counterparties-at-night", n: int = 3000, *, seed: int = 0, strength: float = 1.6
) -> Planted:
    """Simulate accounts or customers whose label follows a pattern in three layers.

    ``"new-counterparties-at-night"``: the share of an account's transfers that happen at night *and* go to a
    counterparty first seen less than a week before, beside the accounts of the same branch. ``"worst-loan"``: the
    average delay of a customer's worst loan, beside the customers of the same branch. ``"noise"``: the same transfers,
    and a label that has nothing to do with them.

    Parameters
    ----------
    pattern : str
    n : int
        Observations.
    seed : int
    strength : float
        Log-odds of a standard deviation of the pattern.

    Examples
    --------
    >>> made = simulate_planted("worst-loan", n=200, seed=1)
    >>> sorted(made.tables), made.X.height, set(made.y.tolist()) == {0, 1}
    (['customers', 'instalments', 'loans'], 200, True)
    """
    rng = np.random.default_rng([seed, len(pattern)])
    tables, entity, key = _lending(rng, n) if pattern == "worst-loan" else _payments(rng, n)
    cutoffs = [START + timedelta(days=DAYS) + timedelta(hours=int(h)) for h in rng.integers(0, 24 * 30, n)]
    X = pl.DataFrame({key: np.arange(1, n + 1), "cutoff": pl.Series(cutoffs, dtype=pl.Datetime("us"))})
    formula = FORMULAS[pattern]
    signal = np.zeros(n)
    if formula is not None:
        engine = Engine(tables, entity)
        signal = engine.evaluate([formula], X, fitted=engine.fit([formula], X))[0].data
    there = np.isfinite(signal)
    spread = signal[there].std()
    odds = np.where(there, (signal - signal[there].mean()) / (spread if spread > 0 else 1.0), 0.0)
    y = (rng.random(n) < 1 / (1 + np.exp(1.5 - strength * odds))).astype(np.int64)
    return Planted(tables, entity, X, y, formula, signal)


def _times(rng: np.random.Generator, day: NDArray, night: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Microseconds of events on given days, at night (22 to 6) or by day."""
    hour = np.where(night, (22 + rng.random(len(day)) * 8) % 24, 6 + rng.random(len(day)) * 16)
    micro = (np.floor(day) * 86400 + hour * 3600) * 1e6
    return micro.astype(np.int64) + int((START - datetime(1970, 1, 1)) / timedelta(microseconds=1))


def _payments(rng: np.random.Generator, n: int) -> tuple[Tables, str, str]:
    """Accounts of ten branches and their transfers to counterparties, old and new, by day and at night."""
    branch = rng.integers(0, len(BRANCHES), n)
    usual = rng.uniform(0.0, 0.25, len(BRANCHES))[branch]
    both = np.clip(usual + rng.normal(0, 0.06, n), 0.0, 0.5)
    night = both + rng.uniform(0.0, 0.4, n)
    fresh = both + rng.uniform(0.0, 0.4, n)
    count = rng.poisson(70, n) + 10
    of = np.repeat(np.arange(n), count)
    # each transfer falls into one of four cells: night and new, night alone, new alone, neither
    draw = rng.random(len(of))
    edges = np.stack([both, night, night + fresh - both], axis=1)[of]
    cell = (draw[:, None] >= edges).sum(axis=1)
    at_night, is_new = cell <= 1, (cell == 0) | (cell == 2)
    day = rng.uniform(0, DAYS, len(of))
    old = rng.integers(0, 6, len(of))
    number = np.where(is_new, 1000 + np.arange(len(of)), old)
    first = pl.DataFrame({"of": np.repeat(np.arange(n), 6), "number": np.tile(np.arange(6), n)})
    # the usual counterparties have been there from the start
    ofs = np.concatenate([of, first["of"].to_numpy()])
    numbers = np.concatenate([number, first["number"].to_numpy()])
    days = np.concatenate([day, np.full(len(first), -8.0) + rng.random(len(first))])
    nights = np.concatenate([at_night, np.zeros(len(first), dtype=bool)])
    transfers = pl.DataFrame(
        {
            "account_id": ofs + 1,
            "at": pl.Series(_times(rng, days, nights)).cast(pl.Datetime("us")),
            "counterparty": pl.Series(ofs * 1_000_000 + numbers).cast(pl.String),
            "amount": np.round(np.exp(rng.normal(5, 1, len(ofs))), 2),
            "channel": rng.choice(["app", "web", "branch", "phone"], len(ofs), p=[0.6, 0.2, 0.1, 0.1]),
        }
    ).sample(fraction=1.0, shuffle=True, seed=int(rng.integers(2**31)))
    accounts = pl.DataFrame(
        {
            "account_id": np.arange(1, n + 1),
            "branch": [BRANCHES[i] for i in branch],
            "age": rng.integers(18, 80, n).astype(float),
            "income": np.round(np.exp(rng.normal(9, 0.5, n)), 0),
        }
    )
    schema = {
        "accounts": {
            "key": "account_id",
            "columns": {"branch": {"type": "category"}, "income": {"unit": "CNY"}, "age": {"unit": "years"}},
        },
        "transfers": {
            "time": "at",
            "columns": {
                "account_id": {"to": "accounts"},
                "counterparty": {"type": "category"},
                "amount": {"unit": "CNY"},
                "channel": {"type": "category"},
            },
        },
    }
    return Tables({"accounts": accounts, "transfers": transfers}, schema), "accounts", "account_id"


def _lending(rng: np.random.Generator, n: int) -> tuple[Tables, str, str]:
    """Customers of ten branches, their loans, and the instalments of these, paid late loan by loan."""
    branch = rng.integers(0, len(BRANCHES), n)
    usual = rng.uniform(0.0, 12.0, len(BRANCHES))[branch]
    loans_of = np.repeat(np.arange(n), rng.integers(2, 6, n))
    m = len(loans_of)
    late = usual[loans_of] + rng.gamma(1.2, 5.0, m)
    opened = rng.uniform(0, DAYS - 150, m)
    of = np.repeat(np.arange(m), rng.integers(4, 11, m))
    turn = np.arange(len(of)) - np.repeat(np.flatnonzero(np.r_[True, of[1:] != of[:-1]]), np.bincount(of))
    due = opened[of] + 15.0 * (turn + 1)
    paid = due + late[of] + rng.normal(0, 4.0, len(of))
    kept = due < DAYS
    day = np.zeros(len(of), dtype=bool)
    instalments = pl.DataFrame(
        {
            "loan_id": of + 1,
            "due": pl.Series(_times(rng, due, day)).cast(pl.Datetime("us")),
            "paid": pl.Series(_times(rng, paid, day)).cast(pl.Datetime("us")),
            "amount": np.round(np.exp(rng.normal(7, 0.4, len(of))), 2),
        }
    ).filter(pl.Series(kept))
    loans = pl.DataFrame(
        {
            "loan_id": np.arange(1, m + 1),
            "customer_id": loans_of + 1,
            "opened": pl.Series(_times(rng, opened, np.zeros(m, dtype=bool))).cast(pl.Datetime("us")),
            "lent": np.round(np.exp(rng.normal(9, 0.5, m)), 0),
            "purpose": rng.choice(["car", "home", "travel", "other"], m),
        }
    )
    customers = pl.DataFrame(
        {
            "customer_id": np.arange(1, n + 1),
            "branch": [BRANCHES[i] for i in branch],
            "income": np.round(np.exp(rng.normal(9, 0.5, n)), 0),
        }
    )
    schema = {
        "customers": {"key": "customer_id", "columns": {"branch": {"type": "category"}, "income": {"unit": "CNY"}}},
        "loans": {
            "key": "loan_id",
            "time": "opened",
            "columns": {
                "customer_id": {"to": "customers"},
                "lent": {"unit": "CNY"},
                "purpose": {"type": "category"},
            },
        },
        "instalments": {
            "time": "due",
            "columns": {
                "loan_id": {"to": "loans"},
                "paid": {"type": "time", "known_at": "paid"},
                "amount": {"unit": "CNY"},
            },
        },
    }
    return (
        Tables({"customers": customers, "loans": loans, "instalments": instalments}, schema),
        "customers",
        "customer_id",
    )
