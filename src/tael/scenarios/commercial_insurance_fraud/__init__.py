"""Fraud of commercial cover: which claims are fraudulent, and how? See ``scenario.toml``."""
