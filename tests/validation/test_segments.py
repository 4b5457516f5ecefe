from __future__ import annotations

import json
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tael.errors import ValidationError
from tael.validation import evaluate, noise_robustness, performance_by, wilson
from tael.validation._compare import auc_interval, auc_variance, holm, two_rates, two_sided


def plain_auc(y: np.ndarray, p: np.ndarray, w: np.ndarray) -> tuple[float, float]:
    """Every event against every non-event."""
    one, zero = np.flatnonzero((y == 1) & (w > 0)), np.flatnonzero((y == 0) & (w > 0))
    wins = np.array([[1.0 if p[i] > p[j] else 0.5 if p[i] == p[j] else 0.0 for j in zero] for i in one])
    a, b = w[one], w[zero]
    auc = a @ wins @ b / a.sum() / b.sum()
    v10, v01 = wins @ b / b.sum(), a @ wins / a.sum()
    variance = (a**2 @ (v10 - auc) ** 2) / a.sum() ** 2 * len(a) / (len(a) - 1)
    return auc, variance + (b**2 @ (v01 - auc) ** 2) / b.sum() ** 2 * len(b) / (len(b) - 1)


rows = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 6), st.sampled_from([0.0, 1.0, 1.0, 2.5])), min_size=6, max_size=30
)


@given(rows)
def test_auc_and_its_variance_are_the_plain_ones(sample: list[tuple[int, int, float]]) -> None:
    y, p, w = (np.array(column, dtype=float) for column in zip(*sample, strict=True))
    found = auc_variance(y, p, w)
    per_class = [int(((y == c) & (w > 0)).sum()) for c in (0, 1)]
    if min(per_class) == 0:
        assert np.isnan(found).all()
    elif min(per_class) > 1:
        assert found == pytest.approx(plain_auc(y, p, w))


def test_intervals_cover_the_truth() -> None:
    rng = np.random.default_rng(0)
    hit, truth = 0, 0.760249938906523  # of two normals one standard deviation apart
    for _ in range(300):
        y = np.repeat([0.0, 1.0], [120, 60])
        low, high = auc_interval(*auc_variance(y, rng.normal(size=180) + y, np.ones(180)), 0.95)
        hit += low < truth < high
    assert 270 <= hit <= 297


def test_holm_and_two_rates() -> None:
    assert holm([0.5, 0.01, np.nan, 0.02]).tolist() == pytest.approx([0.5, 0.03, np.nan, 0.04], nan_ok=True)
    z = float(two_rates(30, 100, 45, 100))
    assert z == pytest.approx((0.3 - 0.45) / np.sqrt(0.375 * 0.625 * 2 / 100))
    assert float(two_sided(1.959964)) == pytest.approx(0.05, abs=1e-6)
    assert np.isnan(two_rates(0, 10, 0, 10))


@pytest.fixture(scope="module")
def sample() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    p = rng.beta(1, 5, 6000)
    return (rng.random(6000) < p).astype(float), p, np.repeat(["north", "south", "west"], 2000)


def test_figures_of_a_group_are_those_of_its_rows(sample) -> None:
    y, p, region = sample
    w = np.random.default_rng(0).integers(1, 3, len(y)).astype(float)
    found = performance_by(region, y, p, weight=w, metrics=("ks", "roc_auc"))
    for row in found.table.iter_rows(named=True):
        of = region == row["group"]
        assert (row["n"], row["bad"]) == (2000, int(y[of].sum()))
        assert row["rate"] == pytest.approx(np.average(y[of], weights=w[of]))
        assert row["mean_p"] == pytest.approx(np.average(p[of], weights=w[of]))
        assert row["calibration"] == pytest.approx(row["rate"] / row["mean_p"])
        alone = evaluate(y[of], p[of], weight=w[of], metrics=("roc_auc", "ks"))
        assert row["roc_auc"] == pytest.approx(alone["roc_auc"].value)
        assert (row["roc_auc_low"], row["roc_auc_high"]) == pytest.approx(
            (alone["roc_auc"].low, alone["roc_auc"].high), abs=0.01
        )
        assert row["ks"] == pytest.approx(alone["ks"].value)
    assert found.roc_auc == pytest.approx(evaluate(y, p, weight=w, metrics=("roc_auc",))["roc_auc"].value)
    low, high = wilson(y[:2000].sum(), 2000)
    plain = performance_by(region, y, p).table.row(0, named=True)
    assert (plain["low"], plain["high"]) == pytest.approx((float(low), float(high)))


def test_weak_groups_are_marked_and_others_are_not(sample) -> None:
    y, p, region = sample
    rng = np.random.default_rng(0)
    q = p.copy()
    q[:2000] = rng.permutation(p[:2000])
    q[4000:] = np.clip(1.3 * p[4000:], 0, 1)
    found = performance_by(region, y, q, name="region")
    assert dict(found.table.select("group", "weak").rows()) == {
        "north": "ranking", "south": None, "west": "calibration"
    }  # fmt: skip
    told = found.sentences()
    assert "ranks less well where region = north" in told[0].en
    assert "高估" in told[1].zh
    assert "overstated where region = west" in told[1].en
    json.dumps(found.to_dict(), allow_nan=False)
    assert "No group is weaker" in performance_by(region, y, p).sentences()[0].en


def test_false_alarms_are_as_many_as_promised() -> None:
    rng = np.random.default_rng(5)
    alarms = 0
    for _ in range(80):
        p = rng.beta(1, 4, 1500)
        y = rng.random(1500) < p
        alarms += (
            performance_by(rng.integers(0, 5, 1500).astype(str), y, p, metrics=()).table["weak"].is_not_null().any()
        )
    assert alarms <= 17  # 5 % for each of two looks: more comes once in some thousand tries


def test_groups_of_different_risk_are_not_weak_for_that() -> None:
    """By grade the AUC within each group lies far below that of all rows; that alone is no weakness."""
    rng = np.random.default_rng(2)
    p = rng.beta(1, 3, 20_000)
    y = rng.random(20_000) < p
    found = performance_by(np.digitize(p, [0.1, 0.3]).astype(str), y, p)
    assert found.table["roc_auc"].max() < found.roc_auc - 0.05
    assert found.within_auc < found.roc_auc - 0.05
    same = performance_by(np.where(np.arange(20_000) % 2 == 0, "a", "b"), y, p)
    assert same.table["weak"].null_count() == 2


def test_groups_of_every_kind(sample) -> None:
    y, p, _ = sample
    n = len(y)
    days = [date(2023, 1, 1) + timedelta(days=i % 400) for i in range(n)]
    assert performance_by(days, y, p).table["group"].to_list() == [f"2023-Q{q}" for q in range(1, 5)] + ["2024-Q1"]
    assert performance_by(pl.Series(days), y, p, every="year").table["group"].to_list() == ["2023", "2024"]
    assert performance_by(np.array(days, dtype="datetime64[D]"), y, p, every="month").table.height == 14
    amounts = np.where(np.arange(n) % 10 == 0, np.nan, np.arange(n, dtype=float))
    bands = performance_by(amounts, y, p, bins=3).table
    assert bands["group"].to_list()[-1] == "(missing)"
    assert bands["n"].to_list() == [1800, 1800, 1800, 600]
    many = performance_by([f"c{k}" for k in np.minimum(np.arange(n) // 3, 1500) % 40], y, p, most=5, metrics=()).table
    assert many["group"].to_list()[-1] == "(other)"
    assert many["n"].sum() == n
    assert performance_by([True, None] * (n // 2), y, p, metrics=()).table["group"].to_list() == ["True", "(missing)"]
    assert performance_by(np.full(n, 7.0), y, p, metrics=()).table["group"].to_list() == ["7"]
    assert performance_by([None] * n, y, p, metrics=()).table["group"].to_list() == ["(missing)"]


def test_small_groups_are_never_weak() -> None:
    y = np.array([1, 0, 1, 0] * 5 + [1] * 3)
    p = np.array([0.01, 0.9] * 10 + [0.01] * 3)
    found = performance_by(["a"] * 20 + ["b"] * 3, y, p)
    assert found.table["small"].all()
    assert found.table["weak"].null_count() == 2
    assert found.table["roc_auc"].to_list() == [0.0, None]
    json.dumps(found.to_dict(), allow_nan=False)


@pytest.mark.parametrize("library", ["pandas", "pyarrow", "polars"])
def test_series_of_every_library(sample, library: str) -> None:
    y, p, region = sample
    frame = pl.DataFrame({"region": region})
    column = {"pandas": lambda: frame.to_pandas()["region"], "pyarrow": lambda: frame.to_arrow()["region"],
              "polars": lambda: frame["region"]}[library]()  # fmt: skip
    assert performance_by(column, y, p, metrics=()).table["group"].to_list() == ["north", "south", "west"]


def test_bad_segments() -> None:
    with pytest.raises(ValidationError, match="do not match"):
        performance_by(["a"], [0, 1], [0.1, 0.2])
    with pytest.raises(ValidationError, match=r"outside \[0, 1\]"):
        performance_by(["a", "b"], [0, 1], [0.1, 2])
    with pytest.raises(ValidationError, match="month, quarter or year"):
        performance_by([date(2023, 1, 1)] * 2, [0, 1], [0.1, 0.2], every="week")
    with pytest.raises(ValidationError, match="no rows to evaluate"):
        performance_by([], [], [])


class Line:
    """A model of the columns a and b that reads missing values as 0."""

    def predict_proba(self, X: object) -> np.ndarray:
        a, b = (np.nan_to_num(np.asarray(X[c], dtype=float)) for c in ("a", "b"))  # type: ignore[index]
        risk = 1 / (1 + np.exp(-(a + (b > 0))))
        return np.column_stack([1 - risk, risk])


def noisy(library: str = "polars") -> tuple[object, np.ndarray]:
    rng = np.random.default_rng(0)
    frame = pl.DataFrame(
        {"a": rng.normal(size=3000), "b": rng.integers(-5, 6, 3000), "city": ["x", None, "y"] * 1000,
         "flag": [True, False] * 1500}
    )  # fmt: skip
    y = rng.random(3000) < Line().predict_proba(frame)[:, 1]
    return (frame.to_pandas() if library == "pandas" else frame), y


@pytest.mark.parametrize("library", ["polars", "pandas"])
def test_noise_costs_more_the_more_there_is(library: str) -> None:
    X, y = noisy(library)
    found = noise_robustness(Line(), X, y, jitter=(0, 0.2, 1.0), missing=(0, 0.2, 1.0))
    losses = found.table["loss"].to_list()
    assert losses[0] == losses[3] == 0
    assert 0 < losses[1] < losses[2]
    assert 0 < losses[4] < losses[5]
    assert found.table["roc_auc"][5] == 0.5
    assert (found.table["worst"] >= found.table["loss"] - 1e-12).all()
    again = noise_robustness(Line(), X, y, jitter=(0, 0.2, 1.0), missing=(0, 0.2, 1.0))
    assert again.table.equals(found.table)
    assert "numbers jittered by 100% of their spread" in found.sentences()[0].en
    json.dumps(found.to_dict(), allow_nan=False)


def test_only_the_named_columns_are_disturbed() -> None:
    X, y = noisy()
    assert noise_robustness(Line(), X, y, columns=["city", "flag"], missing=(0.9,)).table["loss"].abs().max() == 0
    seen = []

    def look(frame: pl.DataFrame) -> np.ndarray:
        seen.append(frame)
        return frame["a"].fill_nan(0.0).to_numpy()

    noise_robustness(look, X, y, columns=["a"], jitter=(), missing=(0.3,), repeats=1)
    assert seen[1].drop("a").equals(X.drop("a"))
    assert seen[1]["a"].is_nan().mean() == pytest.approx(0.3, abs=0.03)
    noise_robustness(look, X, y, columns=["city"], jitter=(), missing=(0.3,), repeats=1)
    assert seen[3]["city"].null_count() == pytest.approx(1000 + 600, abs=80)


@settings(max_examples=15)
@given(st.floats(0.01, 2.0), st.integers(0, 99))
def test_jitter_is_a_share_of_the_spread(size: float, seed: int) -> None:
    X = np.random.default_rng(seed).normal(scale=50.0, size=(4000, 1))
    y = X[:, 0] > 0
    moved = []

    def look(Z: np.ndarray) -> np.ndarray:
        moved.append(Z[:, 0] - X[:, 0])
        return Z[:, 0]

    noise_robustness(look, X, y, jitter=(size,), missing=(), repeats=1)
    spread = np.subtract(*np.quantile(X, [0.75, 0.25]))
    assert moved[1].std() == pytest.approx(size * spread, rel=0.08)


@pytest.mark.parametrize("library", ["polars", "pandas"])
def test_many_rows_are_sampled(library: str) -> None:
    X, y = noisy(library)
    seen: list[int] = []

    def look(frame: object) -> np.ndarray:
        seen.append(len(frame))  # type: ignore[arg-type]
        return Line().predict_proba(frame)[:, 1]

    noise_robustness(look, X, y, most_rows=500, repeats=1)
    assert set(seen) == {500}
    whole = noise_robustness(Line(), X, y, most_rows=500, repeats=1)
    assert whole.roc_auc == pytest.approx(noise_robustness(Line(), X, y, repeats=1).roc_auc, abs=0.06)


def test_bad_robustness() -> None:
    X, y = noisy()
    with pytest.raises(ValidationError, match="one class"):
        noise_robustness(Line(), X, np.zeros(3000))
    with pytest.raises(ValidationError, match="out of range"):
        noise_robustness(Line(), X, y, missing=(1.5,))
    with pytest.raises(ValidationError, match="one score a row"):
        noise_robustness(lambda X: np.zeros((3000, 3)), X, y)
    with pytest.raises(ValidationError, match='Did you mean "city"'):
        noise_robustness(Line(), X, y, columns=["cty"])
    with pytest.raises(ValidationError, match="do not match"):
        noise_robustness(Line(), X, y[:10])
