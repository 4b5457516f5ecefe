from __future__ import annotations

import subprocess
import sys
from datetime import datetime
from pathlib import Path

import duckdb
import numpy as np
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tael.errors import FormulaError
from tael.formulas.operators import get
from tael.formulas.operators.calendars import calendar
from tael.formulas.sql import texts as sql
from tael.formulas.sql.dialects import Dialect
from tael.formulas.values import NAT, Values


def ask(op: str, times: list[str], country: str = "CN") -> list[float]:
    compute = get(op).compute
    assert compute is not None
    return compute(Values.time(times), Values.category([country])).data.tolist()


# From the State Council's notices: 2019 as amended on 22 March, 2020 as amended on 26 January.
@pytest.mark.parametrize(
    ("day", "holiday", "workday"),
    [
        ("2006-10-01", 1, 0),
        ("2013-06-08 09:00", 0, 1),
        ("2019-04-28", 0, 1),
        ("2019-05-02", 1, 0),
        ("2019-05-03 23:59:59", 1, 0),
        ("2019-05-05", 0, 1),
        ("2020-01-31", 1, 0),
        ("2020-06-28", 0, 1),
        ("2021-02-20", 0, 1),
        ("2023-01-27", 1, 0),
        ("2024-02-04", 0, 1),
        ("2024-02-09", 0, 1),
        ("2024-02-10", 1, 0),
        ("2024-02-18", 0, 1),
        ("2024-02-24", 0, 0),
        ("2024-10-12", 0, 1),
        ("2025-10-08", 1, 0),
        ("2025-10-09", 0, 1),
        ("2025-09-28", 0, 1),
        ("2025-03-15", 0, 0),
    ],
)
def test_days_of_the_notices(day: str, holiday: int, workday: int) -> None:
    assert ask("is_holiday", [day]) == [holiday]
    assert ask("is_workday", [day]) == [workday]


def test_the_days_are_consistent() -> None:
    known = calendar("CN")
    assert set((known.worked + 3) % 7) <= {5, 6}
    assert not set(known.worked) & set(known.holidays)
    assert known.first == 2004
    assert known.last >= 2026
    years = known.holidays.astype("datetime64[D]").astype("datetime64[Y]").astype(int) + 1970
    assert set(years) == set(range(known.first, known.last + 1))


def test_missing_times_stay_missing() -> None:
    for op in ("is_holiday", "is_workday"):
        assert np.isnan(ask(op, ["NaT", "NaT"])).all()
        assert np.isnan(ask(op, ["NaT", "2024-01-02"])).tolist() == [True, False]
        assert ask(op, []) == []


@pytest.mark.parametrize("day", ["2003-12-31 23:59", "2099-01-01", "1969-06-01"])
def test_a_year_that_is_not_known_is_missing_and_leaves_the_others_alone(day: str) -> None:
    for op in ("is_workday", "is_holiday"):
        got = ask(op, ["2024-05-06", day])
        assert np.isnan(got).tolist() == [False, True]


@pytest.mark.parametrize(("code", "said"), [("cn", 'Did you mean "CN"?'), ("CHN", 'Did you mean "CN"?'), ("US", "CN")])
def test_a_country_that_is_not_known_is_an_error(code: str, said: str) -> None:
    with pytest.raises(FormulaError, match="not known") as error:
        ask("is_holiday", ["2024-01-01"], code)
    assert said in str(error.value)


def test_the_country_is_a_constant() -> None:
    compute = get("is_holiday").compute
    assert compute is not None
    with pytest.raises(FormulaError, match="in quotes"):
        compute(Values.time(["2024-01-01"] * 2), Values.category(["CN", "CN"]))


def test_the_calendar_is_read_only_when_it_is_asked_for() -> None:
    code = "import sys, tael.formulas.operators; print('chinese_calendar' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


# ------------------------------------------------------------------ months
@pytest.mark.parametrize(
    ("start", "end", "months", "years"),
    [
        ("2024-01-31", "2024-02-28", 0, 0),
        ("2024-01-31", "2024-02-29", 1, 0),
        ("2024-01-31 12:00", "2024-02-29 11:59:59", 0, 0),
        ("2000-02-29", "2001-02-28", 12, 1),
        ("2000-02-29", "2004-02-28", 47, 3),
        ("1960-05-17", "2024-05-16", 767, 63),
        ("1960-05-17", "2024-05-17", 768, 64),
        ("2024-05-17", "1960-05-17", -768, -64),
        ("2024-05-17", "2023-06-17", -11, 0),
        ("2024-05-17", "2024-05-17", 0, 0),
    ],
)
def test_whole_months_and_years(start: str, end: str, months: int, years: int) -> None:
    for op, told in (("months_between", months), ("years_between", years)):
        compute = get(op).compute
        assert compute is not None
        got = compute(Values.time([start, "NaT"]), Values.time([end, end])).data
        assert got[0] == told
        assert not np.signbit(got[0]) or told
        assert np.isnan(got[1])


MOMENTS = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)) | st.builds(
    datetime, st.just(2024), st.sampled_from([1, 2, 3, 4]), st.sampled_from([1, 28, 29]), st.sampled_from([0, 12])
)


def spoken(dialect: Dialect) -> str:
    columns = [sql.between(dialect, "a", "b", 1), sql.between(dialect, "a", "b", 12), sql.days_in_month(dialect, "a")]
    calendars = [sql.in_calendar(dialect, op, "a", "CN") for op in ("is_holiday", "is_workday")]
    columns += [f"CAST({one} AS INT)" for one in calendars]
    return ", ".join(f"CAST({dialect.tidy(one)} AS {dialect.double})" for one in columns)


def compare(a: datetime, b: datetime, got: tuple[float | None, ...] | None) -> None:
    pair = [Values.time([a]), Values.time([b])]
    told = [float(get(op).compute(*pair).data[0]) for op in ("months_between", "years_between")]  # type: ignore[misc]
    month = get("day").compute(pair[0]).data + get("days_to_month_end").compute(pair[0]).data  # type: ignore[misc]
    told.append(float(month[0]))
    known = 2004 <= a.year <= calendar("CN").last
    told += [ask(op, [a.isoformat()])[0] if known else np.nan for op in ("is_holiday", "is_workday")]
    assert got is not None
    assert [np.nan if one is None else one for one in got] == pytest.approx(told, nan_ok=True)


@given(a=MOMENTS, b=MOMENTS)
def test_months_and_days_on_duckdb(a: datetime, b: datetime) -> None:
    times = "SELECT CAST(? AS TIMESTAMP) AS a, CAST(? AS TIMESTAMP) AS b"
    statement = f"SELECT {spoken(Dialect.named('duckdb'))} FROM ({times}) AS one"
    compare(a, b, duckdb.execute(statement, [a, b]).fetchone())


@pytest.mark.postgres
def test_months_and_days_on_postgres(postgres_server: Path) -> None:
    connection = psycopg.connect(host=str(postgres_server), user="tael", password="hunter2", dbname="postgres")
    times = "SELECT CAST(%s AS TIMESTAMP) AS a, CAST(%s AS TIMESTAMP) AS b"
    statement = f"SELECT {spoken(Dialect.named('postgres'))} FROM ({times}) AS one"

    @given(a=MOMENTS, b=MOMENTS)
    def check(a: datetime, b: datetime) -> None:
        compare(a, b, connection.execute(statement.encode(), [a, b]).fetchone())

    with connection:
        check()


def test_times_are_plain_integers_at_the_edges() -> None:
    values = Values.time(["1969-12-31 23:59:59", "1970-01-01", "NaT"])
    for op, told in (("minute", [59, 0]), ("quarter", [4, 1]), ("week", [1, 1]), ("is_month_end", [1, 0])):
        compute = get(op).compute
        assert compute is not None
        assert compute(values).data[:2].tolist() == told
        assert np.isnan(compute(values).data[2])
    assert values.data[2] == NAT
