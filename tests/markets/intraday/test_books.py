"""Books as panels, clocks and labels: against plain loops, and with the future cut off."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tael.datasets import simulate_order_book
from tael.errors import MarketError
from tael.markets.intraday import book_factors, book_panel, later_move, on_clock, on_events, on_volume
from tael.markets.intraday.labels import volatility_scaled, within_session
from tael.panels import Panel, compute


def ragged(seed: int, entities: int = 2) -> pl.DataFrame:
    """Snapshots at odd times of two mornings with a pause, some with an empty side."""
    rng = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    for n in range(entities):
        for day in ("2023-02-01", "2023-02-02"):
            total = 0.0
            for begin in ("10:00:00", "13:00:00"):
                at = np.datetime64(f"{day}T{begin}", "ms") + np.unique(rng.integers(0, 60_000, 25))
                for time in at:
                    total += rng.integers(0, 4)
                    mid = 10 + rng.integers(-3, 4) / 100
                    gone = rng.random() < 0.1
                    rows.append({
                        "code": f"s{n}", "time": time.astype("M8[us]").item(),
                        "bid_price1": None if gone else mid - 0.01,
                        "bid_volume1": float(rng.integers(1, 9)), "ask_price1": mid + 0.01,
                        "ask_volume1": float(rng.integers(1, 9)), "last": mid, "volume": total, "amount": total * 10,
                    })  # fmt: skip
    return pl.DataFrame(rows)


def test_volumes_are_differences_within_a_day() -> None:
    frame = ragged(1)
    panel = book_panel(frame, 1)
    total = frame.group_by("code", pl.col("time").dt.date().alias("day")).agg(pl.col("volume").max())
    assert np.nansum(panel.fields["volume"]) == total["volume"].sum()
    falling = frame.with_columns(pl.col("volume") * -1)
    with pytest.raises(MarketError, match="The running total `volume` falls within a day"):
        book_panel(falling, 1)
    alone = book_panel(falling, 1, cumulative=False)
    assert np.nansum(alone.fields["volume"]) == falling["volume"].sum()


def test_age_counts_open_rows_of_the_session() -> None:
    panel = book_panel(ragged(2), 1)
    session, open_ = panel.groups["session"][:, 0], panel.members
    for t, n in np.ndindex(panel.shape):
        assert panel.fields["age"][t, n] == open_[: t + 1, n][session[: t + 1] == session[t]].sum()


@settings(max_examples=30)
@given(st.integers(0, 50), st.sampled_from(["1s", "7s", "30s"]))
def test_a_clock_shows_the_book_as_last_known(seed: int, every: str) -> None:
    panel = book_panel(ragged(seed), 1)
    made = on_clock(panel, every, stale="10s")
    step = np.timedelta64(int(every[:-1]), "s")
    assert (made.times.astype("M8[us]").astype(int) % step.astype("m8[us]").astype(int) == 0).all()
    session = panel.groups["session"][:, 0]
    for r in range(len(made)):
        before = np.flatnonzero(panel.times <= made.times[r])
        of = session[before[-1]]
        for n in range(2):
            mine = [t for t in before if session[t] == of and panel.listed[t, n]]
            shown = bool(mine) and made.times[r] - panel.times[mine[-1]] <= np.timedelta64(10, "s")
            assert made.listed[r, n] == shown
            if shown:
                np.testing.assert_array_equal(made.fields["bid_price1"][r, n], panel.fields["bid_price1"][mine[-1], n])
                new = [
                    t
                    for t in mine
                    if r == 0 or panel.times[t] > made.times[r - 1] or session[t] != made_session(made, r - 1)
                ]
                assert made.fields["volume"][r, n] == pytest.approx(sum(panel.fields["volume"][t, n] for t in new))


def made_session(panel: Panel, row: int) -> int:
    """The session of a row."""
    return int(panel.groups["session"][row, 0])


@settings(max_examples=30)
@given(st.integers(0, 50), st.integers(20, 99))
def test_no_clock_and_no_factor_knows_what_comes_later(seed: int, share: int) -> None:
    """LAW 1: whatever is cut off behind a row, the rows before it stay the same to the last bit."""
    panel = book_panel(ragged(seed, 1), 1)
    cut = panel.window(None, max(2, len(panel) * share // 100))
    whole, part = on_clock(panel, "5s"), on_clock(cut, "5s")
    for name, values in part.fields.items():
        np.testing.assert_array_equal(values, whole.fields[name][: len(part)])
    formulas = [formula for _, formula in book_factors(cut)]
    for one, two in zip(compute(cut, formulas), compute(panel, formulas), strict=True):
        np.testing.assert_array_equal(one, two[: len(cut)])


def test_events_and_volume() -> None:
    panel = book_panel(simulate_order_book(600, 2, seed=3).frames["snapshots"], 3)
    tens = on_events(panel, 10)
    assert len(tens) == len(panel) // 10
    assert np.nansum(tens.fields["volume"]) == pytest.approx(np.nansum(panel.fields["volume"]))
    much = on_volume(panel, 5_000)
    assert 0 < len(much) < len(panel)
    assert np.median(much.fields["volume"]) == pytest.approx(5_000, rel=0.3)
    with pytest.raises(MarketError, match="belongs to one entity"):
        on_volume(book_panel(ragged(1), 1), 5)
    with pytest.raises(MarketError, match="such as"):
        on_clock(panel, "soon")


@settings(max_examples=30)
@given(st.integers(0, 30), st.sampled_from([1, 3, "2s", "9s"]), st.integers(0, 2))
def test_labels_stay_within_their_session(seed: int, ahead: int | str, start: int) -> None:
    panel = book_panel(ragged(seed, 1), 1)
    found = later_move(panel, ahead, start=start)[:, 0]
    mid, session, times = panel.fields["mid"][:, 0], panel.groups["session"][:, 0], panel.times
    for t in range(len(panel)):
        expected, one = np.nan, t + start
        if one < len(panel) and session[one] == session[t]:
            if isinstance(ahead, int):
                later = one + ahead
            else:
                until = times[one] + np.timedelta64(int(ahead[:-1]), "s")
                on = [k for k in range(len(panel)) if times[k] >= until and session[k] == session[t]]
                later = max(k for k in range(len(panel)) if times[k] <= until) if on else len(panel)
            if later < len(panel) and session[later] == session[t]:
                expected = mid[later] / mid[one] - 1
        np.testing.assert_allclose(found[t], expected, atol=1e-12)


def test_scales_know_the_past_alone() -> None:
    rng = np.random.default_rng(0)
    price = np.exp(np.cumsum(rng.normal(size=(400, 1)) * 1e-3, axis=0))
    label = within_session(rng.normal(size=(400, 1)), np.repeat([0, 1], 200), 5)
    assert np.isnan(label[195:200]).all()
    scaled = volatility_scaled(label, price, 5)
    again = volatility_scaled(label[:300], price[:300], 5)
    np.testing.assert_array_equal(scaled[:300], again)
    assert np.nanmax(np.abs(scaled)) <= 5


def test_what_is_planted_is_found() -> None:
    """The factor library gives the simulator's own signals the correlations that its truth states."""
    book = simulate_order_book(3600, 1, seed=5)
    panel = book_panel(book.frames["snapshots"], 3)
    move = later_move(panel, 20, start=0)[:, 0]
    told = dict(book.truth.frame.select("signal", "correlation").iter_rows())
    (queue,) = compute(panel, [dict(book_factors())["queue_imbalance"]])
    known = np.isfinite(move) & np.isfinite(queue[:, 0])
    assert np.corrcoef(queue[known, 0], move[known])[0, 1] == pytest.approx(told["queue_imbalance"], abs=0.02)
