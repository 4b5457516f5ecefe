from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd
import polars as pl
import pytest

from tael.errors import ValidationError
from tael.panels import Panel
from tael.validation import Sealed

DAYS = np.arange("2024-01-01", "2024-01-11", dtype="datetime64[D]")


@dataclass(frozen=True)
class SmallPanel:
    """What `Sealed` asks of a panel."""

    times: np.ndarray
    close: np.ndarray

    def window(self, start, stop):
        kept = np.ones(len(self.times), dtype=bool)
        if start is not None:
            kept &= self.times >= start
        if stop is not None:
            kept &= self.times < stop
        return SmallPanel(self.times[kept], self.close[kept])

    def fingerprint(self):
        return f"{self.times[0]}-{self.close.sum()}"


def reachable(thing, depth=0):
    """Everything that attributes lead to."""
    if depth > 4:
        return
    yield thing
    for value in getattr(thing, "__dict__", {}).values():
        yield from reachable(value, depth + 1)


def test_a_search_cannot_reach_the_holdout():
    panel = SmallPanel(DAYS, np.arange(10.0)[:, None])
    sealed = Sealed(panel, start="2024-01-07")
    assert sealed.n_sealed == 4
    assert sealed.search.times.max() < np.datetime64("2024-01-07")
    for thing in reachable(sealed):
        if isinstance(thing, np.ndarray) and thing.dtype.kind == "M":
            assert (thing < np.datetime64("2024-01-07")).all()
    for attempt in (copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="is not copied"):
            attempt(sealed)
    held = sealed.open("the end")
    assert held.times.tolist() == DAYS[6:].tolist()


def test_a_real_panel_is_cut_in_two(tmp_path):
    def panel(scale=1.0):
        return Panel(DAYS, ("A", "B"), {"close": scale * np.arange(20.0).reshape(10, 2)})

    sealed = Sealed(panel(), start="2024-01-07T12:00", path=tmp_path / "openings.jsonl")
    assert (len(sealed.search), sealed.n_sealed) == (7, 3)
    assert sealed.open("report").times.astype("M8[D]").tolist() == DAYS[7:].tolist()
    # the same bars again are known again; other numbers are other bars
    assert Sealed(panel(), start="2024-01-08", path=tmp_path / "openings.jsonl").n_openings == 1
    assert Sealed(panel(2.0), start="2024-01-08", path=tmp_path / "openings.jsonl").n_openings == 0


@pytest.mark.parametrize("library", [pl.DataFrame, pd.DataFrame])
def test_rows_whose_label_looks_into_it_are_in_neither_part(library):
    frame = library({"day": DAYS.astype("datetime64[us]"), "x": np.arange(10)})
    sealed = Sealed(frame, start="2024-01-08", times="day", ends=timedelta(days=3))
    assert list(sealed.search["x"]) == [0, 1, 2, 3, 4]
    assert type(sealed.search) is library
    assert list(sealed.open("report")["x"]) == [7, 8, 9]


def test_a_second_look_is_refused_and_recorded(tmp_path):
    path = tmp_path / "record" / "openings.jsonl"

    def seal(start="2024-01-08"):
        return Sealed(list(range(10)), start=start, times=DAYS, path=path)

    assert seal().open("figures of the report") == [7, 8, 9]
    again = seal()  # another process would see the same
    assert again.n_openings == 1
    with pytest.raises(ValidationError, match="opened before") as error:
        again.open("one more model")
    assert "figures of the report" in str(error.value)
    assert str(path) in str(error.value)
    assert again.open("one more model", again=True) == [7, 8, 9]
    assert [(o.number, o.reason) for o in seal().openings] == [(1, "figures of the report"), (2, "one more model")]
    assert seal("2024-01-09").n_openings == 0  # other bars
    assert all(json.loads(line)["at"].startswith("20") for line in path.read_text("utf-8").splitlines())
    assert "n_openings=2" in repr(seal())


def test_faults_say_what_to_do(tmp_path):
    for start in ("2023-01-01", "2024-01-01", "2030-01-01"):
        with pytest.raises(ValidationError, match="leaves one side empty"):
            Sealed(DAYS, start=start, times=DAYS)
    with pytest.raises(ValidationError, match="times are not given"):
        Sealed(DAYS, start="2024-01-05")
    with pytest.raises(ValidationError, match="no column names"):
        Sealed(np.arange(10), start="2024-01-05", times="day")
    with pytest.raises(ValidationError, match='Did you mean "day"'):
        Sealed(pl.DataFrame({"day": DAYS}), start="2024-01-05", times="dya")
    with pytest.raises(ValidationError, match="needs a reason"):
        Sealed(DAYS, start="2024-01-05", times=DAYS).open(" ")
    path = tmp_path / "record"
    path.write_text("{broken\n")
    with pytest.raises(ValidationError, match="record of openings cannot be read") as error:
        Sealed(DAYS, start="2024-01-05", times=DAYS, path=path).open("look")
    assert "line 1" in str(error.value)

    class Crooked(SmallPanel):
        def window(self, start, stop):
            return self

    with pytest.raises(ValidationError, match="does not cut where"):
        Sealed(Crooked(DAYS, np.zeros((10, 1))), start="2024-01-05")
