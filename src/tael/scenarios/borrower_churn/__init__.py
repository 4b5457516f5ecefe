"""Borrower churn: which borrowers will not come back once their loan is settled? See ``scenario.toml``."""
