"""Entities, cutoffs, labels: what is observed and when."""

from tael.observations.observe import Observations, observe
from tael.observations.spec import LabelSpec, ObservationSpec

__all__ = ["LabelSpec", "ObservationSpec", "Observations", "observe"]
