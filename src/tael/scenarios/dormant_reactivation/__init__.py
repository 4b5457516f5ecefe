"""Waking dormant customers: see ``scenario.toml``."""
