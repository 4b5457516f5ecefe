"""Dates of later are named, plans are not, and what may be either is asked about."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tael.errors import ValidationError
from tael.validation import dates_after_cutoff

N = 1500
DAY = np.timedelta64(1, "D")
END = np.datetime64("2021-01-01")


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture
def cutoff(rng: np.random.Generator) -> NDArray[Any]:
    return np.datetime64("2018-01-01") + rng.integers(0, 900, N) * DAY


def happened(cutoff: NDArray[Any], rng: np.random.Generator, days: int = 700) -> NDArray[Any]:
    """Something within so many days, known if it came before the end of the data."""
    at = cutoff + rng.integers(2, days, len(cutoff)) * DAY
    return np.where(at < END, at, np.datetime64("NaT"))


def months(times: NDArray[Any]) -> list[str | None]:
    names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    text = np.datetime_as_string(times.astype("datetime64[M]"))
    return [None if t == "NaT" else f"{names[int(t[5:]) - 1]}-{t[:4]}" for t in text]


def told(table: dict[str, Any], cutoff: NDArray[Any], end: object = END) -> list[tuple[str, str]]:
    return [(f.column, f.level) for f in dates_after_cutoff(table, cutoff, end=end)]


@pytest.mark.parametrize("written", ["time", "text", "number"])
def test_what_happened_later_is_named_however_it_is_written(
    written: str, cutoff: NDArray[Any], rng: np.random.Generator
) -> None:
    closed = happened(cutoff, rng)
    shown: Any = closed
    if written == "text":
        shown = months(closed)
    if written == "number":
        shown = [None if str(t) == "NaT" else int(str(t)[:10].replace("-", "")) for t in closed]
    found = dates_after_cutoff({"closed": shown, "age": rng.random(N)}, cutoff, end=END)
    assert [(f.code, f.column, f.level) for f in found] == [("TAEL-L09", "closed", "leak")]
    assert "closed" in found[0].text("en")
    assert "closed" in found[0].text("zh")


def test_plans_are_not_named(cutoff: NDArray[Any], rng: np.random.Generator) -> None:
    term = rng.integers(1, 37, N)
    table = {
        "first_due": cutoff + 30 * DAY,
        "ends": cutoff.astype("datetime64[D]") + rng.choice([90, 180, 365, 730, 1095], N) * DAY,
        "last_due": cutoff + term * 30 * DAY,
        "term": term,
        "passport_until": cutoff + rng.integers(1, 3650, N) * DAY,
        "born": cutoff - rng.integers(7000, 20000, N) * DAY,
        "asked": cutoff,
        "entered": cutoff + rng.integers(0, 2, N) * DAY,
    }
    assert told(table, cutoff) == []


def test_few_late_rows_are_typing_errors(cutoff: NDArray[Any], rng: np.random.Generator) -> None:
    born = cutoff - rng.integers(7000, 20000, N) * DAY
    born[:9] = cutoff[:9] + rng.integers(20, 300, 9) * DAY
    assert told({"born": born}, cutoff) == []


def test_without_an_end_it_is_found_in_what_stops(cutoff: NDArray[Any], rng: np.random.Generator) -> None:
    """The credit file was last read within two months of the snapshot, for old loans and new."""
    table = {
        "last_read": END - rng.integers(1, 60, N) * DAY,
        "closed": happened(cutoff, rng),
        "passport_until": cutoff + rng.integers(1, 3650, N) * DAY,
    }
    assert sorted(told(table, cutoff, None)) == [("closed", "leak"), ("last_read", "leak")]


def test_what_may_be_a_plan_is_asked(cutoff: NDArray[Any], rng: np.random.Generator) -> None:
    one = np.full(N, np.datetime64("2018-01-01"))
    table = {"passport_until": one + rng.integers(1, 3650, N) * DAY}
    found = dates_after_cutoff(table, one)
    assert [(f.column, f.level) for f in found] == [("passport_until", "ask")]
    assert "plan" in found[0].text("en")
    assert "约定" in found[0].text("zh")


def test_many_rows_are_sampled(rng: np.random.Generator) -> None:
    cutoff = np.datetime64("2018-01-01") + rng.integers(0, 900, 30_000) * DAY
    assert told({"closed": happened(cutoff, rng)}, cutoff) == [("closed", "leak")]


def test_names_and_lengths(cutoff: NDArray[Any], rng: np.random.Generator) -> None:
    closed = happened(cutoff, rng)
    assert (
        dates_after_cutoff({"closed": closed}, cutoff, end=END, names={"closed": "day closed"})[0].column
        == "day closed"
    )
    with pytest.raises(ValidationError):
        dates_after_cutoff({"closed": closed}, cutoff[:9])
    with pytest.raises(ValidationError):
        dates_after_cutoff([1, 2], cutoff)
