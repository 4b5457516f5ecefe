"""Models: the portfolio, the logistic reference beside it, and how they are kept on disk.

    from tael.models import LogisticReference, PortfolioClassifier, load_model, save_model

Names are looked up when they are first used, so that importing the room loads neither scikit-learn nor LightGBM.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tael.models.binning import OptimalBinning as OptimalBinning
    from tael.models.blending import Calibration as Calibration
    from tael.models.blending import blend as blend
    from tael.models.crossfit import Candidate as Candidate
    from tael.models.crossfit import Member as Member
    from tael.models.hazard import CompetingRisks as CompetingRisks
    from tael.models.incidence import Incidence as Incidence
    from tael.models.incidence import aalen_johansen as aalen_johansen
    from tael.models.members import SETTINGS as SETTINGS
    from tael.models.named import NamedClassifier as NamedClassifier
    from tael.models.outcomes import survival_outcome as survival_outcome
    from tael.models.persist import load_model as load_model
    from tael.models.persist import register as register
    from tael.models.persist import save_model as save_model
    from tael.models.portfolio import PortfolioClassifier as PortfolioClassifier
    from tael.models.recommender import ProductRecommender as ProductRecommender
    from tael.models.recommender_baselines import ItemToItemRecommender as ItemToItemRecommender
    from tael.models.recommender_baselines import PopularityRecommender as PopularityRecommender
    from tael.models.recommender_metrics import evaluate_ranking as evaluate_ranking
    from tael.models.recommender_metrics import leave_one_out as leave_one_out
    from tael.models.reference import LogisticReference as LogisticReference
    from tael.models.reject_inference import RejectBand as RejectBand
    from tael.models.reject_inference import infer_rejects as infer_rejects
    from tael.models.reject_inference import infer_rejects_from_scores as infer_rejects_from_scores
    from tael.models.rule_words import rule_formula as rule_formula
    from tael.models.rules import RuleMiner as RuleMiner
    from tael.models.rules_beside import beside as beside
    from tael.models.rules_line import draw_review as draw_review
    from tael.models.rules_line import line_steps as line_steps
    from tael.models.rules_line import review_size as review_size
    from tael.models.rules_line import tune_line as tune_line
    from tael.models.scorecard import Scorecard as Scorecard
    from tael.models.segments import Segments as Segments
    from tael.models.shapes import AdditiveBooster as AdditiveBooster
    from tael.models.uplift_choice import UpliftChooser as UpliftChooser
    from tael.models.uplift_learners import DRLearner as DRLearner
    from tael.models.uplift_learners import ResponseModel as ResponseModel
    from tael.models.uplift_learners import SLearner as SLearner
    from tael.models.uplift_learners import TLearner as TLearner
    from tael.models.uplift_learners import XLearner as XLearner
    from tael.models.uplift_nuisance import Nuisances as Nuisances
    from tael.models.uplift_nuisance import fit_nuisances as fit_nuisances

_HOME = {
    "Incidence": "incidence",
    "aalen_johansen": "incidence",
    "CompetingRisks": "hazard",
    "survival_outcome": "outcomes",
    "ProductRecommender": "recommender",
    "ItemToItemRecommender": "recommender_baselines",
    "PopularityRecommender": "recommender_baselines",
    "evaluate_ranking": "recommender_metrics",
    "leave_one_out": "recommender_metrics",
    "RuleMiner": "rules",
    "beside": "rules_beside",
    "rule_formula": "rule_words",
    **dict.fromkeys(("draw_review", "line_steps", "review_size", "tune_line"), "rules_line"),
    "Segments": "segments",
    "AdditiveBooster": "shapes",
    "OptimalBinning": "binning",
    "Scorecard": "scorecard",
    "Calibration": "blending",
    "blend": "blending",
    "SETTINGS": "members",
    "load_model": "persist",
    "register": "persist",
    "save_model": "persist",
    "Candidate": "crossfit",
    "Member": "crossfit",
    "NamedClassifier": "named",
    "PortfolioClassifier": "portfolio",
    "LogisticReference": "reference",
    **dict.fromkeys(("RejectBand", "infer_rejects", "infer_rejects_from_scores"), "reject_inference"),
    "UpliftChooser": "uplift_choice",
    **dict.fromkeys(("DRLearner", "ResponseModel", "SLearner", "TLearner", "XLearner"), "uplift_learners"),
    "Nuisances": "uplift_nuisance",
    "fit_nuisances": "uplift_nuisance",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
