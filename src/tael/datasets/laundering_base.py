"""What the parts of the simulated laundering share: batches of transfers, hours of the day, ways to draw amounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

HOUR, DAY = 3_600, 86_400

CHANNEL = ("mobile", "web", "counter", "card", "atm", "api")
MOBILE, WEB, COUNTER, CARD, ATM, API = range(len(CHANNEL))
REMARK = (
    "salary", "bonus", "rent", "purchase", "family", "repayment", "utilities", "savings", "invoice", "goods", "game",
    "group order", "loan", "deposit", "reimbursement",
)  # fmt: skip
(
    SALARY, BONUS, RENT, PURCHASE, FAMILY, REPAYMENT, UTILITIES, SAVINGS, INVOICE, GOODS, GAME, GROUP_ORDER, LOAN,
    DEPOSIT, REIMBURSEMENT,
) = range(len(REMARK))  # fmt: skip


@dataclass(frozen=True)
class Flows:
    """Some transfers: accounts by position, seconds since 1970, CNY; codes of the tuples above, remark -1 for none."""

    at: Ints
    sender: NDArray[np.int32]
    receiver: NDArray[np.int32]
    amount: Floats
    channel: NDArray[np.int8]
    remark: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.at)

    def take(self, rows: Ints | Flags) -> Flows:
        """Keep some rows."""
        return Flows(*(getattr(self, f.name)[rows] for f in fields(self)))

    @staticmethod
    def join(parts: Sequence[Flows]) -> Flows:
        """Put batches one behind the other."""
        return Flows(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Flows)))


def flows(
    rng: np.random.Generator,
    at: NDArray[np.number],
    sender: NDArray[np.number],
    receiver: NDArray[np.number],
    amount: Floats,
    *,
    channels: tuple[float, ...] = (0.7, 0.16, 0.02, 0.12, 0.0, 0.0),
    remark: int = -1,
    said: float = 0.55,
) -> Flows:
    """Make a batch: amounts to the cent and at least one, a channel by weights, a remark in a share of the rows."""
    n = len(at)
    return Flows(
        np.asarray(at).astype(np.int64),
        np.asarray(sender).astype(np.int32),
        np.asarray(receiver).astype(np.int32),
        np.maximum(np.round(amount, 2), 0.01),
        pick(rng, n, channels).astype(np.int8),
        np.where(rng.random(n) < said, remark, -1).astype(np.int8),
    )


def pick(rng: np.random.Generator, n: int, weights: Sequence[float] | Floats) -> Ints:
    """Draw `n` codes with the given weights."""
    edges = np.cumsum(np.asarray(weights, dtype=np.float64))
    return np.minimum(np.searchsorted(edges, rng.random(n) * edges[-1], side="right"), len(edges) - 1)


def hours(rng: np.random.Generator, n: int, night: float = 0.05) -> Ints:
    """Draw seconds of the day: around noon and in the evening; a share at night, 23:00 to 05:00."""
    noon = rng.random(n) < 0.5
    day = np.where(noon, rng.normal(11.5, 2.2, n), rng.normal(18.5, 2.4, n))
    day = np.clip(day, 6.0, 22.99)
    late = (23.0 + 6.0 * rng.random(n)) % 24.0
    return (np.where(rng.random(n) < night, late, day) * HOUR).astype(np.int64)


def office_hours(rng: np.random.Generator, n: int) -> Ints:
    """Draw seconds of the day between 09:00 and 18:00."""
    return (rng.uniform(9.0, 18.0, n) * HOUR).astype(np.int64)


def rounded(rng: np.random.Generator, amount: Floats, share: float) -> Floats:
    """Round a share of the amounts as people do: to two leading digits, or one."""
    with np.errstate(divide="ignore"):
        digit = 10.0 ** np.floor(np.log10(np.maximum(amount, 1.0)))
    step = np.where(rng.random(len(amount)) < 0.5, digit, digit / 10.0)
    nice = np.maximum(np.round(amount / step) * step, 1.0)
    return np.where(rng.random(len(amount)) < share, nice, amount)


def split(rng: np.random.Generator, total: float, parts: int, unevenness: float = 0.35) -> Floats:
    """Split a sum into parts that differ."""
    weight = np.exp(rng.normal(0.0, unevenness, parts))
    return total * weight / weight.sum()
