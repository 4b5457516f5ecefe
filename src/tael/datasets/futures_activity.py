"""Who holds simulated futures and how much is dealt: open interest that moves on, members, stores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tael.datasets.futures_book import YEAR, Book
from tael.datasets.futures_curves import Curves
from tael.datasets.futures_products import Contracts, Products
from tael.datasets.market_calendar import Floats, Ints

MEMBERS = tuple(f"模拟期货{number:02d}" for number in range(1, 41))
TOP = 20


def interest_shares(products: Products, contracts: Contracts, n_days: int) -> Floats:
    """Say which share of a product's open interest each contract has: most of it a few months before the expiry.

    Parameters
    ----------
    products : Products
    contracts : Contracts
    n_days : int

    Returns
    -------
    float64 array, shape (T, N)
        0 where not listed.
    """
    per_year = np.array([len(months) for months in products.months], dtype=np.float64)[contracts.product]
    centre, width = 0.09 + 0.75 / per_year, 0.02 + 0.32 / per_year
    days = np.arange(n_days)[:, None]
    left = contracts.last - days
    weight = np.exp(-(((left / YEAR - centre) / width) ** 2) / 2) + 0.002
    # Whoever will not deliver leaves before the last weeks.
    weight *= np.clip(left / 15, 0.001, 1)
    weight[(contracts.first > days) | (left < 0)] = 0
    for p in range(len(products)):
        of = contracts.product == p
        weight[:, of] /= weight[:, of].sum(axis=1, keepdims=True)
    return weight


def main_contracts(products: Products, contracts: Contracts, shares: Floats) -> tuple[Ints, Ints]:
    """Find the contract with the most open interest of each day and product, and the one that expires after it.

    Returns
    -------
    main, following : int64 arrays, shape (T, P)
    """
    main = np.empty((len(shares), len(products)), dtype=np.int64)
    for p in range(len(products)):
        of = np.flatnonzero(contracts.product == p)
        main[:, p] = of[np.argmax(shares[:, of], axis=1)]
    return main, main + 1


@dataclass(frozen=True)
class Activity:
    """How much is held and dealt.

    Attributes
    ----------
    interest, volume : float64 arrays, shape (T, N)
        Contracts, counted on one side.
    inventory, receipts : float64 arrays, shape (T, P)
        Thousand tonnes (or kilograms of metal) in all stores; contracts' worth registered at the exchange.
    long, short : float64 arrays, shape (T, P, 20)
        Positions of the twenty largest members in the main contract, largest first.
    long_member, short_member : int64 arrays, shape (T, P, 20)
        Codes into `MEMBERS`.
    """

    interest: Floats
    volume: Floats
    inventory: Floats
    receipts: Floats
    long: Floats
    short: Floats
    long_member: Ints
    short_member: Ints


def make_activity(
    rng: np.random.Generator, products: Products, contracts: Contracts, book: Book, curves: Curves, shares: Floats
) -> Activity:
    """Draw open interest, volume, stores and members' positions.

    Stores follow the theory of storage (Kaldor 1939, Working 1949): they are low where the convenience yield is high.

    Parameters
    ----------
    rng : numpy.random.Generator
    products, contracts, book, curves
    shares : float64 array, shape (T, N)

    Returns
    -------
    Activity
    """
    t_all, p_all = curves.spot.shape
    total = products.interest * np.exp(_walk(rng, (t_all, p_all), 0.985, 0.03))
    listed = shares > 0
    interest = np.round(total[:, contracts.product] * shares)
    change = np.abs(np.nan_to_num(book.close / book.preclose - 1)) / curves.volatility[:, contracts.product]
    pace = 0.45 * np.exp(0.3 * (np.minimum(change, 5) - 0.8) + 0.3 * rng.standard_normal(shares.shape))
    pace *= np.exp(_walk(rng, (t_all, p_all), 0.95, 0.12))[:, contracts.product]
    volume = np.where(listed, np.round(interest * pace), 0.0)
    # A contract that nobody holds is not dealt every day.
    volume[(interest < 400) & (rng.random(shares.shape) < 0.3)] = 0
    scarcity = curves.convenience - curves.convenience.mean(axis=0)
    inventory = 300 * np.exp(-3 * scarcity + _walk(rng, (t_all, p_all), 0.99, 0.01))
    receipts = np.round(0.03 * products.interest * np.exp(-4 * scarcity + _walk(rng, (t_all, p_all), 0.98, 0.05)))
    held = np.take_along_axis(interest, curves.main, axis=1)
    long, long_member = _members(rng, held, 0.55)
    short, short_member = _members(rng, held, 0.60)
    return Activity(interest, volume, np.round(inventory, 1), receipts, long, short, long_member, short_member)


def _walk(rng: np.random.Generator, shape: tuple[int, int], stay: float, step: float) -> Floats:
    """Draw autoregressive series that begin in their usual range."""
    out = np.empty(shape)
    noise = step * rng.standard_normal(shape)
    now = noise[0] / np.sqrt(1 - stay**2)
    for t in range(shape[0]):
        out[t] = now = stay * now + noise[t]
    return out


def _members(rng: np.random.Generator, held: Floats, together: float) -> tuple[Floats, Ints]:
    """Spread a share of the open interest over the twenty largest of forty members, whose sizes drift slowly."""
    t_all, p_all = held.shape
    taste = _walk(rng, (t_all, p_all * len(MEMBERS)), 0.99, 0.08).reshape(t_all, p_all, len(MEMBERS))
    size = np.exp(taste + np.linspace(1.2, -1.2, len(MEMBERS)))
    member = np.argsort(-size, axis=2)[:, :, :TOP]
    top = np.take_along_axis(size, member, axis=2)
    top /= top.sum(axis=2, keepdims=True)
    return np.floor(held[:, :, None] * together * top), member
