"""The search as a whole: what is planted is found, in noise there is nothing, budgets hold, faults are told."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

from tael.errors import FormulaError, MarketError
from tael.kernels.panel import ic, rank
from tael.markets.mining import Mined
from tael.markets.mining import mine as mine_on
from tael.panels import compute

PLANTED = "-ts_corr(open, volume, 10)"
mine = partial(mine_on, n_threads=1)


def alike(panel: Any, found: Mined, formula: str) -> float:
    """The best mean rank correlation of a factor with a formula."""
    its = rank(compute(panel, [formula])[0], panel.members)
    values = compute(panel, [text for _, text in found.factors]) if found.factors else []
    return max((float(np.nanmean(ic(rank(one, panel.members), its))) for one in values), default=0.0)


@pytest.fixture(scope="module")
def planted(market: Any) -> tuple[Any, np.ndarray, Mined]:
    panel, outcome = market(1, 320, 50, strength=0.3, formula=PLANTED)
    return panel, outcome, mine(panel, outcome, candidates=200, keep=5, seed=1)


def test_what_is_planted_is_found_with_its_sign(planted: Any) -> None:
    panel, _, found = planted
    assert alike(panel, found, PLANTED) > 0.8
    assert found.kept <= 2


def test_the_figures_say_what_was_asked_for(planted: Any) -> None:
    _, _, found = planted
    told = found.to_dict()
    assert told["tried"] == found.tried == len(found.ledger) <= 200
    assert told["kept"] == found.kept == len(told["factors"])
    assert told["threshold"] >= 3.0
    assert told["chance"] < told["threshold"]
    assert sum(told["fates"].values()) == found.tried
    for row, (name, formula) in zip(told["factors"], found.factors, strict=True):
        assert (row["name"], row["formula"]) == (name, formula)
        assert min(row["t"], row["gain_t"]) >= found.threshold
        assert row["blocks"] >= 4
        assert 0 <= row["turnover"] <= 1.2
        assert row["novelty"] > 0.3 - 1e-9


def test_the_ledger_holds_everything_that_was_tried_once(planted: Any) -> None:
    _, _, found = planted
    ledger = found.ledger
    assert ledger["formula"].n_unique() == len(ledger)
    assert (ledger["why"] == "kept").sum() == found.kept
    assert set(ledger["generation"].unique()) >= {0, 1}
    same = ledger.filter(ledger["why"].is_in(["the same factor", "nearly the same as a better one", "says the same"]))
    assert set(same["because_of"]) <= set(ledger["formula"])


def test_the_same_seed_finds_the_same(planted: Any) -> None:
    panel, outcome, found = planted
    again = mine(panel, outcome, candidates=200, keep=5, seed=1)
    assert again.factors == found.factors
    assert again.ledger.equals(found.ledger, null_equal=True)


def test_what_is_held_is_not_found_again(planted: Any) -> None:
    panel, outcome, _ = planted
    found = mine(panel, outcome, candidates=200, keep=5, seed=1, held=[PLANTED, "close"])
    assert alike(panel, found, PLANTED) < 0.7
    assert "says the same as one held" in found.to_dict()["fates"]


@pytest.mark.parametrize("seed", range(3))
def test_in_noise_nothing_is_kept(market: Any, seed: int) -> None:
    panel, outcome = market(seed, 250, 30)
    assert mine(panel, outcome, candidates=150, seed=seed).factors == []


def test_an_outcome_that_is_shuffled_within_bars_says_nothing(planted: Any) -> None:
    panel, outcome, _ = planted
    shuffled = np.random.default_rng(0).permuted(outcome, axis=1)
    assert mine(panel, shuffled, candidates=120).factors == []


def test_a_large_panel_is_screened_on_some_bars_and_entities(market: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from tael.markets.mining import mined

    monkeypatch.setattr(mined, "SCREENED_BARS", 200)
    monkeypatch.setattr(mined, "SCREENED_ENTITIES", 50)
    panel, outcome = market(2, 420, 90, strength=0.3, formula=PLANTED)
    found = mine(panel, outcome, candidates=150, keep=5)
    assert alike(panel, found, PLANTED) > 0.8


def test_float32_panels_are_searched(market: Any) -> None:
    panel, outcome = market(1, 250, 30, strength=0.5, formula=PLANTED, dtype=np.float32)
    assert alike(panel, mine(panel, outcome.astype(np.float32), candidates=120), PLANTED) > 0.7


def test_ctrl_c_ends_the_search_and_what_was_tried_is_judged(planted: Any) -> None:
    panel, outcome, _ = planted
    calls = []

    def tell(text: str, share: float) -> None:
        calls.append((text, share))
        if share > 0.5 and len(calls) < 100:
            calls.extend([("", 0.0)] * 100)
            raise KeyboardInterrupt

    found = mine(panel, outcome, candidates=200, tell=tell)
    assert found.interrupted
    assert 0 < found.tried < 200
    assert alike(panel, found, PLANTED) > 0.7


def test_progress_rises_and_says_what_is_going_on(planted: Any) -> None:
    panel, outcome, _ = planted
    told: list[tuple[str, float]] = []
    mine(panel, outcome, candidates=120, tell=lambda text, share: told.append((text, share)))
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert shares[0] > 0
    assert shares[-1] <= 1
    assert "of 120 formulas tried; best so far" in told[0][0]


def test_a_budget_of_time_ends_the_search(planted: Any) -> None:
    panel, outcome, _ = planted
    found = mine(panel, outcome, candidates=200, time=0.001)
    assert 0 < found.tried < 100
    assert mine(panel.window(0, 100), outcome[:100], candidates=20, time="10min").tried > 10


def test_later_bars_are_out_of_reach(planted: Any) -> None:
    panel, outcome, _ = planted
    other = outcome.copy()
    other[150:] = 1e6 * np.random.default_rng(0).normal(size=other[150:].shape)
    one, two = (mine(panel.window(0, 150), values[:150], candidates=60) for values in (outcome, other))
    assert one.ledger.equals(two.ledger, null_equal=True)


def test_faults_are_told(planted: Any) -> None:
    panel, outcome, _ = planted
    with pytest.raises(MarketError, match="does not fit the panel"):
        mine(panel, outcome[1:])
    with pytest.raises(MarketError, match="too few bars"):
        mine(panel.window(0, 50), outcome[:50])
    with pytest.raises(MarketError, match="tries and keeps something"):
        mine(panel, outcome, candidates=0)
    with pytest.raises(FormulaError, match="no such field"):
        mine(panel, outcome, held=["nothing"])


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_alphas_of_a_simulated_market_are_found_and_nothing_else(seed: int) -> None:
    from tael.datasets import simulate_market
    from tael.markets.reading import stock_bars

    made = simulate_market(200, 600, seed=seed)
    frame = made.frames["bars"].join(made.frames["stocks"].select("code", "sector"), on="code", how="left")
    panel = stock_bars(frame, columns={}, fields=["turn"], groups=["sector"]).panel()
    outcome = compute(panel, ["close[+2] / close[+1] - 1"], label=True)[0]
    found = mine(panel, outcome, candidates=1200, seed=seed)
    for formula in made.truth.frame["formula"].to_list()[:2]:
        assert alike(panel, found, formula) > 0.8
    assert found.kept <= 4


@pytest.mark.slow
def test_in_a_simulated_market_without_alphas_nothing_is_kept() -> None:
    from tael.datasets import simulate_market
    from tael.markets.reading import stock_bars

    made = simulate_market(200, 600, seed=2, alphas=[])
    panel = stock_bars(made.frames["bars"], columns={}, fields=["turn"]).panel()
    outcome = compute(panel, ["close[+2] / close[+1] - 1"], label=True)[0]
    assert mine(panel, outcome, candidates=1200).factors == []
