from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tael.errors import MarketError
from tael.markets import Bars
from tael.markets.futures import continuous, roll, targets_on_contracts

Make = Callable[..., Bars]
RULES = ("open_interest", "volume", "days_before_expiry")
common = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def plain_roll(bars: Bars, rule: str, days: int) -> tuple[np.ndarray, np.ndarray]:
    """The decision after each bar, one contract at a time: main and following, by name."""
    products = sorted(set(bars.product.tolist()))
    t, p = len(bars), len(products)
    main, second = np.full((t, p), "", dtype=object), np.full((t, p), "", dtype=object)
    size = bars.volume if rule == "volume" else bars.fields["open_interest"]
    for j, product in enumerate(products):
        held: int | None = None
        for i in range(t):
            today = bars.times[i].astype("M8[D]")

            def worth(n: int, i: int = i) -> float:
                return -float(bars.expiry[n].astype(int)) if rule == "days_before_expiry" else float(size[i, n])

            may = [
                n
                for n in range(len(bars.entities))
                if bars.product[n] == product
                and bars.listed[i, n]
                and np.isfinite(bars.settle[: i + 1, n]).any()
                and (bars.expiry[n] - today).astype(int) > days
                and (rule == "days_before_expiry" or worth(n) > 0)
            ]
            may.sort(key=lambda n: (-worth(n), bars.expiry[n]))
            if may and (held is None or bars.expiry[may[0]] > bars.expiry[held]):
                held = may[0]
            if held is not None and bars.expiry[held] > today:
                main[i, j] = bars.entities[held]
                later = [n for n in may if bars.expiry[n] > bars.expiry[held]]
                second[i, j] = bars.entities[later[0]] if later else ""
    return main, second


def named(codes: np.ndarray, bars: Bars) -> np.ndarray:
    return np.array([*bars.entities, ""], dtype=object)[codes]


@given(seed=st.integers(0, 10_000), rule=st.sampled_from(RULES), days=st.integers(0, 20))
@common
def test_roll_against_a_plain_walk(chains: Make, seed: int, rule: str, days: int):
    bars = chains(seed)
    found = roll(bars, rule, days=days)
    main, second = plain_roll(bars, rule, days)
    np.testing.assert_array_equal(named(found.decided, bars), main)
    np.testing.assert_array_equal(named(found.contract[1:], bars), main[:-1])
    np.testing.assert_array_equal(named(found.following[1:], bars), second[:-1])
    assert (found.contract[0] == -1).all()


@given(seed=st.integers(0, 10_000), rule=st.sampled_from(RULES), cut=st.integers(5, 39))
@common
def test_a_day_more_changes_nothing_before(chains: Make, seed: int, rule: str, cut: int):
    bars = chains(seed)
    short = bars.window(0, cut)
    whole, part = roll(bars, rule), roll(short, rule)
    np.testing.assert_array_equal(whole.contract[:cut], part.contract)
    np.testing.assert_array_equal(whole.decided[:cut], part.decided)
    for adjust in ("ratio", "difference", "none"):
        one, two = continuous(bars, whole, adjust), continuous(short, part, adjust)
        assert one.fields.keys() == two.fields.keys()
        for name in one.fields:
            np.testing.assert_array_equal(one.fields[name][:cut], two.fields[name], err_msg=name)


@given(seed=st.integers(0, 10_000), rule=st.sampled_from(RULES))
@common
def test_ratio_series_earns_what_the_contract_in_force_earns(chains: Make, seed: int, rule: str):
    bars = chains(seed)
    # every listed contract deals, so that closes alone count
    filled = np.where(bars.listed, bars.settle - 0.5, np.nan)
    bars = Bars(bars.times, bars.entities, filled, filled, filled, filled, settle=bars.settle, listed=bars.listed,
                volume=bars.volume, product=bars.product, expiry=bars.expiry, fields=bars.fields)  # fmt: skip
    found = roll(bars, rule)
    panel = continuous(bars, found)
    for p in range(len(found.products)):
        for t in range(1, len(bars)):
            n = found.contract[t, p]
            if n < 0 or found.contract[t - 1, p] < 0 or not np.isfinite(bars.close[t - 1 : t + 1, n]).all():
                continue
            earned = bars.close[t, n] / bars.close[t - 1, n] - 1
            series = panel.fields["close"]
            assert series[t, p] / series[t - 1, p] - 1 == pytest.approx(earned, abs=1e-12)
            assert panel.fields["returns"][t, p] == pytest.approx(earned, abs=1e-12)


@given(seed=st.integers(0, 10_000))
@common
def test_carry_by_hand(chains: Make, seed: int):
    bars = chains(seed)
    found = roll(bars)
    panel = continuous(bars, found, "difference")
    for p in range(len(found.products)):
        for t in range(len(bars)):
            near, far = found.contract[t, p], found.following[t, p]
            if near < 0 or far < 0:
                assert np.isnan(panel.fields["carry"][t, p])
                continue
            both = np.isfinite(bars.close[t, [near, far]]).all()
            price = bars.close[t] if both else bars.settle[t]
            apart = (bars.expiry[far] - bars.expiry[near]).astype(int)
            assert apart > 0
            expected = np.log(price[near] / price[far]) * 365 / apart
            np.testing.assert_allclose(panel.fields["carry"][t, p], expected)


@given(seed=st.integers(0, 10_000), share=st.floats(0, 1))
@common
def test_targets_hold_the_last_weight_on_the_decided_contract(chains: Make, seed: int, share: float):
    """What is held after each row: the last weight of each product, on its decided contract alone."""
    bars = chains(seed)
    found = roll(bars, days=3)
    rng = np.random.default_rng(seed)
    weights = np.where(rng.random(found.decided.shape) < share, rng.normal(size=found.decided.shape), np.nan)
    placed = targets_on_contracts(weights, found)
    held = np.zeros(len(bars.entities))
    last = np.zeros(len(found.products))
    for t in range(len(bars)):
        held = np.where(np.isnan(placed[t]), held, placed[t])
        last = np.where(np.isnan(weights[t]), last, weights[t])
        expected = np.zeros(len(bars.entities))
        for p in range(len(found.products)):
            if found.decided[t, p] >= 0:
                expected[found.decided[t, p]] = last[p]
        np.testing.assert_array_equal(held, expected)
        if t and np.isnan(weights[t]).all() and (found.decided[t] == found.decided[t - 1]).all():
            assert np.isnan(placed[t]).all()


def test_every_roll_is_listed(chains: Make):
    bars = chains(3)
    found = roll(bars, days=3)
    trades = found.trades(bars)
    assert len(trades) == found.rolled.sum() > 0
    assert (trades["effective"] > trades["decided"]).all()
    assert (trades["old"] < trades["new"]).all()
    np.testing.assert_allclose(trades["spread"], trades["new_price"] / trades["old_price"] - 1)


def test_faults(chains: Make):
    bars = chains(0)
    with pytest.raises(MarketError, match="no rule 'liquidity'"):
        roll(bars, "liquidity")  # type: ignore[arg-type]
    with pytest.raises(MarketError, match="held beyond its expiry"):
        roll(bars, days=-1)
    bare = Bars(bars.times, bars.entities, bars.close, bars.close, bars.close, bars.close)
    with pytest.raises(MarketError, match=r"do not tell the open interest(.*\n)*.*volume"):
        roll(bare)
    with pytest.raises(MarketError, match="must have a product and an expiry"):
        roll(bare, "days_before_expiry")
    found = roll(bars)
    with pytest.raises(MarketError, match="decided on other bars"):
        continuous(bars.window(1), found)
    with pytest.raises(MarketError, match="no adjustment 'back'"):
        continuous(bars, found, "back")  # type: ignore[arg-type]
    with pytest.raises(MarketError, match=r"do not fit the roll(.*\n)*.*\(40, 2\)"):
        targets_on_contracts(np.zeros((3, 2)), found)
