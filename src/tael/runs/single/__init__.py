"""One table, three tasks: regression, classification, clustering, found from the table itself."""

from tael.runs.single.fitting import FitResult, fit
from tael.runs.single.kept import TableModel
from tael.runs.single.kept import load_table_model as load_fit

__all__ = ["FitResult", "TableModel", "fit", "load_fit"]
