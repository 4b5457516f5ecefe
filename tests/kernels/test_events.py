from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tael.errors import FeaturesError
from tael.kernels.events import STATS, Partition, Request, Value, aggregate

DAY = 86_400_000_000
CALM = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])


def one_window(
    values: Any, requests: list[Request], times: Any = None, n_codes: int = 0, **options: Any
) -> list[float]:
    """All rows of one entity in one window; times in days."""
    values = np.asarray(values)
    times = np.arange(values.size) * DAY if times is None else (np.asarray(times) * DAY).astype(np.int64)
    end = np.array([values.size])
    return aggregate(
        begins=np.zeros((1, 1), np.int64), stop=end, cutoff=np.array([int(times.max()) + DAY]), time=times,
        values=[Value(values, n_codes=n_codes)], requests=requests, **options,
    )[:, 0].tolist()  # fmt: skip


@pytest.mark.parametrize("forward", [False, True])
def test_every_statistic_agrees_with_the_oracle(cases: Any, oracle: Any, forward: bool) -> None:
    @CALM
    @given(case=cases)
    def agrees(case: Any) -> None:
        np.testing.assert_allclose(case.compute(forward), oracle(case, forward), rtol=1e-9, atol=1e-9)

    agrees()


def test_the_oracle_is_asked_for_every_statistic(big_case: Any, oracle: Any) -> None:
    assert {r.stat for r in big_case.requests} == set(STATS)
    case = dataclasses.replace(big_case, observations=big_case.observations[:4])
    np.testing.assert_allclose(case.compute(), oracle(case), rtol=1e-9, atol=1e-9)


def test_one_observation_alone_or_many_give_the_same_bits(big_case: Any) -> None:
    together = big_case.compute()
    for i in range(0, len(big_case.observations), 7):
        alone = dataclasses.replace(big_case, observations=[big_case.observations[i]]).compute()
        assert alone[:, 0].tobytes() == np.ascontiguousarray(together[:, i]).tobytes()


def test_a_request_alone_or_among_others_gives_the_same_bits(big_case: Any) -> None:
    together = big_case.compute()
    for r in range(0, len(big_case.requests), 5):
        assert big_case.compute(requests=[big_case.requests[r]])[0].tobytes() == together[r].tobytes()


def test_a_plain_condition_and_a_slot_of_many_give_the_same_bits(big_case: Any) -> None:
    plain = []
    for row in big_case.rows:
        now, known, before = row.slots[1]
        as_flag = (0 if now == 2 else -1, known, 0 if before == 2 else -1)
        plain.append(dataclasses.replace(row, slots=(as_flag, row.slots[1])))
    case = dataclasses.replace(big_case, rows=plain)
    requests = [r for r in case.requests if (r.partition, r.slot) == (1, 2)]
    as_condition = [dataclasses.replace(r, partition=0, slot=0) for r in requests]
    assert case.compute(requests=requests).tobytes() == case.compute(requests=as_condition).tobytes()


def test_threads_change_no_bit(big_case: Any) -> None:
    observations = big_case.observations * 8  # enough work for several chunks
    case = dataclasses.replace(big_case, observations=observations)
    assert case.compute(n_threads=1).tobytes() == case.compute(n_threads=2).tobytes()
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: case.compute(), range(2))
    assert first.tobytes() == second.tobytes() == case.compute(n_threads=3).tobytes()


def test_the_future_changes_nothing(cases: Any) -> None:
    """Truncated, poisoned, or arriving late: what is not known before the cutoff leaves no trace."""

    @CALM
    @given(case=cases, data=st.data())
    def holds(case: Any, data: Any) -> None:
        case = dataclasses.replace(case, late=True)
        entity = data.draw(st.sampled_from([0, 0, 1]))
        cutoff = data.draw(st.integers(0, 6)) * DAY // 2
        case = dataclasses.replace(case, observations=[(entity, cutoff)])

        def past(at: int | None) -> bool:
            return at is None or np.iinfo(np.int64).min < at < cutoff

        seen = [r for r in case.rows if r.time < cutoff and past(r.known)]
        poisoned = []
        for r in case.rows:
            if r.time < cutoff and past(r.known):
                poison = [0 if n else 1e6 for n in case.n_codes]
                values = tuple(v if past(v[1]) else (x, *v[1:]) for v, x in zip(r.values, poison, strict=True))
                slots = tuple(s if past(s[1]) else (0, *s[1:]) for s in r.slots)
            else:
                values = ((1e6, None, 1e6), (1e6, None, 1e6), (0, None, 0))
                slots = ((0, None, 0), (0, None, 0))
            poisoned.append(dataclasses.replace(r, values=values, slots=slots))
        bits = case.compute().tobytes()
        assert dataclasses.replace(case, rows=seen).compute().tobytes() == bits
        assert dataclasses.replace(case, rows=poisoned).compute().tobytes() == bits

    holds()


@pytest.mark.parametrize(("known", "seen"), [(4, True), (5, False), (6, False), (np.iinfo(np.int64).min, False)])
@pytest.mark.parametrize("n_codes", [0, 3])
@pytest.mark.parametrize("before", [False, True])
def test_what_becomes_known_at_the_cutoff_is_not_known_yet(known: int, seen: bool, n_codes: int, before: bool) -> None:
    """Strictly before, for rows, values and conditions alike; with ``before``, the old state holds until then."""
    at, kind = np.array([known]), np.int32 if n_codes else np.float64
    plain = Value(np.array([2], kind), n_codes=n_codes)
    late = Value(np.array([2], kind), at, n_codes, np.array([1], kind) if before else None)
    flag = Partition(np.array([0], np.int8), 2, at, np.array([1], np.int8) if before else None)
    stats = ("last", "mode") if n_codes else ("last", "mean", "min")

    def result(value: Value, request: Request, rows_known: Any = None) -> float:
        return aggregate(
            begins=np.array([[0]]),
            stop=np.array([1]),
            cutoff=np.array([5]),
            time=np.array([1]),
            known=rows_known,
            values=[value],
            partitions=[flag],
            requests=[request],
        )[0, 0]

    for stat in stats:
        np.testing.assert_equal(result(late, Request(stat, 0)), 2.0 if seen else 1.0 if before else np.nan)
        np.testing.assert_equal(result(plain, Request(stat, 0), at), 2.0 if seen else np.nan)
    assert result(late, Request("count", 0)) == float(seen or before)
    assert result(plain, Request("count"), at) == float(seen)
    assert result(plain, Request("count", partition=0, slot=0)) == float(seen)
    assert result(plain, Request("count", partition=0, slot=1)) == float(not seen and before)


def test_spread_far_from_zero_keeps_its_digits() -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(size=5000)
    x = 1e9 + noise
    exact = np.std(x - 1e9, ddof=1)
    std, slope = one_window(x, [Request("std", 0), Request("trend", 0)])
    assert std == pytest.approx(exact, rel=1e-12)
    assert slope == pytest.approx(np.polyfit(np.arange(5000.0) - 2500, x - 1e9, 1)[0], rel=1e-9)
    with_outlier = np.append(noise, 1e6)
    assert one_window(with_outlier, [Request("std", 0)])[0] == pytest.approx(np.std(with_outlier, ddof=1), rel=1e-10)


def test_constants_have_no_spread_and_no_slope() -> None:
    assert one_window(np.full(7, 0.1), [Request("std", 0), Request("trend", 0)]) == [0.0, 0.0]


def test_equal_times_have_no_slope() -> None:
    assert np.isnan(one_window(np.array([1.0, 2.0]), [Request("trend", 0)], times=[3, 3])[0])


@pytest.mark.parametrize(
    ("codes", "mode"), [([1, 1, 0, 0], 0), ([0, 1, 0, 1, 2], 1), ([2, -1, -1], 2), ([3, 0, 0, 3, 1], 3)]
)
def test_the_mode_is_the_one_seen_last_among_equals(codes: list[int], mode: int) -> None:
    assert one_window(np.array(codes, np.int32), [Request("mode", 0)], n_codes=4) == [mode]


def test_many_categories_are_counted_exactly() -> None:
    codes = np.random.default_rng(1).integers(0, 50_000, 20_000).astype(np.int32)
    counts = np.bincount(codes)
    distinct, mode = one_window(codes, [Request("n_unique", 0), Request("mode", 0)], n_codes=50_000)
    assert distinct == (counts > 0).sum()
    assert counts[int(mode)] == counts.max()


def test_empty_windows(big_case: Any) -> None:
    case = dataclasses.replace(big_case, observations=[(3, 10 * DAY), (-1, 10 * DAY), (0, -10 * DAY)])
    result = case.compute()
    for request, row in zip(case.requests, result, strict=True):
        wanted = 0.0 if request.stat in ("count", "sum", "n_unique") else np.nan
        np.testing.assert_array_equal(row, np.full(3, wanted))


def test_which_window_is_longer_may_differ_between_observations() -> None:
    result = aggregate(
        begins=np.array([[0, 2], [1, 0]]),
        stop=np.array([3, 3]),
        cutoff=np.array([9, 9]),
        time=np.arange(3),
        values=[Value(np.array([1.0, 10.0, 100.0]))],
        requests=[Request("sum", 0, window=0), Request("sum", 0, window=1)],
    )
    np.testing.assert_array_equal(result, [[111, 100], [110, 111]])


def test_output_may_be_float32_or_a_slice_of_something_larger(big_case: Any) -> None:
    exact = big_case.compute()
    np.testing.assert_array_equal(big_case.compute(dtype=np.float32), exact.astype(np.float32))
    wide = np.zeros((len(big_case.observations), len(big_case.requests) + 2))
    returned = big_case.compute(out=wide.T[1:-1])
    np.testing.assert_array_equal(wide[:, 1:-1].T, exact)
    assert returned.base is not None
    assert not wide[:, [0, -1]].any()


def test_inputs_may_be_read_only_strided_or_datetimes() -> None:
    times = np.array(["2024-01-01", "2024-01-03", "2024-01-09"], "datetime64[D]")
    numbers = np.arange(6.0)[::2]
    numbers.flags.writeable = False
    result = aggregate(
        begins=np.array([[0]]),
        stop=np.array([3]),
        cutoff=np.array(["2024-01-10"], "datetime64[D]"),
        time=times,
        known=times,
        values=[Value(numbers)],
        requests=[Request("sum", 0), Request("days_since_first"), Request("gap_mean")],
    )
    assert result[:, 0].tolist() == [6.0, 9.0, 4.0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"requests": [Request("average", 0)]}, 'No statistic "average"'),
        ({"requests": [Request("sum", 1)]}, "There is no value 1"),
        ({"requests": [Request("sum")]}, '"sum" does not take rows'),
        ({"requests": [Request("mode", 0)]}, '"mode" does not take numbers'),
        ({"requests": [Request("count", window=1)]}, "There is no window 1"),
        ({"requests": [Request("count", partition=0, slot=2)]}, "There is no slot 2"),
        ({"requests": [Request("count", slot=1)]}, "There is no slot 1"),
        ({"values": [Value(np.zeros(2))]}, "length of values[0]"),
        ({"partitions": [Partition(np.array([0, 5, 1], np.int8), 2)]}, "A code in partitions[0] is too high"),
        ({"known": np.zeros(4, np.int64)}, "length of a known-at column"),
        ({"stop": np.array([4])}, "A window reaches beyond the rows"),
        ({"begins": np.array([[0, 0]])}, "Windows do not fit the observations"),
        ({"out": np.empty((3, 1))}, "The output array does not fit"),
    ],
)
def test_what_does_not_fit_is_said(change: dict[str, Any], message: str) -> None:
    arguments: dict[str, Any] = {
        "begins": np.array([[0]]),
        "stop": np.array([3]),
        "cutoff": np.array([9]),
        "time": np.arange(3),
        "values": [Value(np.zeros(3))],
        "partitions": [Partition(np.array([0, 1, -1], np.int8), 2)],
        "requests": [Request("sum", 0), Request("count", partition=0)],
    }
    with pytest.raises(FeaturesError) as caught:
        aggregate(**(arguments | change))
    assert message in str(caught.value)
