"""One table, three tasks: regression, classification, clustering, found from the table itself."""

from tael.runs.single.fitting import FitResult, fit

__all__ = ["FitResult", "fit"]
