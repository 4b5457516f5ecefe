from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from tael.errors import ValidationError
from tael.validation import key_carries_label, scan_columns, shared_entities


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    n = 4000
    y = (rng.random(n) < 0.1).astype(int)
    X = pl.DataFrame(
        {
            **{f"noise{i}": rng.normal(size=n) for i in range(10)},
            "useful": rng.normal(size=n) + y,  # AUC 0.76: a good feature, not a leak
            "many": [f"c{i}" for i in rng.integers(0, 2000, n)],
            "sparse": [v if rng.random() < 0.3 else None for v in rng.normal(size=n)],
            "empty": [None] * n,
            "constant": [1] * n,
        }
    )
    return X, y, rng


def test_honest_columns_pass(rows):
    X, y, _ = rows
    assert scan_columns(X, y) == []


@pytest.mark.parametrize("library", ["polars", "pandas", "pyarrow"])
def test_leaks_are_found(rows, library):
    X, y, _ = rows
    rng = np.random.default_rng(1)
    n = len(y)
    X = X.with_columns(
        late=pl.Series(5 * y + rng.normal(size=n)),
        both_ends=pl.Series(np.where(y == 1, rng.normal(0, 0.05, n), rng.choice([-1, 1], n) * rng.uniform(0.5, 2, n))),
        status=pl.Series(np.where(y == 1, "written off", "running")),
        settled_on=pl.Series([None if bad else datetime(2024, 1, 1) + timedelta(i % 90) for i, bad in enumerate(y)]),
        agency=pl.Series(["A" if bad and rng.random() < 0.2 else None for bad in y]),
        asked=pl.Series([1.0 if rng.random() < (0.95 if bad else 0.1) else None for bad in y]),
    )
    frame = {"polars": X, "pandas": X.to_pandas(), "pyarrow": X.to_arrow()}[library]
    found = scan_columns(frame, y, names={"status": "loan status"})
    assert {(f.column, f.code) for f in found} == {
        ("late", "TAEL-L01"),
        ("both_ends", "TAEL-L01"),
        ("loan status", "TAEL-L01"),
        ("settled_on", "TAEL-L01"),
        ("settled_on", "TAEL-L02"),
        ("settled_on", "TAEL-L03"),
        ("agency", "TAEL-L03"),
        ("asked", "TAEL-L02"),
    }
    assert [f.strength for f in found] == sorted((f.strength for f in found), reverse=True)
    for finding in found:
        assert finding.column in finding.text("en")
        assert finding.column in finding.text("zh")


def test_a_handful_of_rows_proves_nothing():
    assert scan_columns({"x": [1.0, 2.0, 3.0, 4.0]}, [0, 0, 1, 1]) == []
    assert scan_columns({"x": [1.0]}, [1]) == []
    assert [f.code for f in scan_columns({"x": [float("inf"), 1.0] * 100}, [0, 1] * 100)] == ["TAEL-L01"]


def _with(level, chosen, n=4000):
    column = np.full(n, "usual", dtype=object)
    column[chosen] = level
    return {"remark": column.tolist()}


@pytest.mark.parametrize("share", [0.3, 0.6])
def test_one_value_alone_gives_it_away(rows, share):
    """A remark on some of the bad and on nobody else leaves the column's AUC low."""
    _, y, _ = rows
    bad = np.flatnonzero(y == 1)
    found = scan_columns(_with("已委外催收", bad[: int(share * len(bad))]), y)
    assert [(f.code, f.column) for f in found] == [("TAEL-L06", "remark")]
    assert found[0].strength == pytest.approx(0.5 + share / 2, abs=0.01)
    for lang in ("en", "zh"):
        assert "已委外催收" in found[0].text(lang)


def test_a_value_that_is_never_bad_is_evidence_only_beyond_chance(rows):
    """Two rows in a hundred without a bad one: expected once in a while of 80 rows at 10 %, not of 800."""
    _, y, _ = rows
    good = np.flatnonzero(y == 0)
    assert scan_columns(_with("settled", good[:80]), y) == []
    found = scan_columns(_with("settled", good[:800]), y)
    assert [f.code for f in found] == ["TAEL-L06"]
    assert "settled" in found[0].text()


def test_missing_alone_may_give_it_away(rows):
    _, y, rng = rows
    seen = rng.normal(size=len(y))
    good = np.flatnonzero(y == 0)
    seen[good[:900]] = np.nan
    found = scan_columns({"seen": seen}, y)
    assert [(f.code, "缺失" in f.text("zh")) for f in found] == [("TAEL-L06", True)]


def test_a_number_that_repeats_is_a_value(rows):
    _, y, rng = rows
    code = rng.normal(size=len(y))
    code[np.flatnonzero(y == 1)[:120]] = 9000.0
    found = scan_columns({"code": code}, y)
    assert [f.code for f in found] == ["TAEL-L06"]
    assert "9,000 (120 of 120 rows" in found[0].text()


def test_a_rare_event_is_given_away_below_two_rows_in_a_hundred():
    y = np.zeros(20_000)
    y[:200] = 1
    found = scan_columns(_with("written off", np.arange(60), 20_000), y)
    assert [f.code for f in found] == ["TAEL-L06"]


@pytest.mark.parametrize("seed", range(5))
def test_honest_values_are_no_leak(seed):
    """Levels of every size and rates from a tenth to three times the average; nothing is certain."""
    rng = np.random.default_rng(seed)
    n = 20_000
    level = rng.choice(40, n, p=(w := rng.dirichlet(np.ones(40))) / w.sum())
    y = (rng.random(n) < 0.08 * np.exp(rng.uniform(-1.5, 1.2, 40))[level]).astype(int)
    assert scan_columns({"job": [f"job {k}" for k in level], "grade": level.astype(float)}, y) == []


def test_a_sample_that_favours_events_does_not_make_a_value_look_certain():
    rng = np.random.default_rng(0)
    y = (rng.random(60_000) < 0.02).astype(int)
    level = np.where(rng.random(60_000) < np.where(y == 1, 0.5, 0.01), "late before", "never late")
    assert scan_columns({"history": level.tolist()}, y, max_rows=2000) == []


def test_sampling_is_deterministic_and_still_finds():
    rng = np.random.default_rng(0)
    y = (rng.random(30_000) < 0.01).astype(int)
    X = pl.DataFrame({"late": y + rng.normal(0, 0.2, 30_000), "noise": rng.normal(size=30_000)})
    one = scan_columns(X, y, max_rows=2000)
    assert [f.column for f in one] == ["late"]
    assert one == scan_columns(X, y, max_rows=2000)


def test_keys(rows):
    _, y, rng = rows
    n = len(y)
    assert key_carries_label(rng.permutation(n), y) == []
    assert key_carries_label([f"K{i:06d}" for i in rng.permutation(n)], y) == []
    size = np.argsort(np.argsort(-y + rng.random(n) * 0.1))
    cases = {
        "its size": size,
        "whether it is even": rng.integers(1, 9999, n) * 2 + y,
        "its order as text": [f"{'ab'[bad]}{i}" for i, bad in enumerate(y)],
        "its length": ["".join(rng.choice(list("abcdef"), 8 if bad else 7)) for bad in y],
        "its last digit": [f"{i}{7 if bad else int(rng.choice([5, 9]))}" for i, bad in enumerate(y)],
        "how it begins": [f"{'m' if bad else rng.choice(['c', 'z'])}{rng.integers(10**6)}" for bad in y],
    }
    for words, keys in cases.items():
        found = key_carries_label(keys, y, name="loan_id")
        assert len(found) == 1, words
        assert words in found[0].text(), (words, found[0].text())
        assert "loan_id" in found[0].text("zh")


def test_keys_handed_out_in_time_are_no_leak():
    """The bad rate rises over time, keys too: within a period the key says nothing."""
    rng = np.random.default_rng(0)
    key = np.arange(6000)
    y = (rng.random(6000) < np.linspace(0.02, 0.4, 6000)).astype(int)
    assert key_carries_label(key, y)
    assert key_carries_label(key, y, order=key) == []


def test_shared_entities():
    assert shared_entities(["a", None], ["b", None]) == []
    found = shared_entities(["a", "b"], ["b", "b", "c", None], name="customer_id")[0]
    assert (found.code, found.strength) == ("TAEL-L05", 0.5)
    assert "customer_id" in found.text("zh")


def test_bad_input():
    with pytest.raises(ValidationError, match="rows of the table do not match"):
        scan_columns({"x": [1.0]}, [0, 1])
    with pytest.raises(ValidationError, match="not a table"):
        scan_columns([1, 2], [0, 1])
    with pytest.raises(ValidationError, match="keys do not match"):
        key_carries_label([1], [0, 1])


def test_a_key_handed_out_in_time_is_no_leak_where_the_young_behave_otherwise() -> None:
    rng = np.random.default_rng(0)
    born = np.repeat(np.arange(600), 4)  # the key is the order of birth, and each is looked at four times
    cutoff = 600 + np.tile(np.arange(4) * 100, 600)
    p = 0.05 + 0.8 * (cutoff - born > 700)  # the old do it, the young do not
    y = (rng.random(len(p)) < p).astype(int)
    assert key_carries_label(born, y, cutoff)
    assert not key_carries_label(born, y, cutoff, born=born)
    assert key_carries_label(2 * born + y, y, cutoff, born=born)  # but what the key itself says is still found


def test_what_a_key_did_before_is_no_leak_of_its_name() -> None:
    rng = np.random.default_rng(1)
    keys = np.repeat(rng.permutation(2000), 5)
    y = (rng.random(len(keys)) < np.repeat(rng.choice([0.05, 0.9], 2000), 5)).astype(int)  # each key has its own habit
    assert not key_carries_label(keys, y, np.tile(np.arange(5), 2000))


def test_all_that_is_not_the_usual_value_is_looked_at_together(rows) -> None:
    """Money recovered is 0 for all others and another amount for each of the bad: no value of it is common."""
    _, y, rng = rows
    recovered = np.where((y == 1) & (rng.random(len(y)) < 0.6), rng.uniform(1, 900, len(y)), 0.0)
    found = scan_columns({"recovered": recovered}, y)
    assert [f.code for f in found] == ["TAEL-L06"]
    assert "other than 0" in found[0].text("en")
    assert "不等于0" in found[0].text("zh")
    by_lot = np.where(rng.random(len(y)) < 0.1, rng.uniform(1, 900, len(y)), 0.0)
    assert scan_columns({"by_lot": by_lot}, y) == []


def test_a_value_with_nearly_all_of_a_common_outcome_is_no_leak() -> None:
    """Of 99.5 % events, a value with 99.95 % differs, and tells next to nothing; a value of nothing else does."""
    rng = np.random.default_rng(0)
    y = (rng.random(20_000) < 0.995).astype(int)
    bad = np.flatnonzero(y == 0)
    married = rng.random(20_000) < 0.6
    married[bad] = rng.random(len(bad)) < 0.06
    assert married[bad].sum() > 0
    assert scan_columns({"married": np.where(married, "M", "S").tolist()}, y) == []
    fled = np.full(20_000, "here", dtype=object)
    fled[bad[:60]] = "fled"
    found = scan_columns({"remark": fled.tolist()}, y)
    assert [f.code for f in found] == ["TAEL-L06"]
    assert "0 of 60 rows are events" in found[0].text()
