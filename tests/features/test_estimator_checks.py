"""scikit-learn's own checks over AutoFeatures on a frame's own columns; gaps would be named, with their reasons."""

from __future__ import annotations

from typing import Any

from sklearn.utils.estimator_checks import parametrize_with_checks

from tael.features import AutoFeatures


def _gaps(estimator: Any) -> dict[str, str]:
    return {}


@parametrize_with_checks([AutoFeatures(keep=10)], expected_failed_checks=_gaps, xfail_strict=True)
def test_scikit_learn_checks(estimator: Any, check: Any) -> None:
    check(estimator)
