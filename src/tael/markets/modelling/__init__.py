"""Models of a cross-section: what each entity returns beside the others, learned from rows of many bars."""

from tael.markets.modelling.booster import PanelBooster
from tael.markets.modelling.labels import LABELS, standardised
from tael.markets.modelling.linear import PanelRidge
from tael.markets.modelling.named import PanelNamed
from tael.markets.modelling.ranker import PanelRanker
from tael.markets.modelling.rows import PanelRows, rows_of
from tael.markets.modelling.state import register_models
from tael.markets.modelling.walk import Fold, WalkForwardScores, folds_of, walk_forward

MODELS = {"booster": PanelBooster, "linear": PanelRidge, "ranker": PanelRanker, "estimator": PanelNamed}
"""Kind of model in a scenario -> estimator. A new one is one file and one line here."""

__all__ = [
    "LABELS",
    "MODELS",
    "Fold",
    "PanelBooster",
    "PanelNamed",
    "PanelRanker",
    "PanelRidge",
    "PanelRows",
    "WalkForwardScores",
    "folds_of",
    "register_models",
    "rows_of",
    "standardised",
    "walk_forward",
]
