"""Data to try tael on: simulated banks, lenders, markets and frauds of any size, each of which says that it is."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from tael.datasets.bank import simulate_bank
from tael.datasets.lender import simulate_lender
from tael.datasets.lender_result import LenderTruth, SimulatedLender
from tael.datasets.planted import Planted, simulate_planted
from tael.datasets.simulated import PlantedTruth, SimulatedBank
from tael.datasets.toml_writer import dump_schema

if TYPE_CHECKING:
    from tael.datasets.claims import simulate_claims
    from tael.datasets.claims_result import ClaimsTruth, SimulatedClaims
    from tael.datasets.futures import FuturesTruth, SimulatedFutures, simulate_futures
    from tael.datasets.futures_minutes import SimulatedMinutes, simulate_minutes
    from tael.datasets.laundering import simulate_laundering
    from tael.datasets.laundering_result import LaunderingTruth, SimulatedLaundering
    from tael.datasets.market import simulate_market
    from tael.datasets.market_alphas import Alpha
    from tael.datasets.market_result import MarketTruth, SimulatedMarket
    from tael.datasets.order_book import OrderBookTruth, SimulatedOrderBook, simulate_order_book

# Whoever simulates a bank needs no exchange.
_WHERE = {
    "Alpha": "tael.datasets.market_alphas",
    "ClaimsTruth": "tael.datasets.claims_result",
    "FuturesTruth": "tael.datasets.futures",
    "LaunderingTruth": "tael.datasets.laundering_result",
    "MarketTruth": "tael.datasets.market_result",
    "OrderBookTruth": "tael.datasets.order_book",
    "SimulatedClaims": "tael.datasets.claims_result",
    "SimulatedFutures": "tael.datasets.futures",
    "SimulatedLaundering": "tael.datasets.laundering_result",
    "SimulatedMarket": "tael.datasets.market_result",
    "SimulatedMinutes": "tael.datasets.futures_minutes",
    "SimulatedOrderBook": "tael.datasets.order_book",
    "simulate_claims": "tael.datasets.claims",
    "simulate_futures": "tael.datasets.futures",
    "simulate_laundering": "tael.datasets.laundering",
    "simulate_market": "tael.datasets.market",
    "simulate_minutes": "tael.datasets.futures_minutes",
    "simulate_order_book": "tael.datasets.order_book",
}

__all__ = [
    "Alpha",
    "ClaimsTruth",
    "FuturesTruth",
    "LaunderingTruth",
    "LenderTruth",
    "MarketTruth",
    "OrderBookTruth",
    "Planted",
    "PlantedTruth",
    "SimulatedBank",
    "SimulatedClaims",
    "SimulatedFutures",
    "SimulatedLaundering",
    "SimulatedLender",
    "SimulatedMarket",
    "SimulatedMinutes",
    "SimulatedOrderBook",
    "dump_schema",
    "simulate_bank",
    "simulate_claims",
    "simulate_futures",
    "simulate_laundering",
    "simulate_lender",
    "simulate_market",
    "simulate_minutes",
    "simulate_order_book",
    "simulate_planted",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'tael.datasets' has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)
