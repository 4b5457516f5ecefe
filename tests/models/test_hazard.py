"""Competing risks: curves of known hazards come back, shares add up, and odd input is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.base import clone
from sklearn.model_selection import cross_val_score

from tael.errors import ModelError
from tael.models import CompetingRisks, aalen_johansen, load_model, save_model, survival_outcome
from tael.models.hazard_curves import at_times, cumulative_incidence, remaining
from tael.models.hazard_fit import person_periods, time_basis
from tael.models.hazard_time import TimeGrid, make_grid
from tael.models.outcomes import read_outcome

MONTHS = 24


@pytest.fixture(scope="module")
def known() -> dict[str, Any]:
    """6,000 loans of 24 months with known hazards: default (1) rises with x0, settling (2) falls with x1."""
    rng = np.random.default_rng(3)
    n = 6000
    X = rng.normal(size=(n, 3))
    eta = np.stack([-4.0 + 0.8 * X[:, 0], -3.2 - 0.6 * X[:, 1]], axis=1)
    h = np.exp(eta) / (1.0 + np.exp(eta).sum(axis=1, keepdims=True))
    time, cause = np.full(n, MONTHS), np.zeros(n, dtype=int)
    for k in range(MONTHS, 0, -1):
        u = rng.random(n)
        now = np.where(u < h[:, 0], 1, np.where(u < h.sum(axis=1), 2, 0))
        time, cause = np.where(now > 0, k, time), np.where(now > 0, now, cause)
    seen_until = rng.integers(4, 40, n)
    event = np.where(time <= seen_until, cause, 0)
    left = 1.0 - h.sum(axis=1)
    truth = h[:, :, None] * ((1 - left[:, None] ** np.arange(1, MONTHS + 1)) / (1 - left)[:, None])[:, None, :]
    return {"X": X, "time": np.minimum(time, seen_until), "event": event, "truth": truth, "full": (time, cause)}


@pytest.mark.parametrize(
    ("settings_", "most"), [({}, 0.012), ({"baseline": "spline"}, 0.012), ({"method": "boosted"}, 0.035)]
)
def test_known_curves_come_back(known: dict[str, Any], settings_: dict[str, Any], most: float) -> None:
    model = CompetingRisks(**{"rounds": 80, **settings_}).fit(known["X"], known["time"], known["event"])
    curves = model.predict_cumulative_incidence(known["X"], np.arange(1, MONTHS + 1))
    assert np.abs(curves - known["truth"]).mean() < most
    base = model.baseline_.at(np.arange(1, MONTHS + 1))
    # The columns explain what the curve of all hides.
    assert np.abs(curves - known["truth"]).mean() < 0.4 * np.abs(base - known["truth"]).mean()


def test_effects_are_those_simulated(known: dict[str, Any]) -> None:
    table = CompetingRisks().fit(known["X"], known["time"], known["event"]).effects()
    got = {(r["column"], r["cause"]): r["log_odds"] for r in table.to_dicts()}
    for (column, cause), truth in {("x0", "1"): 0.8, ("x1", "2"): -0.6, ("x2", "1"): 0.0, ("x1", "1"): 0.0}.items():
        assert got[column, cause] == pytest.approx(truth, abs=0.12)


def test_late_entry_is_told_from_an_early_start(known: dict[str, Any]) -> None:
    """Those seen from month 6 on are the ones who stayed: counting their first months as survived would flatter."""
    time, cause = known["full"]
    rng = np.random.default_rng(0)
    entry = np.where(rng.random(len(time)) < 0.7, 6, 0)
    here = time > entry
    X, time, cause, entry = known["X"][here], time[here], cause[here], entry[here]
    truth = known["truth"].mean(axis=0)[:, -1]
    told = aalen_johansen(time, cause, entry).at([MONTHS])[:, 0]
    not_told = aalen_johansen(time, cause).at([MONTHS])[:, 0]
    assert np.abs(told - truth).max() < 0.02 < np.abs(not_told - truth).max()
    curves = CompetingRisks().fit(X, time, cause, entry).predict_cumulative_incidence(known["X"])[:, :, -1]
    assert np.abs(curves.mean(axis=0) - truth).max() < 0.02


def test_continuous_time_is_binned_without_bias() -> None:
    rng = np.random.default_rng(1)
    n = 8000
    t1, t2, c = rng.exponential(20, n), rng.exponential(10, n), rng.uniform(0, 25, n)
    time = np.minimum(np.minimum(t1, t2), c)
    event = np.where(time == t1, "bad", np.where(time == t2, "paid", "open"))
    model = CompetingRisks(bins=12, censored="open").fit(np.ones((n, 1)), time, event)
    assert not model.grid_.exact
    times = np.array([2.0, 7.3, 15.0])
    truth = (1 - np.exp(-0.15 * times)) / 3
    got = model.predict_cumulative_incidence(np.ones((1, 1)), times)[0]
    np.testing.assert_allclose(got, np.stack([truth, 2 * truth]), atol=0.02)


def test_a_million_cells_need_no_expansion(known: dict[str, Any]) -> None:
    """Above the limit, person-periods without an event are sampled, and their weight is kept."""
    outcome = read_outcome(known["time"], known["event"])
    grid = make_grid(outcome, 36)
    all_rows = person_periods(outcome, grid, np.ones(len(outcome)), 10**9, np.random.default_rng(0))
    few = person_periods(outcome, grid, np.ones(len(outcome)), 10_000, np.random.default_rng(0))
    assert len(few[0]) == 10_000 < len(all_rows[0])
    assert (few[2] > 0).sum() == (all_rows[2] > 0).sum() == (outcome.cause > 0).sum()
    assert few[3].sum() == pytest.approx(all_rows[3].sum())


@settings(max_examples=40, deadline=None)
@given(
    arrays(np.float64, (3, 3, 8), elements=st.floats(0, 1)),
    st.lists(st.floats(0, 8), min_size=1, max_size=6),
    st.booleans(),
)
def test_curves_never_fall_and_add_up_to_one(raw: np.ndarray, times: list[float], exact: bool) -> None:
    hazards = raw / np.maximum(raw.sum(axis=1, keepdims=True), 1.0)
    curves = cumulative_incidence(hazards)
    assert (np.diff(curves, axis=2) >= 0).all()
    got = at_times(curves, TimeGrid(np.arange(9.0), exact), np.sort(np.array(times)))
    assert (got >= 0).all()
    for values in (curves, got):
        left = remaining(values)
        total = values[:, 0] + values[:, 1] + values[:, 2]
        assert (left >= 0).all()
        assert (total + left == 1.0).all()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 6), st.integers(0, 2), st.integers(0, 3)), min_size=2, max_size=30))
def test_aalen_johansen_against_a_slow_oracle(rows: list[tuple[int, int, int]]) -> None:
    rows = [(t, e, min(s, t - 1)) for t, e, s in rows]
    if not any(e for _, e, _ in rows):
        return
    curve = aalen_johansen([t for t, _, _ in rows], [e for _, e, _ in rows], [s for _, _, s in rows])
    survival, total = 1.0, dict.fromkeys(curve.causes, 0.0)
    for j, t in enumerate(curve.times):
        at_risk = sum(s < t <= end for end, _, s in rows)
        for c in curve.causes:
            total[c] += survival * sum(end == t and e == c for end, e, _ in rows) / at_risk
        survival *= 1 - sum(end == t and e > 0 for end, e, _ in rows) / at_risk
        np.testing.assert_allclose(curve.incidence[:, j], list(total.values()), atol=1e-12)
        assert curve.survival[j] == pytest.approx(survival, abs=1e-12)
    assert (curve.low <= curve.incidence + 1e-12).all()
    assert (curve.incidence <= curve.high + 1e-12).all()


def test_limits_cover_the_truth() -> None:
    covered = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        t1, t2, c = rng.exponential(20, 150), rng.exponential(10, 150), rng.uniform(0, 25, 150)
        time = np.minimum(np.minimum(t1, t2), c)
        curve = aalen_johansen(time, np.where(time == t1, 1, np.where(time == t2, 2, 0)))
        truth = (1 - np.exp(-0.15 * 8)) / 3
        covered += bool(curve.at([8], "low")[0, 0] <= truth <= curve.at([8], "high")[0, 0])
    assert 180 <= covered <= 198


def test_a_published_value() -> None:
    """Variance without competing events is Greenwood's: 6-MP arm of Freireich's leukaemia trial at week 10."""
    time = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
    event = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
    curve = aalen_johansen(time, event)
    at = list(curve.times).index(10)
    assert curve.survival[at] == pytest.approx(0.7529, abs=1e-4)
    assert np.sqrt(curve.variance[0, at]) == pytest.approx(0.0963, abs=1e-4)


def test_lifelines_agrees() -> None:
    """lifelines 0.30.3, AalenJohansenFitter on the same rows: estimate, variance and limits."""
    rng = np.random.default_rng(1)
    n = 400
    t1, t2, c = rng.exponential(20, n), rng.exponential(10, n), rng.uniform(0, 25, n)
    time = np.minimum(np.minimum(t1, t2), c)
    curve = aalen_johansen(time, np.where(time == t1, 1, np.where(time == t2, 2, 0)))
    theirs = {
        "incidence": [0.08560804534084136, 0.25184579451484473, 0.3059835890071533],
        "variance": [0.00020338737742116617, 0.0005426140226047405, 0.0006915765375608688],
        "low": [0.06037594781277196, 0.20748873547618366, 0.25531866877317094],
        "high": [0.1162254122832945, 0.29847610119075174, 0.3580057276052547],
    }
    for what, values in theirs.items():
        np.testing.assert_allclose(curve.at([2, 8, 20], what)[0], values, rtol=1e-9)


@pytest.mark.parametrize("method", ["logistic", "boosted"])
def test_saved_and_loaded_to_the_last_bit(known: dict[str, Any], method: str, tmp_path: Path) -> None:
    status = np.array(["open", "default", "settled"])[known["event"][:900]]
    frame = pd.DataFrame({"x": known["X"][:900, 0], "job": np.where(known["X"][:900, 1] > 0, "a", "b")})
    model = CompetingRisks(method, bins=6, rounds=9, censored="open").fit(frame, known["time"][:900], status)
    save_model(model, tmp_path / "a")
    loaded = load_model(tmp_path / "a")
    times = [1, 7.5, 20]
    np.testing.assert_array_equal(
        loaded.predict_cumulative_incidence(frame, times), model.predict_cumulative_incidence(frame, times)
    )
    assert loaded.predict(frame).tolist() == model.predict(frame).tolist()
    assert loaded.get_params() == model.get_params()
    assert loaded.causes_ == ("default", "settled")
    save_model(loaded, tmp_path / "b")
    for file in (tmp_path / "a").iterdir():
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes()
    for file in (tmp_path / "a").glob("*.txt"):
        file.write_text(file.read_text().replace("num_class=3", "num_class=2"))
        with pytest.raises(ModelError, match="damaged"):
            load_model(tmp_path / "a")


def test_frames_categories_missing_and_unseen(known: dict[str, Any]) -> None:
    rng = np.random.default_rng(0)
    n = 800
    job = rng.choice(["clerk", "driver", "nurse"], n)
    frame = pl.DataFrame({"x": known["X"][:n, 0], "job": job}).with_columns(
        pl.when(pl.int_range(pl.len()) % 9 == 0).then(None).otherwise(pl.col("job")).alias("job"),
        pl.when(pl.int_range(pl.len()) % 7 == 0).then(None).otherwise(pl.col("x")).alias("x"),
    )
    time, event = known["time"][:n], known["event"][:n]
    model = CompetingRisks(bins=6).fit(frame, time, event)
    pandas = frame.to_pandas()
    np.testing.assert_array_equal(model.predict_hazard(frame), model.predict_hazard(pandas))
    unseen = model.predict_cumulative_incidence(pl.DataFrame({"x": [None], "job": ["pilot"]}, schema=frame.schema))
    assert np.isfinite(unseen).all()
    one = model.predict_hazard(frame[5:6])
    np.testing.assert_array_equal(one[0], model.predict_hazard(frame)[5])
    assert "job is missing" in model.effects()["column"].to_list()
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame.rename({"x": "z"}))


def test_cross_validation_and_conventions(known: dict[str, Any]) -> None:
    y = survival_outcome(known["time"][:900], known["event"][:900])
    scores = cross_val_score(CompetingRisks(bins=6), known["X"][:900], y, cv=3)
    noise = cross_val_score(CompetingRisks(bins=6), known["X"][900:1800], y, cv=3)
    assert scores.mean() > noise.mean()
    model = CompetingRisks("boosted", bins=6, rounds=5)
    assert clone(model).get_params() == model.get_params()
    fitted = model.fit(known["X"][:900], y)
    again = clone(model).fit(known["X"][:900], known["time"][:900], known["event"][:900])
    np.testing.assert_array_equal(fitted.predict_hazard(known["X"][:9]), again.predict_hazard(known["X"][:9]))
    assert set(fitted.predict(known["X"])) <= {0, 1, 2}
    assert fitted.n_features_in_ == 3


def test_an_all_missing_and_a_constant_column_do_nothing(known: dict[str, Any]) -> None:
    X = np.column_stack([known["X"][:500], np.full(500, np.nan), np.ones(500)])
    model = CompetingRisks(bins=6).fit(X, known["time"][:500], known["event"][:500])
    plain = CompetingRisks(bins=6).fit(known["X"][:500], known["time"][:500], known["event"][:500])
    np.testing.assert_allclose(model.predict_hazard(X), plain.predict_hazard(known["X"][:500]), atol=1e-6)


@pytest.mark.parametrize(
    ("time", "event", "entry", "settings_", "words"),
    [
        ([1, 2], [0, 0], None, {}, "Nobody had an event"),
        ([1, 2], [1, 9], None, {"causes": (1, 2)}, "not known"),
        ([1, 2], [1, 1], None, {"causes": (1, 2)}, "no event to learn"),
        ([0, 2], [1, 1], None, {}, "not positive"),
        ([1, 2], [1, 1], [0, 2], {}, "at or after its end"),
        ([1, 2], [1, 1], [-1, 0], {}, "before the origin"),
        ([1, np.nan], [1, 1], None, {}, "missing or infinite"),
        ([1, 2], np.array(["a", None], dtype=object), None, {}, "code is missing"),
        ([1, 2, 3], [1, 1, 1], None, {}, "different lengths"),
        ([1, 2], [1], None, {}, "do not match"),
        ([1, 2], None, None, {}, "Only times are given"),
    ],
)
def test_odd_outcomes_are_told(time: Any, event: Any, entry: Any, settings_: dict[str, Any], words: str) -> None:
    with pytest.raises(ModelError, match=words):
        CompetingRisks(**settings_).fit(np.zeros((2, 1)), time, event, entry)


def test_one_row_and_times_beyond() -> None:
    model = CompetingRisks().fit([[1.0]], [3], [1])
    assert model.predict_cumulative_incidence([[1.0]], [1, 3]).shape == (1, 1, 2)
    with pytest.raises(ModelError, match="followed for"):
        model.predict_survival([[1.0]], [4])
    with pytest.raises(ModelError, match="no single effect"):
        CompetingRisks("boosted", rounds=1).fit(np.zeros((60, 1)), np.arange(1, 61), [1] * 60).effects()


def test_the_spline_has_few_numbers() -> None:
    assert time_basis("spline", np.arange(37.0), 5).shape == (36, 5)
    assert time_basis("spline", np.arange(4.0), 5).shape == (3, 3)
    assert pd.DataFrame(time_basis("spline", np.arange(37.0), 5)).corr().notna().any(axis=None)
