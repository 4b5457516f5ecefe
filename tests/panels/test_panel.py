"""Panels: made of long frames in any order, cut, grown, written and read; what does not fit is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings

from tael.errors import PanelError, TaelError
from tael.panels import Panel, load, save
from tael.panels.storing import MANIFEST

DAYS = ["2024-01-02", "2024-01-03", "2024-01-04"]


def bars(**changes: Any) -> dict[str, list[Any]]:
    table = {
        "day": [DAYS[1], DAYS[0], DAYS[0], DAYS[2]],
        "code": ["A", "B", "A", "A"],
        "close": [2.0, 5.0, 1.0, None],
        "volume": [10, 50, 20, 30],
        "sector": ["tea", "steel", "tea", None],
        "halted": [False, False, False, True],
    }
    return table | changes


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame, pa.table])
def test_any_frame_in_any_order(frame: Callable[..., Any]) -> None:
    panel = Panel.from_frame(frame(bars()), time="day", entity="code", groups=["sector"], suspended="halted")
    assert panel.shape == (3, 2)
    assert panel.entities == ("A", "B")
    assert str(panel.times[0]) == "2024-01-02T00:00:00.000000"
    np.testing.assert_array_equal(panel.fields["close"], [[1, 5], [2, np.nan], [np.nan, np.nan]])
    # suspended: yesterday's numbers are no news
    np.testing.assert_array_equal(panel.fields["volume"], [[20, 50], [10, np.nan], [np.nan, np.nan]])
    assert panel.levels["sector"] == ("steel", "tea")
    assert panel.groups["sector"].tolist() == [[1, 0], [1, -1], [-1, -1]]
    assert panel.listed.tolist() == [[True, True], [True, False], [True, False]]
    assert panel.members.tolist() == [[True, True], [True, False], [False, False]]


@settings(max_examples=25)
@given(st.integers(0, 10_000))
def test_order_does_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    cells = [(day, code) for day in range(1, 6) for code in "ABC" if rng.random() < 0.7] or [(1, "A")]
    table = pl.DataFrame(
        {
            "day": [f"2024-01-{day:02d}" for day, _ in cells],
            "code": [c for _, c in cells],
            "close": rng.random(len(cells)),
        }
    )
    first = Panel.from_frame(table, time="day", entity="code")
    assert (
        first.fingerprint()
        == Panel.from_frame(table.sample(fraction=1, shuffle=True, seed=seed), time="day", entity="code").fingerprint()
    )
    for day, code, close in table.iter_rows():
        at = int(np.searchsorted(first.times, np.datetime64(day)))
        assert first.fields["close"][at, first.index_of(code)] == close


def test_whole_numbers_name_entities() -> None:
    table = bars(code=[2**60 + 1, 2**60, 2**60 + 1, 2**60 + 1])
    assert Panel.from_frame(pl.DataFrame(table), time="day", entity="code").entities == (str(2**60), str(2**60 + 1))
    days = bars(day=[20240103, 20240102, 20240102, 20240104])
    assert str(Panel.from_frame(pl.DataFrame(days), time="day", entity="code").times[2])[:10] == "2024-01-04"


def test_one_entity_and_nothing_known() -> None:
    table = {"day": DAYS, "code": ["A"] * 3, "close": pl.Series([None] * 3, dtype=pl.Float64)}
    panel = Panel.from_frame(pl.DataFrame(table), time="day", entity="code", fields=["close"])
    assert np.isnan(panel.fields["close"]).all()
    assert panel.members.all()


@pytest.mark.parametrize(
    ("table", "options", "message"),
    [
        (bars(), {"time": "dya"}, 'Did you mean "day"'),
        (bars(code=["A", "A", "A", "A"]), {}, "rows 2 and 3"),
        (bars(day=[None, *DAYS]), {}, "has no time"),
        (bars(day=["soon", *DAYS]), {}, "time"),
        (bars(code=["A", None, "B", "C"]), {}, "has no entity"),
        (bars(code=[1.5, 2.0, 3.0, 4.0]), {}, "named by fractions"),
        (bars(code=[2.0**60, 2.0, 3.0, 4.0]), {}, "does not hold exactly"),
        (bars(), {"fields": ["sector"]}, "does not hold numbers"),
        (bars(), {"suspended": "volume"}, "is no flag"),
        (bars(), {"groups": ["close"]}, "is no group"),
        ({name: [] for name in bars()}, {}, "no rows"),
    ],
)
def test_frames_that_do_not_fit(table: dict[str, Any], options: dict[str, Any], message: str) -> None:
    with pytest.raises(TaelError, match=message):
        Panel.from_frame(pl.DataFrame(table), **{"time": "day", "entity": "code", **options})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"times": [DAYS[1], DAYS[0]]}, "do not increase"),
        ({"times": [DAYS[0], DAYS[0]]}, "do not increase"),
        ({"times": ["NaT", DAYS[0]]}, "1 missing"),
        ({"times": np.array([1.5, 2.5])}, "no times"),
        ({"entities": ("A", "A")}, "twice"),
        ({"entities": (1, 2)}, "named by text"),
        ({"fields": {"close": np.ones((3, 2))}}, "shape of the panel"),
        ({"fields": {"close": np.array([["a", "b"]] * 2)}}, "does not hold numbers"),
        ({"groups": {"close": np.zeros((2, 2), int)}}, "same name"),
        ({"groups": {"g": np.zeros((2, 2))}}, "does not hold codes"),
        ({"groups": {"g": np.full((2, 2), -2)}}, "out of range"),
        ({"groups": {"g": np.ones((2, 2), int)}, "levels": {"g": ("one",)}}, "without a name"),
        ({"members": np.ones((2, 2))}, "is no mask"),
    ],
)
def test_arrays_that_do_not_fit(options: dict[str, Any], message: str) -> None:
    whole = {"times": np.array(DAYS[:2], "M8[us]"), "entities": ("A", "B"), "fields": {"close": np.ones((2, 2))}}
    with pytest.raises(PanelError, match=message):
        Panel(**(whole | options))


def test_windows_are_views(make_panel: Callable[..., Panel]) -> None:
    panel = make_panel(0)
    part = panel.window("2020-01-11", "2020-01-21")
    assert (len(part), str(part.times[0])[:10]) == (10, "2020-01-11")
    assert np.shares_memory(part.fields["close"], panel.fields["close"])
    assert part.fingerprint() == panel.window(10, 20).fingerprint()
    with pytest.raises(PanelError, match="no time"):
        panel.window("soon")
    with pytest.raises(PanelError, match="no such entity"):
        panel.index_of("x")


def test_a_panel_that_grew_is_the_panel(make_panel: Callable[..., Panel]) -> None:
    panel = make_panel(0)
    grown = panel.window(stop=50)
    for row in range(50, 60):
        grown = grown.append(panel.window(row, row + 1))
    assert grown.fingerprint() == panel.fingerprint()
    with pytest.raises(PanelError, match="not later"):
        panel.append(panel.window(-1))
    with pytest.raises(PanelError, match="other fields"):
        panel.window(stop=50).append(panel.window(50).with_fields(more=panel.fields["close"][50:]))


def test_who_comes_and_who_goes() -> None:
    first = Panel.from_frame(pl.DataFrame(bars()), time="day", entity="code", groups=["sector"])
    table = {"day": ["2024-01-05"] * 2, "code": ["C", "A"], "close": [7.0, 3.0], "volume": [1, 2],
             "sector": ["banks", "steel"], "halted": [False, False]}  # fmt: skip
    grown = first.append(Panel.from_frame(pl.DataFrame(table), time="day", entity="code", groups=["sector"]))
    assert grown.entities == ("A", "B", "C")
    np.testing.assert_array_equal(grown.fields["close"][-1], [3, np.nan, 7])
    assert grown.listed[-1].tolist() == [True, False, True]
    assert [grown.levels["sector"][code] for code in grown.groups["sector"][-1][[0, 2]]] == ["steel", "banks"]
    assert grown.groups["sector"][:3].tolist() == [[1, 0, -1], [1, -1, -1], [-1, -1, -1]]


def test_written_and_read(make_panel: Callable[..., Panel], tmp_path: Path) -> None:
    panel = make_panel(0, dtype=np.float32)
    again = load(save(panel, tmp_path / "p"), check=True)
    assert again.fingerprint() == panel.fingerprint()
    assert isinstance(again.fields["close"].base, np.memmap)
    assert again.fields["close"].dtype == np.float32
    with pytest.raises(PanelError, match="not empty"):
        save(panel, tmp_path / "p")
    (tmp_path / "p" / "field0.npy").unlink()
    with pytest.raises(PanelError, match="not a whole one"):
        load(tmp_path / "p")


def test_what_was_changed_on_disk_is_seen(make_panel: Callable[..., Panel], tmp_path: Path) -> None:
    panel = make_panel(0)
    place = save(panel, tmp_path / "p")
    np.save(place / "field3.npy", panel.fields["close"] * 1.01)
    with pytest.raises(PanelError, match="not what was written"):
        load(place, check=True)
    manifest = json.loads((place / MANIFEST).read_text())
    (place / MANIFEST).write_text(json.dumps(manifest | {"version": 99}))
    with pytest.raises(PanelError, match="another version"):
        load(place)
    with pytest.raises(PanelError, match="no panel"):
        load(tmp_path)


def test_the_fingerprint_is_of_the_content(make_panel: Callable[..., Panel]) -> None:
    panel = make_panel(0)
    close = panel.fields["close"].copy()
    strange = close.copy()
    strange[np.isnan(close)] = -np.nan
    assert panel.with_fields(close=strange).fingerprint() == panel.fingerprint()
    close[30, 3] += 1e-12
    assert panel.with_fields(close=close).fingerprint() != panel.fingerprint()
    assert panel.with_members(~panel.members).fingerprint() != panel.fingerprint()
