"""scikit-learn's own checks over the binning and the scorecard; gaps are named, with their reasons."""

from __future__ import annotations

from typing import Any

from sklearn.utils.estimator_checks import parametrize_with_checks

from tael.models import OptimalBinning, Scorecard


def _gaps(estimator: Any) -> dict[str, str]:
    return {"check_dtype_object": "a dictionary among numbers is refused, with the column's name"}


@parametrize_with_checks([OptimalBinning(), Scorecard()], expected_failed_checks=_gaps, xfail_strict=True)
def test_scikit_learn_checks(estimator: Any, check: Any) -> None:
    check(estimator)
