"""Fraud of the public health scheme: which people defraud it, and how? See ``scenario.toml``."""
