from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as sk

from tael.errors import ValidationError
from tael.validation import gains_table, ks_curve, metric, pr_curve, roc_curve


@pytest.fixture(scope="module")
def sample():
    rng = np.random.default_rng(0)
    p = rng.beta(1, 6, 5000)
    return (rng.random(5000) < p).astype(int), p


def test_thinned_roc_keeps_its_area(sample):
    y, p = sample
    curve = roc_curve(y, p)
    assert len(curve) <= 203
    area = np.trapezoid(curve["true_positive_rate"], curve["false_positive_rate"])
    assert area == pytest.approx(sk.roc_auc_score(y, p), abs=0.002)
    assert curve.row(0)[1:] == (0, 0)
    assert curve.row(-1)[1:] == (1, 1)


def test_unthinned_pr_is_scikit_learns(sample):
    y, p = (a[:300] for a in sample)
    curve = pr_curve(y, p, n_points=10_000)
    precision, recall, threshold = sk.precision_recall_curve(y, p)
    assert curve["threshold"].to_list()[::-1] == pytest.approx(threshold)
    assert curve["precision"].to_list()[::-1] == pytest.approx(precision[:-1])
    assert curve["recall"].to_list()[::-1] == pytest.approx(recall[:-1])


def test_widest_gap_survives_thinning(sample):
    y, p = sample
    assert ks_curve(y, p, n_points=7)["gap"].max() == pytest.approx(metric("ks")(y, p))


def test_gains(sample):
    y, p = sample
    table = gains_table(y, p)
    top = np.argsort(-p)[:500]
    assert table["event_rate"][0] == pytest.approx(y[top].mean())
    assert table["lift"][0] == pytest.approx(metric("lift_top_decile")(y, p))
    assert table["cumulative_events"][-1] == 1
    assert table["events"].sum() == y.sum()


@pytest.mark.parametrize("curve", [roc_curve, pr_curve, ks_curve, gains_table])
def test_one_class_is_refused(curve):
    with pytest.raises(ValidationError, match="needs events and non-events"):
        curve([0, 0], [0.1, 0.2])
