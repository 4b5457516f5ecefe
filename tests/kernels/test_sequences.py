from __future__ import annotations

import dataclasses
import math
import statistics
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby, pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tael.errors import FeaturesError
from tael.kernels.sequences import STATS, Ask, sequences

HOUR = 3_600_000_000
DAY = 24 * HOUR
NAN = math.nan
OF_NUMBERS = ("median", "quantile", "entropy", "top_share", "balance_after")
OF_ROWS = ("longest_streak", "burst", "periodicity", "next_event")


@dataclasses.dataclass
class Case:
    """Rows in order of time, windows over them, and all there is to ask."""

    time: list[int]
    numbers: list[tuple[float, float]]
    codes: list[int]
    masks: list[tuple[bool, bool]]
    windows: list[list[tuple[int, int]]]  # of each observation
    asks: list[Ask] = dataclasses.field(default_factory=list)

    def __post_init__(self) -> None:
        if self.asks:
            return
        for window in range(len(self.windows[0])):
            for where in (-1, 0, 1):
                ask = Ask("median", where=where, window=window)
                further = [("quantile", 0.9), ("quantile", 0.0), ("quantile", 1.0), ("quantile", 0.3)]
                made = [dataclasses.replace(ask, stat=stat, value=0, parameter=q) for stat, q in further]
                made += [
                    dataclasses.replace(ask, stat=stat, value=value)
                    for stat in ("balance_after", "median", "entropy", "top_share")
                    for value in (0, 1)
                ]
                made += [dataclasses.replace(ask, stat=stat, value=2) for stat in ("entropy", "top_share")]
                made += [dataclasses.replace(ask, stat="slope", value=0, second=1)]
                made += [dataclasses.replace(ask, stat="burst", span=span) for span in (1, DAY, 3 * DAY)]
                made += [dataclasses.replace(ask, stat="periodicity")]
                if where >= 0:
                    after = dataclasses.replace(ask, after=1 - where)
                    made += [dataclasses.replace(ask, stat="longest_streak")]
                    made += [dataclasses.replace(ask, stat="share_of", value=value) for value in (0, 1)]
                    made += [dataclasses.replace(after, stat="next_event")]
                    made += [dataclasses.replace(after, stat="next_event", after=where)]
                    made += [
                        dataclasses.replace(one, stat="matched", value=1, parameter=ratio, span=span)
                        for one in (after, dataclasses.replace(after, after=where))
                        for ratio, span in ((0.1, 2 * DAY), (0.0, DAY), (0.5, 30 * DAY), (1.0, 3 * DAY))
                    ]
                self.asks += made

    def compute(self, **options: Any) -> np.ndarray:
        bounds = np.array(self.windows, np.int64).reshape(len(self.windows), -1, 2)
        numbers = np.array(self.numbers, float).reshape(-1, 2)
        masks = np.array(self.masks, bool).reshape(-1, 2)
        return sequences(
            begins=bounds[:, :, 0].T, stop=bounds[:, :, 1].T, time=np.array(self.time, np.int64),
            values=[numbers[:, 0], numbers[:, 1], np.array(self.codes, np.int32)], masks=[masks[:, 0], masks[:, 1]],
            asks=options.pop("asks", self.asks), **options,
        )  # fmt: skip

    def expected(self) -> np.ndarray:
        return np.array(
            [[self.plainly(ask, *windows[ask.window]) for windows in self.windows] for ask in self.asks], float
        )

    def plainly(self, ask: Ask, begin: int, stop: int) -> float:
        """One number, as the docstring of the kernel says it."""
        window = list(range(begin, stop))

        def meets(mask: int, j: int) -> bool:
            return mask < 0 or self.masks[j][mask]

        def value(j: int) -> float:
            x = self.codes[j] if ask.value == 2 else self.numbers[j][ask.value]
            return NAN if (ask.value == 2 and x < 0) or not math.isfinite(x) else x

        rows = [j for j in window if meets(ask.where, j)]
        if ask.value >= 0:
            xs = [value(j) for j in rows if value(j) == value(j)]
            if ask.stat in OF_NUMBERS and not xs:
                return NAN
        match ask.stat:
            case "median":
                return statistics.median(xs)
            case "quantile":
                return float(np.quantile(xs, ask.parameter))
            case "entropy":
                return -sum(n / len(xs) * math.log(n / len(xs)) for n in Counter(xs).values())
            case "top_share":
                return max(Counter(xs).values()) / len(xs)
            case "balance_after":
                return min(np.cumsum(xs))
            case "slope":
                pairs = [self.numbers[j] for j in rows if np.isfinite(self.numbers[j]).all()]
                if len({x for _, x in pairs}) < 2:
                    return NAN
                return statistics.linear_regression([x for _, x in pairs], [y for y, _ in pairs]).slope
            case "share_of":
                total = math.fsum(value(j) for j in window if value(j) == value(j))
                return math.fsum(xs) / total if total else NAN
            case "longest_streak":
                runs = [len(list(run)) for met, run in groupby(window, lambda j: meets(ask.where, j)) if met]
                return max(runs, default=0)
            case "burst":
                return max((sum(0 <= self.time[k] - self.time[j] < ask.span for k in rows if k >= j) for j in rows),
                           default=0)  # fmt: skip
            case "periodicity":
                gaps = [self.time[b] - self.time[a] for a, b in pairwise(rows)]
                if len(gaps) < 2:
                    return NAN
                middle = statistics.median(gaps)
                return sum(abs(gap - middle) * 10 <= middle for gap in gaps) / len(gaps)
            case "next_event":
                starts = [j for j in window if meets(ask.after, j)]
                days = [(min(self.time[k] for k in rows if k > j) - self.time[j]) / DAY
                        for j in starts if any(k > j for k in rows)]  # fmt: skip
                return statistics.fmean(days) if days else NAN
            case _:
                return self.passed_on(ask, [j for j in window if meets(ask.after, j)], rows, value)

    def passed_on(self, ask: Ask, starts: list[int], ends: list[int], value: Any) -> float:
        total = passed = 0.0
        used: set[int] = set()
        for j in starts:
            x = value(j)
            if not x > 0:
                continue
            total += x
            fits = [
                k
                for k in ends
                if k > j
                and k not in used
                and self.time[k] < self.time[j] + ask.span
                and abs(value(k) - x) <= (ask.parameter + 1e-9) * x
            ]
            if fits:
                used.add(fits[0])
                passed += x
        return passed / total if total > 0 else NAN


# Few different values and times, so that ties are common. All are exact in binary, as are their sums.
NUMBERS = st.sampled_from([0.0, 1.0, 1.0, 1.0625, 2.0, 2.0, -2.5, 3.25, 64.0, 60.0, NAN, math.inf, -math.inf])


@st.composite
def cases(draw: st.DrawFn) -> Case:
    n = draw(st.integers(0, 24))

    def some(what: st.SearchStrategy[Any]) -> list[Any]:
        return draw(st.lists(what, min_size=n, max_size=n))

    gaps = some(st.sampled_from([0, 0, 1, 12 * HOUR, DAY, DAY, 27 * HOUR, 2 * DAY]))
    window = st.tuples(st.integers(0, n), st.integers(0, n))
    windows = st.tuples(st.just((0, n)), window)
    return Case(
        time=[int(t) for t in np.cumsum(gaps)],
        numbers=some(st.tuples(NUMBERS, NUMBERS)),
        codes=some(st.integers(-1, 3)),
        masks=some(st.tuples(st.booleans(), st.booleans())),
        windows=[list(one) for one in draw(st.lists(windows, min_size=1, max_size=3))],
    )


def big_case(n: int = 3000, observations: int = 120) -> Case:
    rng = np.random.default_rng(3)
    begins = rng.integers(0, n - 400, (observations, 2))
    stops = begins + rng.integers(0, 400, (observations, 2))
    return Case(
        time=[int(t) for t in np.sort(rng.integers(0, 2000, n)) * HOUR],
        numbers=[(a, b) for a, b in rng.lognormal(size=(n, 2)).round(2) - 0.5],
        codes=[int(c) for c in rng.integers(-1, 30, n)],
        masks=[(a, b) for a, b in rng.random((n, 2)) < 0.4],
        windows=[list(zip(a, b, strict=True)) for a, b in zip(begins.tolist(), stops.tolist(), strict=True)],
    )


@settings(max_examples=100, deadline=None)
@given(case=cases())
def test_every_statistic_agrees_with_the_oracle(case: Case) -> None:
    np.testing.assert_allclose(case.compute(), case.expected(), rtol=1e-12, atol=1e-12)


def test_long_windows_agree_with_the_oracle() -> None:
    case = big_case(1500, 3)
    assert {ask.stat for ask in case.asks} == set(STATS)
    np.testing.assert_allclose(case.compute(), case.expected(), rtol=1e-9, atol=1e-9)
    shares = [row for ask, row in zip(case.asks, case.compute(), strict=True) if ask.stat == "matched"]
    assert np.ptp(shares) > 0.3


def test_an_ask_alone_and_an_observation_alone_give_the_same_bits() -> None:
    case = big_case()
    together = case.compute()
    for r in range(0, len(case.asks), 5):
        assert case.compute(asks=[case.asks[r]])[0].tobytes() == together[r].tobytes()
    for i in range(0, len(case.windows), 30):
        alone = dataclasses.replace(case, windows=[case.windows[i]]).compute()
        assert alone[:, 0].tobytes() == np.ascontiguousarray(together[:, i]).tobytes()
    backwards = case.compute(asks=case.asks[::-1])[::-1]
    assert np.ascontiguousarray(backwards).tobytes() == together.tobytes()


def test_threads_change_no_bit() -> None:
    case = big_case()
    one = case.compute(n_threads=1).tobytes()
    assert one == case.compute(n_threads=2).tobytes() == case.compute(n_threads=3).tobytes()
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: case.compute(), range(2))
    assert first.tobytes() == second.tobytes() == one


def test_what_a_code_is_touches_no_bit_of_the_entropy() -> None:
    case = big_case()
    asks = [ask for ask in case.asks if ask.stat == "entropy" and ask.value == 2]
    shuffled = [*np.random.default_rng(1).permutation(30).tolist(), -1]
    renamed = dataclasses.replace(case, codes=[shuffled[code] for code in case.codes])
    assert case.compute(asks=asks).tobytes() == renamed.compute(asks=asks).tobytes()


def one(values: list[float], *asks: Ask, times: Any = None, **masks: list[int]) -> list[float]:
    """All rows in one window; times in days, conditions as 0 and 1."""
    n = len(values)
    times = np.arange(n) if times is None else np.asarray(times)
    result = sequences(
        begins=np.array([[0]]), stop=np.array([[n]]), time=(times * DAY).astype(np.int64),
        values=[np.array(values)], masks=[np.array(mask, bool) for mask in masks.values()], asks=asks,
    )  # fmt: skip
    return result[:, 0].tolist()


def test_no_rows_no_values() -> None:
    case = dataclasses.replace(big_case(20 + 400, 1), windows=[[(3, 3), (5, 2)]])
    wanted = [0.0 if ask.stat in ("longest_streak", "burst") else NAN for ask in case.asks]
    np.testing.assert_array_equal(case.compute()[:, 0], wanted)
    nothing = sequences(begins=np.array([[0]]), stop=np.array([[0]]), values=[np.empty(0)], asks=[Ask("median", 0)])
    assert np.isnan(nothing[0, 0])


def test_monthly_payments_are_periodic() -> None:
    times = np.arange("2024-01", "2024-07", dtype="M8[M]").astype("M8[us]")
    result = sequences(begins=np.array([[0]]), stop=np.array([[6]]), time=times, asks=[Ask("periodicity")])
    assert result[0, 0] == 1.0
    # a tenth to the microsecond still counts: gaps of 10, 11, 9 and 11.5 days
    assert one([1.0] * 6, Ask("periodicity"), times=[0, 10, 20, 31, 40, 51.5]) == [0.8]


def test_an_amount_is_passed_on_once_and_by_later_rows_alone() -> None:
    ask = Ask("matched", 0, where=1, after=0, parameter=0.1, span=2 * DAY)
    coming, going = [1, 0, 1, 0, 0], [0, 1, 0, 0, 1]
    # 100 in, 95 out; 50 in, too long after it 50 out
    assert one([100.0, 95, 50, 0, 50], ask, coming=coming, going=going) == [pytest.approx(100 / 150)]
    # two equal amounts in, one out
    assert one([10.0, 10, 9], ask, coming=[1, 1, 0], going=[0, 0, 1], times=[0, 0, 1]) == [0.5]
    # out before in, at the same time
    assert one([10.0, 10], ask, coming=[0, 1], going=[1, 0], times=[0, 0]) == [0.0]
    # a tenth more, where rounding would say more than that; amounts below 0 do not count
    assert one([1.0, 1.1, -5], ask, coming=[1, 0, 1], going=[0, 1, 0]) == [1.0]
    assert np.isnan(one([-1.0, -1], ask, coming=[1, 0], going=[0, 1])[0])


def test_totals_that_cancel_have_no_shares() -> None:
    ask = Ask("share_of", 0, where=0)
    assert np.isnan(one([0.1, 0.2, -0.3], ask, where=[1, 0, 0])[0])
    assert one([0.1, 0.2, -0.2], ask, where=[1, 0, 0])[0] == pytest.approx(1.0)
    assert one([1e9, -1e9, 0.25], ask, where=[0, 0, 1]) == [1.0]


def test_slopes_far_from_zero_and_of_equal_values() -> None:
    n = 4000
    x = 1e9 + np.arange(n) * 0.5
    y = 7e8 - 3 * np.arange(n)
    result = sequences(
        begins=np.array([[0]]), stop=np.array([[n]]), values=[y, x, np.full(n, 0.1)],
        asks=[Ask("slope", 0, 1), Ask("slope", 0, 2)],
    )  # fmt: skip
    assert result[0, 0] == pytest.approx(-6, rel=1e-12)
    assert np.isnan(result[1, 0])


@pytest.mark.parametrize("order", ["up", "down", "random", "equal", "organ"])
@pytest.mark.parametrize("n", [1, 2, 15, 16, 17, 33, 1000])
def test_all_orders_are_sorted(order: str, n: int) -> None:
    up = np.arange(n, dtype=float)
    values = {
        "up": up,
        "down": up[::-1],
        "random": np.random.default_rng(n).normal(size=n),
        "equal": np.ones(n),
        "organ": np.minimum(up, n - up),
    }[order]
    shares = np.linspace(0, 1, 23)
    got = one(values.tolist(), *[Ask("quantile", 0, parameter=q) for q in shares])
    np.testing.assert_allclose(got, np.quantile(values, shares), rtol=1e-12, atol=1e-12)


def test_output_may_be_float32_or_a_slice_of_something_larger() -> None:
    case = big_case(observations=9)
    exact = case.compute()
    np.testing.assert_array_equal(case.compute(dtype=np.float32), exact.astype(np.float32))
    wide = np.zeros((9, len(case.asks) + 2))
    case.compute(out=wide.T[1:-1])
    np.testing.assert_array_equal(wide[:, 1:-1].T, exact)
    assert not wide[:, [0, -1]].any()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"asks": [Ask("medain", 0)]}, 'No statistic "medain"'),
        ({"asks": [Ask("median")]}, '"median" takes a value'),
        ({"asks": [Ask("burst", 0, span=1)]}, '"burst" takes rows'),
        ({"asks": [Ask("median", 2)]}, "There is no value 2"),
        ({"asks": [Ask("median", 0, where=1)]}, "There is no where 1"),
        ({"asks": [Ask("median", 0, window=1)]}, "There is no window 1"),
        ({"asks": [Ask("median", 1)]}, "takes numbers, not codes"),
        ({"asks": [Ask("slope", 0)]}, '"slope" needs second'),
        ({"asks": [Ask("burst")]}, '"burst" needs span'),
        ({"asks": [Ask("share_of", 0)]}, '"share_of" needs where'),
        ({"asks": [Ask("next_event", where=0)]}, '"next_event" needs after'),
        ({"asks": [Ask("quantile", 0)]}, '"quantile" needs a parameter'),
        ({"asks": [Ask("quantile", 0, parameter=90)]}, "0 to 1"),
        ({"asks": [Ask("periodicity")], "time": None}, '"periodicity" looks at times'),
        ({"masks": [np.zeros(2, bool)]}, "differ in length"),
        ({"stop": np.array([[4]])}, "beyond the rows"),
        ({"begins": np.array([[0, 0]])}, "Windows do not fit"),
        ({"out": np.empty((3, 1))}, "The output array does not fit"),
    ],
)
def test_what_does_not_fit_is_said(change: dict[str, Any], message: str) -> None:
    arguments: dict[str, Any] = {
        "begins": np.array([[0]]),
        "stop": np.array([[3]]),
        "time": np.arange(3),
        "values": [np.zeros(3), np.zeros(3, np.int32)],
        "masks": [np.zeros(3, bool)],
        "asks": [Ask("median", 0)],
    }
    with pytest.raises(FeaturesError) as caught:
        sequences(**(arguments | change))
    assert message in str(caught.value)
