"""The command line: ``tael run credit-approval``."""

from tael.cli.app import app, main

__all__ = ["app", "main"]
