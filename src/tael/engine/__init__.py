"""Evaluates formulas on tables for observations."""

from tael.engine.evaluate import Engine

__all__ = ["Engine"]
