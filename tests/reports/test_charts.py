from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from tael.reports.charts import Chart, extent, nice_ticks, share_bar, sparkline, split_bar, thin

NUMBERS = st.floats(-1e9, 1e9)


@given(NUMBERS, st.floats(1e-6, 1e9))
def test_ticks_lie_inside_and_are_evenly_spaced(low: float, width: float) -> None:
    high = low + width
    ticks = nice_ticks(low, high)
    room = 1e-6 * max(abs(low), abs(high), width)
    assert all(low - room <= t <= high + room for t in ticks)
    assert ticks == sorted(ticks)
    assert len(ticks) <= 7


@given(st.integers(1, 5000), st.integers(2, 300))
def test_thin_keeps_both_ends(count: int, most: int) -> None:
    kept = thin(count, most)
    assert kept == sorted(set(kept))
    assert (kept[0], kept[-1]) == (0, count - 1)
    assert len(kept) <= max(most, 1)


@given(st.lists(st.one_of(st.none(), NUMBERS), max_size=12), st.booleans())
def test_extent_holds_every_value(values: list[float | None], zero: bool) -> None:
    low, high = extent(values, zero=zero)
    assert low < high
    assert all(low <= v <= high for v in values if v is not None)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=9))
def test_no_axis_of_a_score_goes_beyond_the_best(values: list[float]) -> None:
    low, high = extent(values, most=1.0)
    assert low < high <= 1.0
    assert all(low <= v <= high for v in values)


def test_a_value_beyond_the_best_is_shown_all_the_same() -> None:
    assert extent([0.5, 1.2], most=1.0)[1] > 1.2


def test_a_missing_value_breaks_the_line() -> None:
    chart = Chart((0, 3), (0, 1))
    chart.line([0, 1, 2, 3], [0.1, 0.2, None, 0.4], "s1")
    assert len(re.findall(r'class="line s1"', chart.svg("x"))) == 2


def test_up_is_up_and_right_is_right() -> None:
    chart = Chart((0, 10), (0, 1))
    assert chart.px(0) == chart.left
    assert chart.px(10) == chart.width - chart.right
    assert chart.py(1) == chart.top
    assert chart.py(0) == chart.height - chart.bottom


def test_bars_stay_in_their_frame() -> None:
    assert 'width="100.0"' in share_bar(5, 1)
    assert 'x="25.0"' in share_bar(-0.5, 1, signed=True)
    assert share_bar(1, 0).count("<rect") == 2
    assert split_bar([(0, "s1"), (0, "s2")], "none").count("<rect") == 2
    assert "<rect" not in sparkline([None], None, 1, "nothing")


def test_hostile_labels_are_escaped() -> None:
    chart = Chart((0, 1), (0, 1), x_label="<script>", x_ticks=[(0.5, "<b>")])
    chart.hover([0.5], ['"><i>'])
    drawn = chart.svg("<u>")
    assert not re.search(r"<(script|b|i|u)>", drawn)
