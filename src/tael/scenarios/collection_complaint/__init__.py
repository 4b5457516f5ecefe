"""Collections: complaints: see ``scenario.toml``."""
