"""Credit approval: will the applicant default, and should the loan be granted? See ``scenario.toml``."""
