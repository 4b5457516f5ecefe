"""Planted patterns: the label follows the formula, and nothing on the way to it says as much."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from tael.datasets import simulate_planted
from tael.datasets.planted import FORMULAS, Pattern
from tael.engine import Engine
from tael.features import AutoFeatures

ON_THE_WAY: dict[Pattern, list[str]] = {
    "new-counterparties-at-night": [
        "share(transfers, where=is_night(at))",
        "share(transfers, where=at - min(transfers.at, by=counterparty) < 7)",
        "share(transfers, where=is_night(at) and at - min(transfers.at, by=counterparty) < 7)",
    ],
    "worst-loan": [
        "mean(instalments.paid - instalments.due)",
        "max(mean(instalments.paid - instalments.due), over=loans)",
    ],
}


@pytest.mark.parametrize("pattern", ON_THE_WAY)
def test_only_the_whole_says_it_all(pattern: Pattern) -> None:
    made = simulate_planted(pattern, 1500, seed=1)
    whole = roc_auc_score(made.y, np.nan_to_num(made.signal))
    engine = Engine(made.tables, made.entity)
    parts = [
        roc_auc_score(made.y, np.nan_to_num(values.data)) for values in engine.evaluate(ON_THE_WAY[pattern], made.X)
    ]
    assert whole > 0.78
    assert max(parts) < whole - 0.01


@pytest.mark.parametrize("pattern", FORMULAS)
def test_the_same_seed_gives_the_same_tables(pattern: Pattern) -> None:
    one, two, other = (simulate_planted(pattern, 100, seed=seed) for seed in (3, 3, 4))
    assert all(one.tables[name].equals(two.tables[name]) for name in one.tables)
    assert np.array_equal(one.y, two.y)
    assert not all(one.tables[name].equals(other.tables[name]) for name in one.tables)


def test_noise_has_no_formula_and_nothing_is_kept() -> None:
    made = simulate_planted("noise", 1500, seed=0)
    assert made.formula is None
    assert not made.signal.any()
    assert AutoFeatures(made.tables, entity=made.entity).fit(made.X, made.y).formulas_ == []
