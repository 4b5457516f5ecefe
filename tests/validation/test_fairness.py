from __future__ import annotations

import json
import re

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tael.errors import ValidationError
from tael.validation import JURISDICTIONS, evaluate, fairness_report, find_proxies, wilson


@pytest.fixture(scope="module")
def people() -> dict[str, np.ndarray]:
    """Women are as good as men at equal income, and earn less; the score knows income, and the score alone decides."""
    rng = np.random.default_rng(0)
    n = 6000
    woman = rng.random(n) < 0.4
    income = rng.normal(size=n) - 0.7 * woman
    p = 1 / (1 + np.exp(1.5 + income))
    return {
        "sex": np.where(woman, "f", "m"),
        "income": income,
        "noise": rng.normal(size=n),
        "p": p,
        "y": (rng.random(n) < p).astype(float),
        "approved": (p < 0.2).astype(int),
    }


def test_figures_are_those_of_each_group_alone(people) -> None:
    w = np.random.default_rng(1).integers(1, 4, 6000).astype(float)
    y = np.where(people["approved"] == 1, people["y"], np.nan)
    found = fairness_report(people["sex"], people["approved"], score=people["p"], y=y, weight=w)
    assert found.reference == "m"
    rate = {}
    for row in found.groups.iter_rows(named=True):
        of = people["sex"] == row["group"]
        known = of & ~np.isnan(y)
        rate[row["group"]] = np.average(people["approved"][of], weights=w[of])
        assert (row["n"], row["labelled"]) == (of.sum(), known.sum())
        assert row["selection_rate"] == pytest.approx(rate[row["group"]])
        assert row["bad_rate"] == pytest.approx(np.average(y[known], weights=w[known]))
        mean = np.average(people["p"][known], weights=w[known])
        assert row["calibration"] == pytest.approx(row["bad_rate"] / mean)
        alone = evaluate(y[known], people["p"][known], weight=w[known], metrics=["roc_auc"])["roc_auc"]
        assert row["roc_auc"] == pytest.approx(alone.value)
        assert row["tpr"] == row["fpr"] == 0  # whose outcome is known was approved
    ratio = dict(found.groups.select("group", "impact_ratio").rows())
    assert ratio == {"f": pytest.approx(rate["f"] / rate["m"]), "m": 1.0}
    json.dumps(found.to_dict(), allow_nan=False)


def test_who_is_declined_among_good_and_bad(people) -> None:
    found = fairness_report(people["sex"], people["approved"], score=people["p"], y=people["y"])
    for row in found.groups.iter_rows(named=True):
        of = people["sex"] == row["group"]
        for name, outcome in (("tpr", 1), ("fpr", 0)):
            such = of & (people["y"] == outcome)
            k, n = (1 - people["approved"][such]).sum(), such.sum()
            low, high = wilson(k, n)
            assert (row[name], row[f"{name}_low"], row[f"{name}_high"]) == pytest.approx((k / n, low, high))
        assert row["calibration_low"] < 1 < row["calibration_high"]
    women = found.groups.row(0, named=True)
    gap = people["p"][people["sex"] == "f"].mean() - people["p"][people["sex"] == "m"].mean()
    assert women["smd"] == pytest.approx(gap / people["p"].std(ddof=1))
    assert women["smd_low"] > 0.4


groups = st.tuples(st.integers(1, 300), st.floats(0, 1)).map(lambda g: (g[0], round(g[0] * g[1])))


@given(groups, groups)
def test_ratio_and_its_limits(one: tuple[int, int], two: tuple[int, int]) -> None:
    (n, k), (m, j) = one, two
    found = fairness_report(["a"] * n + ["b"] * m, [1] * k + [0] * (n - k) + [1] * j + [0] * (m - j), reference="b")
    row = found.groups.row(0, named=True)
    if j == 0:
        assert row["impact_ratio"] is None
        return
    ratio = (k / n) / (j / m)
    assert row["impact_ratio"] == pytest.approx(ratio)
    assert row["impact_ratio_low"] <= ratio <= row["impact_ratio_high"]
    if 0 < k < n and j < m:  # Katz
        half = 1.959964 * np.sqrt(1 / k - 1 / n + 1 / j - 1 / m)
        assert row["impact_ratio_low"] == pytest.approx(ratio * np.exp(-half), rel=1e-5)
        assert row["impact_ratio_high"] == pytest.approx(ratio * np.exp(half), rel=1e-5)


def test_limits_cover_the_true_ratio() -> None:
    rng, hit = np.random.default_rng(2), 0
    sex = ["f"] * 150 + ["m"] * 250
    for _ in range(200):
        taken = (rng.random(400) < np.repeat([0.42, 0.6], [150, 250])).astype(int)
        row = fairness_report(sex, taken, reference="m").groups.row(0, named=True)
        hit += row["impact_ratio_low"] < 0.7 < row["impact_ratio_high"]
    assert 180 <= hit <= 199


def test_the_mark_is_read_with_its_interval_and_only_where_there_is_one() -> None:
    def told(k: int, n: int, place: str) -> str:
        sex = ["f"] * n + ["m"] * n
        taken = [1] * k + [0] * (n - k) + [1] * (n // 2) + [0] * (n // 2)
        return fairness_report(sex, taken, place=place, reference="m").sentences()[0].en

    assert "0.60 is below the mark of 0.8" in told(600, 2000, "us")
    assert "0.95 is above the mark of 0.8" in told(950, 2000, "us")
    assert "0.78 is not surely on either side of the mark" in told(78, 200, "us")
    assert "beyond chance" in told(600, 2000, "us")
    assert "may be chance" in told(98, 200, "us")
    for place in ("eu", "cn", "none"):
        assert "mark" not in told(600, 2000, place)
        assert "0.60 (0.5" in told(600, 2000, place)


def test_small_and_missing_groups() -> None:
    origin = np.array(["north"] * 500 + ["south"] * 500 + ["islands"] * 12 + [None] * 40, dtype=object)
    taken = np.array([1, 0] * 526)
    taken[1000:1012] = 1
    found = fairness_report(origin, taken, attribute="origin")
    assert found.reference in ("north", "south")  # not the islands, where twelve of twelve were approved
    rows = {row["group"]: row for row in found.groups.iter_rows(named=True)}
    assert rows["islands"]["small"]
    assert rows["islands"]["impact_ratio_low"] <= 2.0 <= rows["islands"]["impact_ratio_high"]
    assert rows["(missing)"]["impact_ratio"] is None
    assert rows["(missing)"]["n"] == 40
    assert any("islands: 12 people" in w.en for w in found.sentences())
    assert not any(w.en.startswith("(missing): 50") for w in found.sentences())
    json.dumps(found.to_dict(), allow_nan=False)


def test_equal_treatment_is_not_called_unequal() -> None:
    rng = np.random.default_rng(3)
    alarms = 0
    for _ in range(150):
        found = fairness_report(
            rng.integers(0, 4, 1200).astype(str), (rng.random(1200) < 0.5).astype(int), reference="0"
        )
        alarms += (found.groups["p_value"] < 0.05).any()
    assert alarms <= 19


def test_every_place_says_what_it_is_read_against() -> None:
    assert set(JURISDICTIONS) == {"us", "eu", "cn", "none"}
    han = re.compile(r"[\u4e00-\u9fff]")
    for place in JURISDICTIONS.values():
        for words in (place.title, *place.protected, *place.notes):
            assert han.search(words.zh)
            assert not han.search(words.en)
        json.dumps(place.to_dict())
    assert [p.code for p in JURISDICTIONS.values() if p.ratio_mark] == ["us"]
    for place, source in (("us", "29 CFR 1607.4(D)"), ("eu", "annex III point 5(b)"), ("cn", "article 24")):
        assert source in " ".join(w.en for w in JURISDICTIONS[place].notes)


def test_bad_input() -> None:
    with pytest.raises(ValidationError, match="only one group"):
        fairness_report(["f", "f"], [1, 0])
    with pytest.raises(ValidationError, match='Did you mean "m"'):
        fairness_report(["f", "m"], [1, 0], reference="mm")
    with pytest.raises(ValidationError, match="do not match"):
        fairness_report(["f", "m"], [1, 0, 1])
    with pytest.raises(ValidationError, match="neither 0 nor 1"):
        fairness_report(["f", "m"], [1, 2])
    with pytest.raises(ValidationError, match="neither 0 nor 1"):
        fairness_report(["f", "m"], [1, 0], y=[0, 7])
    with pytest.raises(ValidationError, match="no notes on this place"):
        fairness_report(["f", "m"], [1, 0], place="mars")
    with pytest.raises(ValidationError, match="into bands first"):
        fairness_report(np.arange(80.0), [1, 0] * 40)
    nobody = fairness_report(["f", "m"] * 50, [0] * 100)
    assert nobody.groups["impact_ratio"].to_list() in ([1.0, None], [None, 1.0])
    json.dumps(nobody.to_dict(), allow_nan=False)


def test_proxies_are_found(people) -> None:
    rng = np.random.default_rng(4)
    job = np.where(rng.random(6000) < 0.8, np.where(people["sex"] == "f", "nurse", "smith"), None)
    X = pl.DataFrame(
        {"noise": people["noise"], "income": people["income"], "job": job.tolist(), "constant": [1.0] * 6000}
    )
    found = find_proxies(X, people["sex"], score=people["p"], attribute="sex")
    table = {row["feature"]: row for row in found.table.iter_rows(named=True)}
    assert found.table["feature"][0] == "job"
    assert table["job"]["attribute_auc"] == pytest.approx(0.98, abs=0.005)  # 1 - 0.2 ** 2 / 2
    assert table["income"]["carries_both"]
    assert table["income"]["score_share"] > 0.95
    assert table["income"]["gap_share"] == pytest.approx(1.0, abs=0.05)  # at equal income there is no gap
    assert not table["noise"]["carries_both"]
    assert not table["constant"]["carries_both"]
    assert table["constant"]["attribute_auc"] == 0.5
    assert table["noise"]["attribute_auc"] == pytest.approx(0.5, abs=0.03)
    assert abs(table["noise"]["gap_share"]) < 0.05
    assert found.together > table["job"]["attribute_auc"]
    assert found.low < found.together < found.high
    told = found.sentences()
    assert told[0].en.startswith("Together the features tell sex = f from the others")
    assert any("income carries both" in w.en for w in told)
    json.dumps(found.to_dict(), allow_nan=False)
    assert find_proxies(X, people["sex"], score=people["p"]).table.equals(found.table)


def test_where_nothing_speaks_of_the_attribute_nothing_is_found() -> None:
    """Cross-fitting: forty columns of noise do not foretell anything, separately or together."""
    rng = np.random.default_rng(5)
    X, group = rng.normal(size=(900, 40)), rng.random(900) < 0.3
    found = find_proxies(X, group, score=X[:, 0])
    assert found.low < 0.5 < found.high + 0.02
    assert not found.table["carries_both"].any()
    assert found.table["attribute_auc"].max() < 0.58
    assert "No single feature carries both" in found.sentences()[-1].en


def test_of_several_groups_the_best_known_is_told_from_the_others() -> None:
    rng = np.random.default_rng(6)
    origin = rng.choice(["north", "south", "islands"], 1500)
    X = np.column_stack([rng.normal(size=1500) + 2 * (origin == "islands"), rng.normal(size=1500)])
    missing = np.where(np.arange(1500) % 50 == 0, None, origin)
    found = find_proxies(X, missing)
    assert found.group == "islands"
    assert found.table["feature"][0] == "x0"
    assert found.table["score_share"].null_count() == 2
    json.dumps(found.to_dict(), allow_nan=False)


def test_bad_proxies(people) -> None:
    X = pl.DataFrame({"a": [1.0] * 10})
    with pytest.raises(ValidationError, match="cannot be learned"):
        find_proxies(X, ["f"] * 9 + ["m"])
    with pytest.raises(ValidationError, match="do not match"):
        find_proxies(X, ["f", "m"])
    with pytest.raises(ValidationError, match='Did you mean "a"'):
        find_proxies(X, ["f", "m"] * 5, columns=["aa"])
    with pytest.raises(ValidationError, match="no features"):
        find_proxies(X, ["f", "m"] * 5, columns=[])
    found = find_proxies(pl.DataFrame({"a": [None] * 40}), ["f", "m"] * 20)
    assert found.table["attribute_auc"].to_list() == [0.5]
    assert find_proxies(X, ["f", "m"] * 5, folds=2).together == 0.5
