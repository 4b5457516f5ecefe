from __future__ import annotations

from datetime import date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tael.errors import ValidationError
from tael.validation import delinquency_events, delinquency_panel
from tael.validation.delinquency import BUCKETS

START = datetime(2023, 1, 1)
AS_OF = datetime(2023, 9, 12, 15)


def later(days: float) -> datetime:
    return START + timedelta(days=days)


instalment = st.tuples(
    st.integers(1, 4),
    st.integers(0, 250 * 4).map(lambda quarter_days: later(quarter_days / 4)),
    st.none() | st.integers(-10 * 4, 200 * 4).map(lambda quarter_days: timedelta(days=quarter_days / 4)),
)
closing = st.none() | st.integers(20, 300).map(later)


@st.composite
def books(draw: st.DrawFn) -> tuple[pl.DataFrame, pl.DataFrame]:
    rows = draw(st.lists(instalment, min_size=1, max_size=14))
    kinds = pl.Datetime("us")
    schedule = pl.DataFrame(
        [(a, due, None if late is None else due + late) for a, due, late in rows],
        schema={"account": pl.Int64, "due": kinds, "paid": kinds},
        orient="row",
    )
    known = sorted(set(schedule["account"]))
    accounts = pl.DataFrame(
        [(a, draw(closing), draw(closing)) for a in known],
        schema={"account": pl.Int64, "settled": kinds, "written_off": kinds},
        orient="row",
    )
    return schedule, accounts


def month_ends(first: datetime, last: datetime) -> list[datetime]:
    """First moments of months after `first`, up to `last`."""
    found, year, month = [], first.year, first.month
    while True:
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
        if datetime(year, month, 1) > last:
            return found
        found.append(datetime(year, month, 1))


def plain_panel(schedule: pl.DataFrame, accounts: pl.DataFrame | None, as_of: datetime) -> list[tuple]:
    """Month by month and account by account, asking each instalment."""
    told = {} if accounts is None else {r["account"]: r for r in accounts.iter_rows(named=True)}
    found = []
    for account in sorted(set(schedule["account"])):
        mine = [r for r in schedule.iter_rows(named=True) if r["account"] == account]
        paid = [r["paid"] for r in mine]
        row = told.get(account, {})
        ends = [(row.get("written_off"), "written_off"), (row.get("settled"), "settled")]
        if accounts is None or "settled" not in accounts.columns:
            ends.append((None if None in paid else max(paid), "settled"))
        closed, how = min((e for e in ends if e[0] is not None), key=lambda e: e[0], default=(None, ""))
        for t in month_ends(min([*(r["due"] for r in mine), *([closed] if closed else [])]), as_of):
            month = (t - timedelta(days=1)).date().replace(day=1)
            if closed is not None and closed < t:
                found.append((account, month, None, how))
                break
            open_ = [r["due"] for r in mine if r["due"] < t and (r["paid"] is None or r["paid"] >= t)]
            days = (t - min(open_)).days if open_ else 0
            bucket = (
                "current" if days < 1 else "1-30" if days <= 30 else "31-60" if days <= 60
                else "61-90" if days <= 90 else "90+"
            )  # fmt: skip
            found.append((account, month, days, bucket))
    return found


@settings(max_examples=60)
@given(books(), st.sampled_from(["nothing", "losses", "all"]))
def test_panel_is_the_plain_one(book: tuple[pl.DataFrame, pl.DataFrame], told: str) -> None:
    schedule, accounts = book
    known = {"nothing": None, "losses": accounts.drop("settled"), "all": accounts}[told]
    assert delinquency_panel(schedule, as_of=AS_OF, accounts=known).rows() == plain_panel(schedule, known, AS_OF)


@settings(max_examples=40)
@given(books(), st.integers(31, 240).map(later), st.booleans())
def test_a_month_knows_nothing_of_later_ones(
    book: tuple[pl.DataFrame, pl.DataFrame], cut: datetime, settlement: bool
) -> None:
    """Cutting the data earlier, and hiding what happened from then on, changes no month before."""
    schedule, accounts = book
    accounts = accounts if settlement else accounts.drop("settled")
    ends = pl.col("month").dt.offset_by("1mo") <= cut.date()
    whole = delinquency_panel(schedule, as_of=AS_OF, accounts=accounts).filter(ends)

    def hide(frame: pl.DataFrame, *names: str) -> pl.DataFrame:
        return frame.with_columns(pl.when(pl.col(n) < cut).then(pl.col(n)).alias(n) for n in names)

    early = delinquency_panel(hide(schedule, "paid"), as_of=cut, accounts=hide(accounts, *accounts.columns[1:]))
    assert early.rows() == whole.rows()


@settings(max_examples=40)
@given(books())
def test_events_are_the_plain_ones(book: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    schedule, accounts = book
    closed = {
        r["account"]: min((t for t in (r["settled"], r["written_off"]) if t is not None), default=None)
        for r in accounts.iter_rows(named=True)
    }
    found: dict[tuple[int, int], datetime] = {}
    for r in schedule.iter_rows(named=True):
        end = closed[r["account"]]
        for level in (30, 60):
            at = r["due"] + timedelta(days=level)
            if (r["paid"] is None or r["paid"] >= at) and (end is None or end >= at) and at < AS_OF:
                key = (r["account"], level)
                found[key] = min(at, found.get(key, at))
    events = delinquency_events(schedule, as_of=AS_OF, levels=(60, 30), accounts=accounts)
    assert events.rows() == [(a, at, level) for (a, level), at in sorted(found.items())]


def test_agrees_with_the_simulated_bank_s_own_record() -> None:
    from tael.datasets import simulate_bank

    frames = simulate_bank(300, seed=3).frames
    off = pl.col("status") == "written off"
    accounts = frames["loans"].select(
        account="loan_id",
        opened="disbursed",
        settled=pl.when(off).then(None).otherwise("settled_on"),
        written_off=pl.when(off).then("settled_on"),
    )
    schedule = frames["instalments"].select("due", "paid", account="loan_id")
    own = frames["delinquencies"].group_by("loan_id", "days_past_due").agg(pl.col("reached").min())
    events = delinquency_events(schedule, as_of=datetime(2024, 1, 1), accounts=accounts)
    assert events.height > 50
    assert events.rows() == own.select("loan_id", "reached", "days_past_due").sort("loan_id", "days_past_due").rows()
    panel = delinquency_panel(schedule, as_of=datetime(2024, 1, 1), accounts=accounts)
    assert set(panel["bucket"].unique()) == set(BUCKETS)
    ended = panel.filter(pl.col("bucket").is_in(["settled", "written_off"]))
    assert ended["account"].is_unique().all()
    assert ended.height == frames["loans"]["settled_on"].drop_nulls().len()


@pytest.mark.parametrize("library", ["pandas", "pyarrow"])
def test_other_libraries_and_zones(library: str) -> None:
    schedule = pl.DataFrame(
        {"account": ["a", "a"], "due": [later(9), later(40)], "paid": [later(50), None]}
    ).with_columns(pl.col("due").dt.replace_time_zone("Asia/Shanghai"))
    plain = schedule.with_columns(pl.col("due").dt.convert_time_zone("UTC").dt.replace_time_zone(None))
    given_ = schedule.to_pandas() if library == "pandas" else schedule.to_arrow()
    assert delinquency_panel(given_, as_of=AS_OF).rows() == delinquency_panel(plain, as_of=AS_OF).rows()


def test_bad_input() -> None:
    day = date(2023, 1, 1)
    row = {"account": [1], "due": [day], "paid": [None]}
    with pytest.raises(ValidationError, match='Did you mean "payed"'):
        delinquency_panel(pl.DataFrame({"account": [1], "due": [day], "payed": [day]}), as_of=AS_OF)
    with pytest.raises(ValidationError, match="0 rows"):
        delinquency_panel(pl.DataFrame(row).clear(), as_of=AS_OF)
    with pytest.raises(ValidationError, match="1 of 1 rows have no due"):
        delinquency_panel(pl.DataFrame(row | {"due": [None]}), as_of=AS_OF)
    with pytest.raises(ValidationError, match="holds no times"):
        delinquency_panel(pl.DataFrame(row | {"due": ["2023-01-01"]}), as_of=AS_OF)
    with pytest.raises(ValidationError, match="This is no time"):
        delinquency_panel(pl.DataFrame(row), as_of="2023-01-01")  # type: ignore[arg-type]
    with pytest.raises(ValidationError, match="of one type here and of another there"):
        delinquency_panel(pl.DataFrame(row), as_of=AS_OF, accounts=pl.DataFrame({"account": ["1"]}))
    with pytest.raises(ValidationError, match="more than once"):
        delinquency_panel(pl.DataFrame(row), as_of=AS_OF, accounts=pl.DataFrame({"account": [1, 1]}))
    with pytest.raises(ValidationError, match="nothing to look for"):
        delinquency_events(pl.DataFrame(row), as_of=AS_OF, levels=())
    with pytest.raises(ValidationError, match="not a table"):
        delinquency_panel([1, 2], as_of=AS_OF)


def test_nothing_due_yet_is_an_empty_panel() -> None:
    row = pl.DataFrame({"account": [1], "due": [date(2024, 1, 1)], "paid": [None]})
    assert delinquency_panel(row, as_of=AS_OF).height == 0
    assert delinquency_events(row, as_of=AS_OF).height == 0
