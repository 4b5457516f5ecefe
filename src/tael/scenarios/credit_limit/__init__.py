"""Credit limit: how much should be lent to each applicant? See ``scenario.toml``."""
