"""Collections: repayment: which overdue cases will repay, and who should work them? See ``scenario.toml``."""
