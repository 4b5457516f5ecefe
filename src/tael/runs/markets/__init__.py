"""Runs of a market: from bars to factors, model, portfolio, backtest and the next orders."""
