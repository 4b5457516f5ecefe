"""Feature construction: formulas grown out of linked tables."""

from tael.features.auto import AutoFeatures

__all__ = ["AutoFeatures"]
