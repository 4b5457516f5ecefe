"""Simulated claims: bills add up, schemes are what they say, nothing raw gives them away, labels are known late."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import cross_val_predict

from tael.datasets import SimulatedClaims, simulate_claims
from tael.datasets.claims_schemes import SCHEMES
from tael.errors import TablesError
from tael.tables import read_tables
from tael.tables.contract import check


@pytest.fixture(scope="module")
def insurer() -> SimulatedClaims:
    return simulate_claims(8_000, 400, seed=3, missed=0.0)


@pytest.fixture(scope="module")
def visits(insurer: SimulatedClaims) -> pl.DataFrame:
    """Visits with the group and the scheme, if any."""
    groups = insurer.truth.groups.select("group_id", "scheme")
    joined = insurer.frames["visits"].join(insurer.truth.visits, on="visit_id", how="left", maintain_order="left")
    return joined.join(groups, on="group_id", how="left", maintain_order="left")


def of(visits: pl.DataFrame, scheme: str) -> pl.DataFrame:
    return visits.filter(pl.col("scheme") == scheme)


def test_tables_keep_the_contract(insurer: SimulatedClaims) -> None:
    assert check(insurer.tables()) == []


def test_written_tables_read_back(tmp_path: Path) -> None:
    small = simulate_claims(600, 180, seed=1)
    tables = read_tables(small.write(tmp_path / "insurer"))
    assert len(tables["visits"]) == len(small.frames["visits"])


def test_equal_seeds_give_equal_frames() -> None:
    first, again = (simulate_claims(700, 200, seed=5) for _ in range(2))
    for name, frame in first.frames.items():
        assert frame.equals(again.frames[name]), name
    assert first.truth.frame.equals(again.truth.frame)
    assert not first.frames["visits"].equals(simulate_claims(700, 200, seed=6).frames["visits"])


def test_bills_add_up(insurer: SimulatedClaims) -> None:
    visits, accounts = insurer.frames["visits"], insurer.frames["accounts"]
    drugs = insurer.frames["drugs"].group_by("visit_id").agg(pl.col("amount").sum())
    joined = visits.join(drugs, on="visit_id", how="left").join(accounts, on="visit_id")
    fees = pl.col("bed_fee") + pl.col("surgery_fee") + pl.col("examination_fee") + pl.col("amount").fill_null(0)
    parts = ("civil_servant_allowance", "medical_assistance", "resident_benefit", "personal_account", "pooled_fund")
    paid = pl.sum_horizontal(*parts, "non_account")
    off = joined.select((fees - pl.col("incurred")).abs().max(), paid=(paid - pl.col("incurred")).abs().max())
    assert off.row(0) < (0.02, 0.05)
    assert (joined["declared"] <= joined["incurred"] + 0.02).all()
    assert (joined["deductible_self_paid"] <= joined["deductible"] + 0.01).all()
    assert (joined["non_account"] >= 0).all()
    one = joined.filter((pl.col("pooled_fund") > 0) & (pl.col("resident_benefit") > 0))
    assert one.is_empty()


def test_times_are_in_order(insurer: SimulatedClaims) -> None:
    visits, drugs = insurer.frames["visits"], insurer.frames["drugs"]
    assert (visits["discharged"] >= visits["admitted"]).all()
    assert (visits["settled"] > visits["discharged"]).all()
    assert (visits["judged"] > visits["settled"]).all()
    assert visits["admitted"].is_sorted()
    joined = drugs.join(visits, on="visit_id")
    assert joined.filter(~pl.col("at").is_between("admitted", "discharged")).is_empty()
    claims = insurer.frames["claims"].join(visits, on="visit_id", suffix="_visit")
    assert (claims["filed"] > claims["settled"]).all()
    assert (claims["judged"] > claims["filed"]).all()
    assert len(claims) == len(insurer.frames["claims"])
    policies = insurer.frames["claims"].join(insurer.frames["policies"], on="policy_id")
    assert (policies["person_id"] == policies["person_id_right"]).all()
    assert (policies["sold"] < policies["filed"]).all()
    deaths = insurer.frames["deaths"]
    assert (deaths["registered"] > deaths["died"]).all()


def test_truth_agrees_with_the_labels(insurer: SimulatedClaims, visits: pl.DataFrame) -> None:
    members = insurer.truth.frame
    assert members["person_id"].is_unique().all()
    people = insurer.frames["people"]
    assert set(people.filter("defrauds")["person_id"]) == set(members["person_id"])
    assert people.filter("defrauds")["scheme"].null_count() == 0
    assert (visits["fraudulent"] == visits["group_id"].is_not_null()).all()
    assert set(insurer.truth.groups["scheme"]) == set(SCHEMES)
    assert 0.03 < people["defrauds"].mean() < 0.06
    assert 0.02 < insurer.frames["providers"]["defrauds"].mean() < 0.35
    honest = insurer.truth.lookalikes
    assert set(honest["kind"]) == {"chronic", "dialysis", "family", "transfer"}
    assert honest.join(members, on="person_id", how="semi").is_empty()


def test_found_out_months_later(insurer: SimulatedClaims, visits: pl.DataFrame) -> None:
    joined = insurer.truth.frame.join(insurer.truth.groups.select("group_id", "end"), on="group_id").join(
        insurer.frames["people"], on="person_id"
    )
    assert (joined["judged"] - joined["end"]).dt.total_days().min() >= 30
    end = visits["admitted"].max()
    assert insurer.frames["findings"]["found"].max() <= end + np.timedelta64(1, "D").astype("timedelta64[us]").item()
    assert 0 < len(insurer.frames["findings"]) < len(insurer.truth.frame)


def test_missed_groups_are_labelled_honest() -> None:
    insurer = simulate_claims(800, 200, missed=1.0)
    assert len(insurer.truth.frame) > 10
    for name, label in (("people", "defrauds"), ("visits", "fraudulent"), ("providers", "defrauds")):
        assert not insurer.frames[name][label].any()
    assert insurer.frames["findings"].is_empty()


def test_without_schemes_labels_mean_nothing() -> None:
    insurer = simulate_claims(4_000, 300, seed=2, schemes=[])
    assert insurer.truth.frame.is_empty()
    people = insurer.frames["people"]
    assert 0.02 < people["defrauds"].mean() < 0.06
    bought = insurer.frames["visits"].group_by("person_id").agg(pl.len(), pl.col("incurred", "days").sum())
    table = people.join(bought, on="person_id", how="left").select("age", "len", "incurred", "days", "defrauds")
    X, y = table.drop("defrauds").to_numpy().astype(float), table["defrauds"].to_numpy()
    model = HistGradientBoostingClassifier(max_iter=20, max_leaf_nodes=7, random_state=0)
    p = cross_val_predict(model, X, y, cv=3, method="predict_proba")[:, 1]
    assert 0.38 < roc_auc_score(y, p) < 0.62


@pytest.mark.parametrize(
    ("columns", "lift"), [(["incurred", "declared", "self_paid"], 4.0), (["person_id", "visit_id"], 2.0)]
)
def test_raw_columns_do_not_tell(visits: pl.DataFrame, columns: list[str], lift: float) -> None:
    rng = np.random.default_rng(0)
    group = visits["group_id"].fill_null(0).to_numpy()
    half = rng.random(group.max() + 1) < 0.5
    train = np.where(group > 0, half[group], rng.random(len(group)) < 0.5)
    X, y = visits.select(columns).to_numpy().astype(float), visits["fraudulent"].to_numpy()
    model = HistGradientBoostingClassifier(max_iter=30, max_leaf_nodes=15, min_samples_leaf=100, random_state=0)
    p = model.fit(X[train], y[train]).predict_proba(X[~train])[:, 1]
    assert average_precision_score(y[~train], p) < lift * y[~train].mean()


def test_cards_are_swiped_one_after_the_other(visits: pl.DataFrame) -> None:
    swiped = of(visits, "card_collection").with_columns(day=pl.col("admitted").dt.date())
    span = (pl.col("admitted").max() - pl.col("admitted").min()).dt.total_hours().alias("hours")
    per_day = swiped.group_by("group_id", "day").agg(pl.len(), pl.col("provider_id").n_unique(), span)
    assert per_day["len"].median() >= 8
    assert (per_day["provider_id"] == 1).all()
    assert per_day["hours"].max() <= 4


def test_stays_are_split(visits: pl.DataFrame) -> None:
    stays = of(visits, "split_stays").sort("person_id", "admitted")
    gap = (pl.col("admitted") - pl.col("discharged").shift(1).over("person_id")).dt.total_hours()
    gaps = stays.select(gap.alias("gap")).drop_nulls()["gap"]
    assert gaps.is_between(0, 27).all()
    assert (stays.group_by("person_id").agg(pl.col("disease").n_unique())["disease"] == 1).all()


def test_services_after_death(insurer: SimulatedClaims, visits: pl.DataFrame) -> None:
    dead = insurer.frames["deaths"]
    late = of(visits, "after_death").join(dead, on="person_id")
    assert len(late) > 5
    assert (late["admitted"] > late["died"]).all()
    honest = visits.filter(pl.col("scheme").is_null()).join(dead, on="person_id")
    assert (honest["discharged"] < honest["died"] + np.timedelta64(2, "D").astype("timedelta64[us]").item()).all()
    # Not everyone who has died is used, or death would be the label.
    assert len(dead) > 1.5 * late["person_id"].n_unique()


def test_phantoms_take_no_drugs(insurer: SimulatedClaims, visits: pl.DataFrame) -> None:
    phantoms = of(visits, "phantom_billing")
    with_drugs = phantoms.join(insurer.frames["drugs"], on="visit_id", how="semi")
    assert len(with_drugs) < 0.3 * len(phantoms)
    weekend = pl.col("admitted").dt.weekday() >= 6
    assert phantoms.select(weekend.mean()).item() > visits.select(weekend.mean()).item() + 0.2


def test_upcoded_stays_are_short(visits: pl.DataFrame) -> None:
    severe = pl.col("disease").is_in(["J18", "I25", "M17", "K80"]) & pl.col("inpatient")
    honest = visits.filter(severe & pl.col("scheme").is_null())
    assert of(visits, "upcoding")["days"].mean() < 0.5 * honest["days"].mean()


def test_groups_come_together_again_and_again(visits: pl.DataFrame) -> None:
    together = (
        of(visits, "co_visits").group_by("group_id", "person_id").agg(pl.len(), pl.col("physician_id").n_unique())
    )
    assert together["len"].mean() > 2
    assert (together["physician_id"] == 1).all()


def test_resellers_buy_beyond_need(insurer: SimulatedClaims, visits: pl.DataFrame) -> None:
    drugs = (
        insurer.frames["drugs"].filter(pl.col("kind") == "western").group_by("person_id").agg(pl.col("quantity").sum())
    )
    resellers = of(visits, "drug_resale")["person_id"].unique()
    honest = drugs.join(insurer.truth.lookalikes.filter(pl.col("kind") == "chronic"), on="person_id")["quantity"]
    bought = drugs.filter(pl.col("person_id").is_in(resellers.implode()))["quantity"]
    assert bought.median() > 2 * honest.median()


def test_herbs_by_the_kilogram(insurer: SimulatedClaims, visits: pl.DataFrame) -> None:
    joined = insurer.frames["drugs"].join(visits.select("visit_id", "scheme"), on="visit_id")
    herbal = (pl.col("kind") == "herbal").mean()
    assert of(joined, "herbal_pieces").select(herbal).item() > 0.7
    assert joined.filter(pl.col("scheme").is_null()).select(herbal).item() < 0.3


def test_early_claims_follow_the_policy(insurer: SimulatedClaims, visits: pl.DataFrame) -> None:
    claims = insurer.frames["claims"].join(insurer.frames["policies"], on="policy_id")
    claims = claims.join(visits.select("visit_id", "scheme", "admitted"), on="visit_id")
    waited = (pl.col("admitted") - pl.col("sold")).dt.total_days()
    early = of(claims, "early_claims")
    assert len(early) > 5
    assert early["fraudulent"].all()
    assert early.select(waited.max()).item() <= 55
    assert claims.filter(pl.col("scheme").is_null()).select(waited.median()).item() > 120
    assert not claims.filter(pl.col("scheme").is_null())["fraudulent"].any()


@pytest.mark.parametrize("name", list(SCHEMES))
def test_each_scheme_can_be_planted_alone(name: str) -> None:
    insurer = simulate_claims(1_500, 300, seed=4, schemes=[name])
    assert (insurer.truth.groups["scheme"] == name).all()
    assert len(insurer.truth.visits) > 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"n_people": 10}, "500 to 2,000,000"),
        ({"days": 10}, "180 to 2,000"),
        ({"schemes": ["upcodin"]}, "upcoding"),
        ({"share": 0.5}, "0.005 to 0.2"),
        ({"visits_per_person": 0}, "1 to 50"),
        ({"missed": -1}, "0 to 1"),
        ({"seed": -1}, "0 or more"),
        ({"start": "now"}, "YYYY-MM-DD"),
        ({"start": "1990-01-01"}, "2000 or later"),
    ],
)
def test_arguments_out_of_range(arguments: dict[str, object], says: str) -> None:
    with pytest.raises(TablesError, match=says):
        simulate_claims(**arguments)
