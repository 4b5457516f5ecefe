"""Simulated laundering: gangs keep their typology, nothing raw gives them away, tables keep their promises."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import average_precision_score

from tael.datasets import SimulatedLaundering, simulate_laundering
from tael.datasets.laundering_typologies import TYPOLOGIES
from tael.errors import TablesError
from tael.tables import read_tables
from tael.tables.contract import check


@pytest.fixture(scope="module")
def bank() -> SimulatedLaundering:
    return simulate_laundering(6_000, 150, seed=3, gangs=45, sizes=(4, 20), missed=0.0)


@pytest.fixture(scope="module")
def moved(bank: SimulatedLaundering) -> pl.DataFrame:
    """The gangs' transfers with the gang and its typology."""
    gangs = bank.truth.gangs.select("gang_id", "typology")
    return bank.truth.transfers.join(bank.frames["transfers"], on="transfer_id").join(gangs, on="gang_id").sort("at")


def test_tables_keep_the_contract(bank: SimulatedLaundering) -> None:
    assert check(bank.tables()) == []


def test_written_tables_read_back(tmp_path: Path) -> None:
    small = simulate_laundering(500, 60, seed=1, gangs=2, sizes=(4, 6))
    tables = read_tables(small.write(tmp_path / "bank"))
    assert len(tables["transfers"]) == len(small.frames["transfers"])
    assert "truth" not in {path.stem for path in (tmp_path / "bank").iterdir()}


def test_equal_seeds_give_equal_frames() -> None:
    first, again = (simulate_laundering(800, 60, seed=5, gangs=4, sizes=(4, 8)) for _ in range(2))
    other = simulate_laundering(800, 60, seed=6, gangs=4, sizes=(4, 8))
    for name, frame in first.frames.items():
        assert frame.equals(again.frames[name]), name
    assert first.truth.frame.equals(again.truth.frame)
    assert not first.frames["transfers"].equals(other.frames["transfers"])


def test_size_is_about_what_was_asked_for() -> None:
    for each in (20, 40, 120):
        bank = simulate_laundering(2_000, 90, gangs=0, transfers_per_account=each)
        assert 0.75 < len(bank.frames["transfers"]) / (2_000 * each) < 1.25


def test_without_gangs_nobody_launders() -> None:
    bank = simulate_laundering(1_000, 60, gangs=0)
    assert not bank.frames["accounts"]["launders"].any()
    assert not bank.frames["transfers"]["laundering"].any()
    assert bank.truth.frame.is_empty()
    assert bank.truth.gangs.is_empty()


def test_truth_agrees_with_the_labels(bank: SimulatedLaundering, moved: pl.DataFrame) -> None:
    accounts, members = bank.frames["accounts"], bank.truth.frame
    assert members["account_id"].is_unique().all()
    assert set(accounts.filter("launders")["account_id"]) == set(members["account_id"])
    assert moved["laundering"].all()
    assert bank.frames["transfers"]["laundering"].sum() == len(moved)
    # Every transfer of a gang touches a member, and every member takes part.
    inside = pl.Series(sorted(members["account_id"]))
    assert (moved["sender"].is_in(inside.implode()) | moved["receiver"].is_in(inside.implode())).all()
    assert set(members["account_id"]) <= set(moved["sender"]) | set(moved["receiver"])
    counted = moved.group_by("gang_id").agg(pl.len().alias("n"), pl.col("at").min(), pl.col("at").max().alias("last"))
    joined = bank.truth.gangs.join(counted, on="gang_id")
    assert (joined["transfers"] == joined["n"]).all()
    assert (joined["start"] == joined["at"]).all()
    assert (joined["end"] == joined["last"]).all()
    assert set(bank.truth.words) == set(TYPOLOGIES)


def test_labels_are_known_late(bank: SimulatedLaundering) -> None:
    transfers = bank.frames["transfers"]
    assert (transfers["judged"] > transfers["known_at"]).all()
    assert (transfers["known_at"] > transfers["at"]).all()
    accounts = bank.frames["accounts"].join(bank.truth.frame, on="account_id")
    first = bank.truth.gangs.select("gang_id", "start")
    assert (accounts.join(first, on="gang_id").select(pl.col("judged") > pl.col("start")).to_series()).all()
    lag = accounts.join(bank.truth.gangs.select("gang_id", "start"), on="gang_id")
    assert lag.select((pl.col("judged") - pl.col("start")).dt.total_days().median()).item() > 14
    end = transfers["at"].max()
    for name, time in (("alerts", "at"), ("dispositions", "decided"), ("reports", "filed"), ("logins", "at")):
        assert bank.frames[name][time].max() <= end + np.timedelta64(1, "D").astype("timedelta64[us]").item(), name
    decided = bank.frames["dispositions"].join(bank.frames["alerts"], on="alert_id")
    assert (decided["decided"] > decided["at"]).all()
    assert (decided["confirmed"] == decided["confirmed_right"]).all()


def test_missed_gangs_are_labelled_clean() -> None:
    bank = simulate_laundering(2_000, 90, gangs=15, sizes=(4, 8), missed=1.0)
    assert len(bank.truth.frame) > 50
    assert not bank.frames["accounts"]["launders"].any()
    assert not bank.truth.gangs["found"].any()
    assert bank.truth.frame["reported"].null_count() > 0.9 * len(bank.truth.frame)


def test_most_alerts_are_false_and_some_are_not(bank: SimulatedLaundering) -> None:
    alerts = bank.frames["alerts"]
    assert alerts["rule"].n_unique() == 7
    assert 0.02 < alerts["confirmed"].mean() < 0.5
    # The rules see some of the members only.
    seen = bank.truth.frame.join(alerts, on="account_id", how="semi")
    assert 0.05 < len(seen) / len(bank.truth.frame) < 0.8
    gaps = alerts.sort("at").with_columns(gap=pl.col("at").diff().over("account_id", "rule").dt.total_days())
    assert gaps["gap"].min() >= 14


def halves(bank: SimulatedLaundering, columns: list[str]) -> tuple[float, float]:
    """Learn from the raw columns on half of the gangs, judge on the others: base rate and average precision."""
    rng = np.random.default_rng(0)
    joined = bank.frames["transfers"].join(bank.truth.transfers, on="transfer_id", how="left", maintain_order="left")
    joined = joined.with_columns(
        hour=pl.col("at").dt.hour() + pl.col("at").dt.minute() / 60, words=pl.col("remark").to_physical()
    )
    gang = joined["gang_id"].fill_null(0).to_numpy()
    half = rng.random(gang.max() + 1) < 0.5
    train = np.where(gang > 0, half[gang], rng.random(len(gang)) < 0.5)
    X, y = joined.select(columns).to_numpy().astype(float), joined["laundering"].to_numpy()
    model = HistGradientBoostingClassifier(max_iter=50, max_leaf_nodes=15, min_samples_leaf=100, random_state=0)
    p = model.fit(X[train], y[train]).predict_proba(X[~train])[:, 1]
    return float(y[~train].mean()), float(average_precision_score(y[~train], p))


@pytest.mark.parametrize(
    ("columns", "lift"),
    [
        (["amount", "hour"], 4.0),
        (["amount", "hour", "words"], 6.0),  # no gang pays a card bill
        (["sender", "receiver"], 2.0),
        (["ip", "device"], 2.0),
    ],
)
def test_raw_columns_do_not_tell(bank: SimulatedLaundering, columns: list[str], lift: float) -> None:
    base, precision = halves(bank, columns)
    assert precision < lift * base


def test_no_weeks_are_full_of_laundering() -> None:
    bank = simulate_laundering(6_000, 180, seed=1, gangs=60, sizes=(4, 16))
    month = ((pl.col("at") - bank.frames["transfers"]["at"].min()).dt.total_days() // 30).alias("month")
    share = bank.frames["transfers"].group_by(month).agg(pl.col("laundering").mean()).sort("month")["laundering"]
    assert share.max() < 3 * share.mean()
    assert share[-1] < 2 * share.mean()


def test_ids_say_nothing_of_accounts(bank: SimulatedLaundering) -> None:
    accounts = bank.frames["accounts"].join(bank.frames["customers"].select("customer_id"), on="customer_id")
    for name in ("account_id", "customer_id"):
        rank = accounts[name].rank() / len(accounts)
        assert abs(rank.filter(accounts["launders"]).mean() - 0.5) < 0.06


def test_lookalikes_are_honest(bank: SimulatedLaundering) -> None:
    alike = bank.truth.lookalikes
    assert alike["kind"].n_unique() == 8
    persons = alike.filter(pl.col("kind") != "payroll")
    assert persons.join(bank.truth.frame, on="account_id", how="semi").is_empty()


def of(moved: pl.DataFrame, typology: str) -> pl.DataFrame:
    return moved.filter(pl.col("typology") == typology)


def test_cycles_come_back(moved: pl.DataFrame) -> None:
    for _, gang in of(moved, "cycle").group_by("gang_id"):
        source = gang["sender"].mode()
        assert set(source) & set(gang["receiver"])
        net = np.bincount(gang["receiver"].rank("dense").to_numpy())
        assert net.max() >= 3


def test_pass_through_leaves_within_minutes(moved: pl.DataFrame, bank: SimulatedLaundering) -> None:
    runs = of(moved, "pass_through").join(
        bank.truth.frame.select("account_id", "role"), left_on="sender", right_on="account_id", how="left"
    )
    out, into = runs.filter(pl.col("role") == "mule"), runs.filter(pl.col("role").is_null())
    matched = into.join_asof(out, on="at", by_left="receiver", by_right="sender", strategy="forward", tolerance="20m",
                             check_sortedness=False)  # fmt: skip
    assert matched["transfer_id_right"].null_count() < 0.02 * len(matched)


def test_structuring_stays_below_the_threshold(moved: pl.DataFrame) -> None:
    amount = of(moved, "structuring")["amount"]
    assert (amount < 50_000).all()
    assert (amount >= 0.94 * 40_000).all()


def test_dormant_accounts_have_slept(moved: pl.DataFrame, bank: SimulatedLaundering) -> None:
    members = bank.truth.frame.filter(pl.col("typology") == "dormant")["account_id"]
    transfers = bank.frames["transfers"]
    touching = transfers.filter(pl.col("sender").is_in(members.implode()) | pl.col("receiver").is_in(members.implode()))
    assert touching["laundering"].all()
    opened = bank.frames["accounts"].filter(pl.col("account_id").is_in(members.implode()))["opened"]
    assert (opened < of(moved, "dormant")["at"].min()).all()


def test_accounts_move_money_only_when_open(bank: SimulatedLaundering) -> None:
    opened = bank.frames["accounts"].select("account_id", "opened")
    for side in ("sender", "receiver"):
        joined = bank.frames["transfers"].join(opened, left_on=side, right_on="account_id")
        assert (joined["at"] >= joined["opened"]).all()


def test_gangs_share_devices_more_than_others(bank: SimulatedLaundering, moved: pl.DataFrame) -> None:
    def owners(frame: pl.DataFrame) -> float:
        return frame.drop_nulls("device").group_by("device").agg(pl.col("sender").n_unique())["sender"].mean()

    honest = bank.frames["transfers"].filter(~pl.col("laundering"))
    members = moved.join(bank.truth.frame, left_on="sender", right_on="account_id", how="semi")
    assert owners(members) > owners(honest) + 0.02


@pytest.mark.parametrize("thing", ["device", "phone", "ip"])
def test_no_number_of_things_gives_a_gang_away(bank: SimulatedLaundering, thing: str) -> None:
    """Honest people have second phones and new tablets, and somebody who pays for them: numbers of them tell little."""
    transfers = bank.frames["transfers"].with_columns(month=pl.col("at").dt.truncate("1mo"))
    used = transfers.drop_nulls(thing).group_by("sender", "month").agg(
        n=pl.col(thing).n_unique(), launders=pl.col("laundering").any()
    )  # fmt: skip
    for least in (2, 3, 4):
        many = used.filter(pl.col("n") >= least)
        assert many.height < 40 or many["launders"].mean() < 0.4


def test_gangs_say_what_honest_people_say_to_one_another(bank: SimulatedLaundering) -> None:
    kinds = bank.frames["accounts"].select("account_id", "kind")
    both = bank.frames["transfers"].join(kinds, left_on="sender", right_on="account_id")
    both = both.join(kinds, left_on="receiver", right_on="account_id", suffix="_to")
    both = both.filter((pl.col("kind") == "person") & (pl.col("kind_to") == "person"))
    said = both.group_by("laundering").agg(pl.col("remark").unique())
    words = {flag: set(remarks) for flag, remarks in said.iter_rows()}
    assert words[True] <= words[False]


def test_a_gang_is_one_case(bank: SimulatedLaundering) -> None:
    reports = bank.frames["reports"].join(bank.truth.frame, on="account_id")
    assert (reports.group_by("gang_id").agg(pl.col("case").n_unique())["case"] == 1).all()
    assert (reports.group_by("case").agg(pl.col("gang_id").n_unique())["gang_id"] == 1).all()


@pytest.mark.parametrize("name", list(TYPOLOGIES))
def test_each_typology_can_be_planted_alone(name: str) -> None:
    bank = simulate_laundering(800, 90, seed=2, gangs=3, typologies=[name], sizes=(4, 30))
    gangs = bank.truth.gangs
    assert (gangs["typology"] == name).all()
    assert (gangs["members"] >= 3).all()
    assert (gangs["transfers"] >= 3).all()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"n_accounts": 10}, "500 to 2,000,000"),
        ({"days": 10}, "60 to 1,000"),
        ({"gangs": -1}, "0 or more"),
        ({"typologies": ["cycl"]}, "cycle"),
        ({"typologies": []}, "gangs=0"),
        ({"sizes": (10, 5)}, "fewest and most"),
        ({"missed": 2}, "0 to 1"),
        ({"start": "now"}, "YYYY-MM-DD"),
        ({"start": "1990-01-01"}, "2000 or later"),
        ({"n_accounts": 500, "gangs": 50}, "members"),
    ],
)
def test_arguments_out_of_range(arguments: dict[str, object], says: str) -> None:
    with pytest.raises(TablesError, match=says):
        simulate_laundering(**arguments)
