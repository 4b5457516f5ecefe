"""Customer churn: which customers are about to leave, and whom is it worth keeping? See ``scenario.toml``."""
