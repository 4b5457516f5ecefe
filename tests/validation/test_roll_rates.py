from __future__ import annotations

import json
from datetime import date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tael.errors import ValidationError
from tael.validation import bad_definitions, delinquency_panel, roll_rates, wilson
from tael.validation.delinquency import BUCKETS

END = ("settled", "written_off")


@st.composite
def panels(draw: st.DrawFn) -> pl.DataFrame:
    rows = []
    for account in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, 5))
        for k in range(draw(st.integers(1, 8))):
            if draw(st.integers(0, 9)) == 0:
                continue  # a month that was not reported
            bucket = draw(st.sampled_from(BUCKETS))
            rows.append((account, date(2023 + (start + k) // 12, 1 + (start + k) % 12, 1), bucket))
            if bucket in END:
                break
    rows = rows or [(0, date(2023, 1, 1), "current")]
    return pl.DataFrame(rows, schema=["account", "month", "bucket"], orient="row")


@settings(max_examples=60)
@given(panels())
def test_matrix_is_the_plain_count(panel: pl.DataFrame) -> None:
    at = {(a, m.year * 12 + m.month): b for a, m, b in panel.iter_rows()}
    pairs = [(b, at[a, k + 1]) for (a, k), b in at.items() if (a, k + 1) in at and b not in END]
    found = roll_rates(panel.sample(fraction=1, shuffle=True, seed=0))
    for row in found.matrix.iter_rows(named=True):
        n = sum(f == row["from"] for f, _ in pairs)
        k = pairs.count((row["from"], row["to"]))
        assert row["n"] == k
        assert row["share"] == (pytest.approx(k / n) if n else None)
        assert not n or row["low"] <= row["share"] <= row["high"]
    for row in found.rolled.iter_rows(named=True):
        mine = [BUCKETS.index(t) for f, t in pairs if f == row["bucket"]]
        i = BUCKETS.index(row["bucket"])
        assert row["n"] == len(mine)
        if mine:
            assert row["worse"] == pytest.approx(np.mean([t > i and t != 5 for t in mine]))
            assert row["better"] == pytest.approx(np.mean([t < i or t == 5 for t in mine]))
            assert row["same"] == pytest.approx(np.mean([t == i for t in mine]))
    assert found.flows["n"].sum() == len(pairs)
    json.dumps(found.to_dict(), allow_nan=False)


def test_months_of_one_account_are_not_worth_several_accounts() -> None:
    """Accounts that do the same thing month after month count once each, not once a month."""
    rng = np.random.default_rng(0)
    rows = []
    for account in range(80):
        stays = rng.random() < 0.5
        for k in range(12):  # in 1-30 every other month; next month back there, or current
            bucket = "1-30" if stays or k % 2 == 0 else "current"
            rows.append((account, date(2023, 1 + k, 1), bucket))
    found = roll_rates(pl.DataFrame(rows, schema=["account", "month", "bucket"], orient="row"))
    row = found.matrix.filter((pl.col("from") == "1-30") & (pl.col("to") == "1-30")).row(0, named=True)
    n = found.rolled.filter(pl.col("bucket") == "1-30")["n"][0]
    low, high = wilson(row["n"], n)
    assert row["high"] - row["low"] > 2 * float(high - low)
    one, two = wilson(40, 80)
    assert row["high"] - row["low"] == pytest.approx(float(two - one), rel=0.25)


def test_where_few_come_back() -> None:
    rows = []
    for account in range(200):
        rows.append((account, date(2023, 1, 1), "1-30" if account < 100 else "31-60"))
        better = account % 5 != 0 if account < 100 else account % 5 == 0
        rows.append((account, date(2023, 2, 1), "current" if better else "61-90"))
    found = roll_rates(pl.DataFrame(rows, schema=["account", "month", "bucket"], orient="row"))
    assert found.point_of_no_return == "31-60"
    told = [w.en for w in found.sentences()]
    assert "Of the accounts 31 to 60 days late, 80.0%" in told[1]
    assert told[-1].endswith("31 to 60 days.")
    assert roll_rates(pl.DataFrame(rows[:200], schema=["account", "month", "bucket"], orient="row").filter(
        pl.col("account") < 100
    )).point_of_no_return is None  # fmt: skip


def test_real_statuses_of_credit_cards(data_dir) -> None:
    """Taiwan's repayment status, six months: 2 is two months late, so in the bucket of 31 to 60 days."""
    path = data_dir / "credit" / "taiwan" / "default_of_credit_card_clients.csv"
    raw = pl.read_csv(path, skip_rows=1)
    names = ["PAY_6", "PAY_5", "PAY_4", "PAY_3", "PAY_2", "PAY_0"]
    codes = raw.select("ID", *names).unpivot(index="ID", variable_name="which", value_name="late")
    month = {name: date(2005, 4 + k, 1) for k, name in enumerate(names)}
    panel = codes.select(
        account="ID",
        month=pl.col("which").replace_strict(month, return_dtype=pl.Date),
        bucket=pl.col("late").clip(0, 4).replace_strict(dict(enumerate(BUCKETS[:5])), return_dtype=pl.String),
    )
    found = roll_rates(panel)
    late = raw.select(names).to_numpy().clip(0, 4)
    for i in range(5):
        n = (late[:, :-1] == i).sum()
        for j in range(5):
            cell = found.matrix.filter((pl.col("from") == BUCKETS[i]) & (pl.col("to") == BUCKETS[j])).row(0, named=True)
            k = ((late[:, :-1] == i) & (late[:, 1:] == j)).sum()
            assert (cell["n"], cell["share"]) == (k, pytest.approx(k / n))
    assert found.months == 5


def plain_definitions(book: dict[str, list], as_of: datetime, follow: int) -> dict[tuple[int, int], tuple]:
    def plus(t: datetime, months: int) -> datetime:
        year, month = divmod(t.year * 12 + t.month - 1 + months, 12)
        return t.replace(year=year, month=month + 1)  # days up to 28 only

    found = {}
    for days in (30, 60):
        for within in (3, 6):
            n = bad = followed = rolled = lost = cured = 0
            for a, opened in enumerate(book["opened"]):
                if plus(opened, within) > as_of:
                    continue
                n += 1
                hits = [t for b, t, d in book["events"] if b == a and d >= days and t < as_of]
                if not hits or min(hits) >= plus(opened, within):
                    continue
                bad += 1
                until = plus(min(hits), follow)
                if until > as_of:
                    continue
                followed += 1
                rolled += any(b == a and d >= 60 and t < until for b, t, d in book["events"])
                off = book["written_off"][a]
                lost += off is not None and off < until
                state = [b for c, m, b in book["panel"] if c == a and plus(datetime(m.year, m.month, 1), 1) <= until]
                cured += bool(state) and state[-1] in ("current", "settled")
            found[days, within] = (n, bad, followed, rolled, cured, lost)
    return found


@settings(max_examples=40)
@given(st.data())
def test_definitions_are_plain_counts(data: st.DataObject) -> None:
    as_of = datetime(2024, 2, 10)
    book: dict[str, list] = {"opened": [], "written_off": [], "events": [], "panel": []}
    for a in range(data.draw(st.integers(1, 8))):
        opened = datetime(2023, data.draw(st.integers(1, 12)), data.draw(st.integers(1, 20)))
        book["opened"].append(opened)
        off = data.draw(st.none() | st.integers(30, 300))
        book["written_off"].append(None if off is None else opened + timedelta(days=off))
        for days in (30, 60):
            at = data.draw(st.none() | st.integers(1, 27))
            if at is not None:
                month = opened.month - 1 + data.draw(st.integers(1, 9))
                book["events"].append((a, datetime(2023 + month // 12, month % 12 + 1, at), days))
        for k in range(14):
            bucket = data.draw(st.sampled_from(["current", "1-30", "90+"]))
            month = opened.month - 1 + k
            book["panel"].append((a, date(2023 + month // 12, month % 12 + 1, 1), bucket))
    schema = {"account": pl.Int64, "reached": pl.Datetime("us"), "days_past_due": pl.Int64}
    accounts = pl.DataFrame({"account": range(len(book["opened"])), "opened": book["opened"]}).with_columns(
        written_off=pl.Series(book["written_off"], dtype=pl.Datetime("us"))
    )
    found = bad_definitions(
        accounts,
        pl.DataFrame(book["events"], schema=schema, orient="row"),
        as_of=as_of,
        panel=pl.DataFrame(book["panel"], schema=["account", "month", "bucket"], orient="row"),
        levels=(60, 30),
        within=(6, 3),
        follow=4,
    )
    expected = plain_definitions(book, as_of, 4)
    told = accounts["written_off"].null_count() < accounts.height
    for row in found.table.iter_rows(named=True):
        n, bad, followed, rolled, cured, lost = expected[row["days_past_due"], row["within"]]
        assert (row["n"], row["bad"], row["followed"]) == (n, bad, followed)
        assert row["rate"] == (pytest.approx(bad / n) if n else None)
        assert row["rolled"] == (pytest.approx(rolled / followed) if followed else None)
        assert row["cured"] == (pytest.approx(cured / followed) if followed else None)
        assert row["written_off"] == (pytest.approx(lost / followed) if followed and told else None)
    json.dumps(found.to_dict(), allow_nan=False)


def test_what_is_not_known_is_left_out() -> None:
    accounts = pl.DataFrame({"account": [1, 2], "opened": [date(2023, 1, 1)] * 2})
    late = pl.DataFrame({"account": [1], "reached": [date(2023, 3, 1)], "days_past_due": [30]})
    found = bad_definitions(accounts, late, as_of=date(2024, 6, 1), levels=(30, 60), within=(6,))
    row = found.table.row(0, named=True)
    assert (row["cured"], row["written_off"]) == (None, None)
    assert found.sentences()[0].en.endswith("6 months later 0.0% went on to 60 days.")
    nobody = bad_definitions(accounts, late.clear(), as_of=date(2024, 6, 1))
    assert nobody.table["bad"].sum() == 0
    assert nobody.sentences() == []
    with pytest.raises(ValidationError, match="no definition to compare"):
        bad_definitions(accounts, late, as_of=date(2024, 6, 1), levels=())


def test_bad_input() -> None:
    row = pl.DataFrame({"account": [1], "month": [date(2023, 1, 1)], "bucket": ["current"]})
    with pytest.raises(ValidationError, match="A bucket is unknown"):
        roll_rates(row.with_columns(bucket=pl.lit("M3")))
    with pytest.raises(ValidationError, match="twice in one month"):
        roll_rates(pl.concat([row, row.with_columns(month=pl.lit(date(2023, 1, 31)))]))
    with pytest.raises(ValidationError, match="0 rows"):
        roll_rates(row.clear())
    one = roll_rates(row)
    assert one.matrix["n"].sum() == 0
    assert one.matrix["share"].is_null().all()
    assert one.sentences() == []
    json.dumps(one.to_dict(), allow_nan=False)


def test_panel_of_a_schedule_rolls() -> None:
    schedule = pl.DataFrame({"account": [1], "due": [date(2024, 1, 10)], "paid": [None]})
    panel = delinquency_panel(schedule, as_of=date(2024, 6, 2))
    assert panel["bucket"].to_list() == ["1-30", "31-60", "61-90", "90+", "90+"]
    assert roll_rates(panel).matrix.filter(pl.col("share") == 1).select("from", "to").rows() == [
        ("1-30", "31-60"), ("31-60", "61-90"), ("61-90", "90+"), ("90+", "90+"),
    ]  # fmt: skip
