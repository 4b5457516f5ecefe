from __future__ import annotations

import json

import numpy as np
import pytest

from tael.errors import MarketError
from tael.markets.tracking import DecayAlarm


def following(random: np.random.Generator, n: int, rho: float) -> np.ndarray:
    """A series that follows itself, of variance 1."""
    x = random.normal(size=n)
    for t in range(1, n):
        x[t] = rho * x[t - 1] + np.sqrt(1 - rho**2) * x[t]
    return x


def test_false_alarms_are_as_rare_as_stated() -> None:
    random = np.random.default_rng(0)
    alarm = DecayAlarm(run_length=200, allowance=0.25).fit(0.04 + 0.1 * random.normal(size=3000))
    rung = 0
    for _ in range(150):
        alarm._seen = []
        rung += alarm.update(0.04 + 0.1 * random.normal(size=100)).alarm
    # within half of the run length, roughly 1 - exp(-1/2) of them ring
    assert 0.2 < rung / 150 < 0.5


def test_a_series_that_follows_itself_gets_a_higher_threshold() -> None:
    x = following(np.random.default_rng(1), 2000, 0.5)
    resampled, normal = DecayAlarm(run_length=250).fit(x), DecayAlarm(run_length=250, calibrate="normal").fit(x)
    assert resampled.threshold_ > 1.3 * normal.threshold_
    assert resampled.block_ > 2


def test_a_signal_that_dies_rings_and_says_since_when() -> None:
    random = np.random.default_rng(2)
    alarm = DecayAlarm(run_length=500).fit(0.05 + 0.1 * random.normal(size=1000))
    state = alarm.update(0.05 + 0.1 * random.normal(size=100))
    assert not state.alarm
    assert state.since is None
    assert state.probability > 0.05
    state = alarm.update(-0.03 + 0.1 * random.normal(size=200))
    assert state.alarm
    assert state.since is not None
    assert 80 <= state.since <= 140
    assert state.probability < 0.01
    assert state.message.startswith("Decay: ")
    assert "train again" in state.message
    assert alarm.update(1.0).alarm, "an alarm stays until somebody has looked"
    assert not alarm.fit(0.05 + 0.1 * random.normal(size=1000)).update(0.05).alarm


def test_the_probability_is_fair() -> None:
    random = np.random.default_rng(3)
    found = []
    for _ in range(60):
        x = 0.02 + following(random, 300, 0.3)
        found.append(DecayAlarm(run_length=50, calibrate="normal").fit(x[:250]).update(x[250:]).probability)
    found = np.array(found)
    assert 0.35 < found.mean() < 0.65
    assert np.mean(found < 0.05) < 0.15


def test_it_goes_on_from_a_file() -> None:
    random = np.random.default_rng(4)
    live = random.normal(size=40)
    whole = DecayAlarm(run_length=100).fit(random.normal(size=100))
    part = DecayAlarm.from_dict(json.loads(json.dumps(whole.to_dict())))
    for value in live:
        state = part.update(float(value))
        part = DecayAlarm.from_dict(json.loads(json.dumps(part.to_dict())))
    assert state == whole.update(live)


def test_the_future_changes_nothing() -> None:
    random = np.random.default_rng(5)
    one, two = (DecayAlarm(run_length=100, seed=1).fit(np.arange(100) % 7) for _ in range(2))
    live = random.normal(size=20)
    assert one.update(live) == two.update(live)
    two.update(random.normal(size=20))
    assert DecayAlarm.from_dict({**two.to_dict(), "live": live.tolist()})._where() == one._where()


def test_missing_days_are_left_out() -> None:
    alarm = DecayAlarm(run_length=50, calibrate="normal").fit([np.nan, *np.random.default_rng(6).normal(size=80)])
    assert alarm.update([0.1, np.nan, 0.2]).observations == 2


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: DecayAlarm().update(0.1), "has not learned"),
        (lambda: DecayAlarm().fit(np.arange(10.0)), "too few observations of the backtest"),
        (lambda: DecayAlarm().fit(np.ones(100)), "do not vary"),
        (lambda: DecayAlarm(calibrate="guess").fit(np.arange(100)), "No such calibration"),
        (lambda: DecayAlarm(run_length=1).fit(np.arange(100)), "make no sense"),
        (lambda: DecayAlarm(run_length=50).fit(np.arange(100) % 5).update([]), "Nothing was observed"),
        (lambda: DecayAlarm(run_length=50).fit(np.arange(100) % 5).update([np.inf]), "no series of numbers"),
    ],
)
def test_faults(make: object, said: str) -> None:
    with pytest.raises(MarketError, match=said):
        make()
