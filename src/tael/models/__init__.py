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
    from tael.models.members import SETTINGS as SETTINGS
    from tael.models.persist import load_model as load_model
    from tael.models.persist import register as register
    from tael.models.persist import save_model as save_model
    from tael.models.portfolio import PortfolioClassifier as PortfolioClassifier
    from tael.models.reference import LogisticReference as LogisticReference
    from tael.models.scorecard import Scorecard as Scorecard

_HOME = {
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
    "PortfolioClassifier": "portfolio",
    "LogisticReference": "reference",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
