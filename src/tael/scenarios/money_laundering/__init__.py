"""Money laundering: which accounts launder, and how? See ``scenario.toml``."""
