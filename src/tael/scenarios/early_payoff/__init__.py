"""Early payoff: which borrowers will settle early, and when? See ``scenario.toml``."""
