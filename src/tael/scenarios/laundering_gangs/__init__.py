"""Laundering gangs: which accounts belong together, and which gangs come first? See ``scenario.toml``."""
