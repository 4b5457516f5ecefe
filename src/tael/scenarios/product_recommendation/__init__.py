"""Product recommendation: which product is this customer most likely to buy next? See ``scenario.toml``."""
