"""Metrics of uplift against a slow plain oracle, and by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tael.errors import ValidationError
from tael.validation import (
    UPLIFT_METRICS,
    evaluate_uplift,
    plain_effects,
    qini_coefficient,
    qini_curve,
    top_share,
    uplift_calibration,
    uplift_difference,
    uplift_draws,
    uplift_table,
)

Row = tuple[float, float, int, float]


def _slow_area(rows: list[Row], key: list[float]) -> tuple[float, list[tuple[float, float]]]:
    """Area between the Qini curve and the random line, one threshold at a time, as the definition says it."""
    points = [(0.0, 0.0)]
    for cut in sorted(set(key), reverse=True):
        inside = [row for row, k in zip(rows, key, strict=True) if k >= cut]
        nt, nc = (sum(w for _, _, t, w in inside if t == arm) for arm in (1, 0))
        yt, yc = (sum(w * y for y, _, t, w in inside if t == arm) for arm in (1, 0))
        points.append((nt + nc, yt - (yc * nt / nc if nc > 0 else 0.0)))
    area = sum((b[0] - a[0]) * (b[1] + a[1]) / 2 for a, b in itertools.pairwise(points))
    return area - points[-1][0] * points[-1][1] / 2, points


def _slow_qini(rows: list[Row]) -> float:
    ours, _ = _slow_area(rows, [s for _, s, _, _ in rows])
    best, _ = _slow_area(rows, [y if t else -y for y, _, t, _ in rows])
    return ours / best if best > 0 else float("nan")


_rows = st.lists(
    st.tuples(
        st.sampled_from([0.0, 1.0, 2.5]),
        st.sampled_from([-1.0, 0.0, 0.25, 0.5, 3.0]),
        st.integers(0, 1),
        st.sampled_from([0.5, 1.0, 2.0]),
    ),
    min_size=2,
    max_size=25,
).filter(lambda rows: {t for _, _, t, _ in rows} == {0, 1})


@given(_rows)
@settings(max_examples=150, deadline=None)
def test_qini_is_the_oracles(rows: list[Row]) -> None:
    y, s, t, w = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    got = qini_coefficient(y, s, t, weight=w)
    wanted = _slow_qini(rows)
    if not np.isfinite(wanted) or abs(_slow_area(rows, [y if t else -y for y, _, t, _ in rows])[0]) < 1e-9:
        return  # nothing a perfect ranking could gain: 0 / 0 up to rounding
    assert got == pytest.approx(wanted, abs=1e-9)
    curve = qini_curve(y, s, t, weight=w)
    points = _slow_area(rows, s.tolist())[1]
    np.testing.assert_allclose(curve["qini"].to_numpy(), [q for _, q in points], atol=1e-9)
    np.testing.assert_allclose(curve["share"].to_numpy() * w.sum(), [n for n, _ in points], atol=1e-9)


@given(_rows, st.integers(0, 10_000))
@settings(max_examples=50, deadline=None)
def test_order_and_repetition_change_nothing(rows: list[Row], seed: int) -> None:
    y, s, t, w = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    order = np.random.default_rng(seed).permutation(len(y))
    first = uplift_draws(y, {"": s}, t, weight=w, n_boot=0)[""].values
    moved = uplift_draws(y[order], {"": s[order]}, t[order], weight=w[order], n_boot=0)[""].values
    twice = uplift_draws(np.tile(y, 2), {"": np.tile(s, 2)}, np.tile(t, 2), weight=np.tile(w, 2), n_boot=0)[""].values
    for name in first:
        if name == "qini" and abs(first["qini_per_head"]) < 1e-9:
            continue
        assert moved[name] == pytest.approx(first[name], abs=1e-6, nan_ok=True)
        assert twice[name] == pytest.approx(first[name], abs=1e-6, nan_ok=True)


def test_a_perfect_ranking_has_one_and_its_reverse_less_than_none() -> None:
    y, t = np.array([1, 1, 0, 0, 0, 0, 1, 1]), np.array([1, 1, 0, 0, 1, 1, 0, 0])
    perfect = y * (2 * t - 1)
    assert qini_coefficient(y, perfect, t) == pytest.approx(1.0)
    assert qini_coefficient(y, -perfect, t) < 0
    assert qini_coefficient(y, np.zeros(8), t) == pytest.approx(0.0)


def test_by_hand() -> None:
    y, s, t = [1, 0, 1, 0, 0, 1, 0, 0, 0, 0], np.arange(10, 0, -1), [1, 0, 1, 0, 1, 0, 1, 0, 1, 0]
    found = evaluate_uplift(y, s, t, n_boot=0)
    assert found["effect"].value == pytest.approx(2 / 5 - 1 / 5)
    assert found["uplift_at_30"].value == pytest.approx(2 / 2 - 0 / 1)
    assert np.isnan(found["uplift_at_10"].value)  # one treated, no untreated
    assert found["uplift_at_10"].reason is not None


def test_random_ranking_has_half_the_effect() -> None:
    rng = np.random.default_rng(0)
    t = rng.integers(0, 2, 40_000)
    y = (rng.random(40_000) < 0.2 + 0.1 * t).astype(float)
    found = evaluate_uplift(y, rng.random(40_000), t, n_boot=50)
    assert found["auuc"].value == pytest.approx(0.05, abs=0.01)
    assert found["qini"].low < 0 < found["qini"].high
    assert found["qini_per_head"].low < 0 < found["qini_per_head"].high


def test_intervals_hold_what_more_data_say() -> None:
    rng = np.random.default_rng(1)

    def draw(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        x, t = rng.normal(size=n), rng.integers(0, 2, n)
        return (rng.random(n) < 0.3 + 0.1 * t * np.tanh(x)).astype(float), x, t

    truth = qini_coefficient(*draw(200_000))
    held = [m.low <= truth <= m.high for m in (evaluate_uplift(*draw(1500), n_boot=100)["qini"] for _ in range(40))]
    assert sum(held) >= 33


def test_difference_is_paired() -> None:
    rng = np.random.default_rng(2)
    x, t = rng.normal(size=3000), rng.integers(0, 2, 3000)
    y = 0.3 * x * t + rng.normal(size=3000)
    near = x + 0.01 * rng.normal(size=3000)
    gap = uplift_difference(y, x, near, t, n_boot=60)["qini"]
    alone = evaluate_uplift(y, x, t, metrics=["qini"], n_boot=60)["qini"]
    assert gap.high - gap.low < (alone.high - alone.low) / 3
    assert uplift_difference(y, x, x, t, n_boot=20)["qini"].value == 0.0


def test_known_propensities_mend_a_leaning_campaign() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=60_000)
    e = 1 / (1 + np.exp(-x))
    t = (rng.random(60_000) < e).astype(int)
    y = x + 0.5 * t + rng.normal(size=60_000)
    assert evaluate_uplift(y, x, t, metrics=["effect"], n_boot=0)["effect"].value > 0.9
    mended = evaluate_uplift(y, x, t, metrics=["effect"], propensity=e, n_boot=0)["effect"].value
    assert mended == pytest.approx(0.5, abs=0.06)
    assert qini_coefficient(y, x, t, propensity=0.3) == pytest.approx(qini_coefficient(y, x, t))


def test_the_robust_area_is_surer_and_right_where_treatment_leans() -> None:
    rng = np.random.default_rng(6)
    x, other = rng.normal(size=(2, 5000))
    e = 1 / (1 + np.exp(-other))
    t = (rng.random(5000) < e).astype(int)
    y = 3.0 * other + x * t + rng.normal(size=5000)
    received = np.where(t == 1, (y - 3.0 * other - x) / e, -(y - 3.0 * other) / (1 - e))
    found = evaluate_uplift(y, x, t, propensity=e, effects=x + received, n_boot=60)
    robust, plain = found["qini_robust"], found["qini_per_head"]
    # E[area] for effects equal to a normal score: 1 / (2 sqrt(pi))
    assert robust.low < 1 / (2 * np.sqrt(np.pi)) < robust.high
    assert robust.high - robust.low < (plain.high - plain.low) / 2
    with pytest.raises(ValidationError, match="effects="):
        evaluate_uplift(y, x, t, metrics=["qini_robust"])


def test_groups_widen_the_interval() -> None:
    rng = np.random.default_rng(4)
    person = np.repeat(np.arange(200), 10)
    x, t = rng.normal(size=200)[person], rng.integers(0, 2, 200)[person]
    y = rng.normal(size=200)[person] + x * t
    by_row = evaluate_uplift(y, x, t, metrics=["effect"], n_boot=100)["effect"]
    by_person = evaluate_uplift(y, x, t, metrics=["effect"], n_boot=100, groups=person)["effect"]
    assert by_person.high - by_person.low > 2 * (by_row.high - by_row.low)


def test_deciles_and_calibration() -> None:
    rng = np.random.default_rng(5)
    n = 20_000
    tau, t = rng.normal(size=n), rng.integers(0, 2, n)
    y = rng.normal(size=n) + tau * t
    effects = plain_effects(y, t)
    table = uplift_table(tau, effects)
    assert table["rows"].sum() == n
    inside = (table["low"] <= table["predicted"]) & (table["predicted"] <= table["high"])
    assert inside.sum() >= 8
    told = uplift_calibration(tau, effects)
    assert told["slope"].low < 1 < told["slope"].high
    assert told["mean"].low < 0 < told["mean"].high
    assert uplift_calibration(tau / 2, effects)["slope"].low > 1.5
    assert np.isnan(uplift_calibration(np.zeros(n), effects)["slope"].value)


@pytest.mark.parametrize(
    ("y", "s", "t", "more", "says"),
    [
        ([1, 0], [1, 0], [1, 1], {}, "no untreated rows"),
        ([1, 0], [1, 0], [0, 0], {}, "no treated rows"),
        ([1, np.nan], [1, 0], [1, 0], {}, "missing"),
        ([], [], [], {}, "none"),
        ([1, 0], [1, np.nan], [1, 0], {}, "missing"),
        ([1, 0], [1, 0], [1, 2], {}, "neither 0 nor 1"),
        ([1, 0], [1], [1, 0], {}, "do not match"),
        ([1, 0], [1, 0], [1, 0], {"propensity": [1.0, 0.5]}, "strictly between"),
        ([1, 0], [1, 0], [1, 0], {"metrics": ["qinni"]}, "qini"),
    ],
)
def test_what_cannot_be_measured_is_told(y: list, s: list, t: list, more: dict, says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        evaluate_uplift(y, s, t, n_boot=0, **more)


def test_constant_outcome_has_no_qini_and_says_so() -> None:
    found = evaluate_uplift([0, 0, 0, 0], [4, 3, 2, 1], [1, 0, 1, 0], n_boot=5)
    assert np.isnan(found["qini"].value)
    assert found["qini"].reason is not None
    assert found["effect"].value == 0.0


def test_every_metric_speaks_two_languages() -> None:
    for title, meaning in UPLIFT_METRICS.values():
        assert all(words.text(lang) for words in (title, meaning) for lang in ("en", "zh"))


def test_top_share() -> None:
    assert top_share([1, 1, 1, 1], 0.5).tolist() == [True, True, False, False]
    assert not top_share([1.0, 2.0], 0).any()
    with pytest.raises(ValidationError):
        top_share([1.0], 1.2)
