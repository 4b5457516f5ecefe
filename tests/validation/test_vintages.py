from __future__ import annotations

import json
from calendar import monthrange
from datetime import date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tael.errors import ValidationError
from tael.validation import vintage_curves, wilson

AS_OF = datetime(2024, 3, 17)


def plus(t: datetime, months: int) -> datetime:
    year, month = divmod(t.year * 12 + t.month - 1 + months, 12)
    return t.replace(year=year, month=month + 1, day=min(t.day, monthrange(year, month + 1)[1]))


opened = st.integers(0, 470).map(lambda d: datetime(2022, 12, 25, 8) + timedelta(days=d))


@settings(max_examples=60)
@given(
    st.lists(st.tuples(opened, st.none() | st.integers(0, 500), st.integers(1, 9)), min_size=1, max_size=25),
    st.sampled_from(["month", "quarter", "year"]),
    st.booleans(),
)
def test_curves_are_plain_counts(book: list[tuple], every: str, by_amount: bool) -> None:
    accounts = pl.DataFrame(
        {"account": range(len(book)), "opened": [b[0] for b in book], "amount": [float(b[2]) for b in book]}
    )
    late = [(k, b[0] + timedelta(days=b[1]), 60) for k, b in enumerate(book) if b[1] is not None]
    kinds = {"account": pl.Int64, "reached": pl.Datetime("us"), "days_past_due": pl.Int64}
    # the first of several counts, and what is less late does not
    more = [(k, at + timedelta(days=40), 90) for k, at, _ in late] + [(k, b[0], 30) for k, b in enumerate(book)]
    events = pl.DataFrame(late + more, schema=kinds, orient="row")
    if not any(b[0] < AS_OF for b in book):
        with pytest.raises(ValidationError, match="No account was opened"):
            vintage_curves(accounts, events, as_of=AS_OF, days_past_due=60)
        return
    found = vintage_curves(accounts, events, as_of=AS_OF, days_past_due=60, every=every, by_amount=by_amount, ages=12)
    names = {
        "month": lambda t: f"{t:%Y-%m}",
        "quarter": lambda t: f"{t.year}-Q{(t.month + 2) // 3}",
        "year": lambda t: f"{t.year}",
    }
    expected = []
    for name in sorted({names[every](b[0]) for b in book if b[0] < AS_OF}):
        mine = [(k, b) for k, b in enumerate(book) if names[every](b[0]) == name and b[0] < AS_OF]
        for age in range(1, 13):
            if not all(plus(b[0], age) <= AS_OF for _, b in mine):
                break
            bad = [
                (k, b) for k, b in mine
                if b[1] is not None and b[0] + timedelta(days=b[1]) < min(plus(b[0], age), AS_OF)
            ]  # fmt: skip
            size = (lambda b: b[2]) if by_amount else (lambda b: 1)
            rate = sum(size(b) for _, b in bad) / sum(size(b) for _, b in mine)
            expected.append((name, age, len(mine), len(bad), rate))
    curves = found.curves
    assert curves.select("vintage", "age", "n", "bad").rows() == [e[:4] for e in expected]
    assert curves["rate"].to_list() == pytest.approx([e[4] for e in expected])
    if not by_amount:
        low, high = wilson(curves["bad"], curves["n"])
        assert curves["low"].to_list() == pytest.approx(list(low))
        assert curves["high"].to_list() == pytest.approx(list(high))
    json.dumps(found.to_dict(), allow_nan=False)


def made(rates: list[float], n: int, seed: int, as_of: date = date(2025, 1, 1)) -> pl.DataFrame:
    """Quarters of 2023 on, of n accounts each; so many go bad three months after."""
    rng = np.random.default_rng(seed)
    months = [date(2023 + q // 4, 1 + 3 * (q % 4), 1) for q in range(len(rates))]
    frame = pl.DataFrame({"opened": [m for m in months for _ in range(n)]}).with_row_index("account")
    bad = np.concatenate([rng.random(n) < r for r in rates])
    return frame.with_columns(bad=pl.Series(bad))


def curves_of(frame: pl.DataFrame) -> object:
    late = frame.filter("bad").select("account", reached=pl.col("opened").dt.offset_by("2mo"), days_past_due=pl.lit(90))
    return vintage_curves(frame, late, as_of=date(2025, 1, 1))


def test_a_worse_vintage_is_named_and_chance_is_not() -> None:
    worse = curves_of(made([0.05, 0.05, 0.05, 0.15], 600, 0))
    marked = dict(worse.at().select("vintage", "differs").rows())
    assert marked["2023-Q4"] == "higher"
    assert "2023-Q4 is worse than the others" in " ".join(w.en for w in worse.sentences())
    assert "2023-Q4 差于其他批次" in " ".join(w.zh for w in worse.sentences())
    older = worse.at(12).row(3, named=True)
    assert older["others"] == pytest.approx(worse.curves.filter(pl.col("age") == 12)["rate"][:3].mean())
    alarms = sum(any(curves_of(made([0.05] * 5, 300, seed)).at()["differs"].is_not_null()) for seed in range(60))
    assert alarms <= 9  # 5 % are promised: more than 9 of 60 come once in a thousand tries


def test_the_age_to_compare_at_is_reached_by_half() -> None:
    found = curves_of(made([0.1] * 8, 20, 0))
    assert found.cohorts["observed"].to_list() == [24, 21, 18, 15, 12, 9, 6, 3]
    assert found.age == 15
    assert found.at()["age"].to_list() == [15, 15, 15, 15, 12, 9, 6, 3]
    assert found.at(15).height == 4
    assert found.at(24).height == 1
    assert found.at(24)["others"].to_list() == [None]


def test_a_cohort_of_today_has_no_point_yet() -> None:
    one = pl.DataFrame({"account": [1], "opened": [date(2024, 3, 1)]})
    none = pl.DataFrame({"account": [], "reached": [], "days_past_due": []})
    found = vintage_curves(one, none, as_of=AS_OF)
    assert found.curves.height == 0
    assert found.cohorts.select("n", "observed", "rate").row(0) == (1, 0, None)
    assert "No vintage has been followed" in found.sentences()[0].en
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False))["compared"] == []


def test_bad_input() -> None:
    good = pl.DataFrame({"account": [1, 2], "opened": [date(2023, 5, 1)] * 2, "amount": [1.0, 2.0]})
    late = pl.DataFrame({"account": [1], "reached": [date(2023, 7, 1)], "days_past_due": [90]})
    with pytest.raises(ValidationError, match="late before they were opened"):
        vintage_curves(good, late.with_columns(reached=pl.lit(date(2023, 4, 1))), as_of=AS_OF)
    with pytest.raises(ValidationError, match="more than once"):
        vintage_curves(pl.concat([good, good]), late, as_of=AS_OF)
    with pytest.raises(ValidationError, match='Did you mean "opend"'):
        vintage_curves(good.rename({"opened": "opend"}), late, as_of=AS_OF)
    with pytest.raises(ValidationError, match="Amounts are positive"):
        vintage_curves(good.with_columns(amount=pl.lit(float("inf"))), late, as_of=AS_OF, by_amount=True)
    with pytest.raises(ValidationError, match='Did you mean "quarter"'):
        vintage_curves(good, late, as_of=AS_OF, every="quater")  # type: ignore[arg-type]
    with pytest.raises(ValidationError, match="Days past due are numbers"):
        vintage_curves(good, late.with_columns(pl.col("days_past_due").cast(pl.String)), as_of=AS_OF)
    with pytest.raises(ValidationError, match="no age"):
        vintage_curves(good, late, as_of=AS_OF, ages=0)
    # events of accounts that are not asked about are left out
    other = pl.concat([late, late.with_columns(account=pl.lit(7, dtype=pl.Int64))])
    assert vintage_curves(good, other, as_of=AS_OF).curves["bad"].max() == 1
