"""tael: machine learning on finance tables, on the scikit-learn convention.

>>> import tael
>>> tael.scenario("credit-approval").title("zh")
'是否授信'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from tael.engine import Engine
    from tael.errors import TaelError
    from tael.features import AutoFeatures
    from tael.models import PortfolioClassifier
    from tael.runs import Run
    from tael.runs.single import fit
    from tael.scenarios import Scenario, scenario
    from tael.tables import Schema, Tables, read_tables
    from tael.tables.infer import infer

_WHERE = {
    "AutoFeatures": "tael.features",
    "Engine": "tael.engine",
    "PortfolioClassifier": "tael.models",
    "Run": "tael.runs",
    "Scenario": "tael.scenarios",
    "Schema": "tael.tables",
    "TaelError": "tael.errors",
    "Tables": "tael.tables",
    "fit": "tael.runs.single",
    "infer": "tael.tables.infer",
    "read_tables": "tael.tables",
    "scenario": "tael.scenarios",
}

__all__ = [
    "AutoFeatures",
    "Engine",
    "PortfolioClassifier",
    "Run",
    "Scenario",
    "Schema",
    "Tables",
    "TaelError",
    "fit",
    "infer",
    "read_tables",
    "scenario",
]


def __getattr__(name: str) -> Any:
    # `import tael` stays light: a room is imported by the first name that needs it
    if name not in _WHERE:
        raise AttributeError(f"module 'tael' has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return sorted(["__version__", *__all__])
