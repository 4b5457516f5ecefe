"""The lender's truth: what is drawn is drawn from it, it can be seen in the tables, and rates are those of a lender."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from tael.datasets import SimulatedLender

END = datetime(2025, 1, 1)
DAY = timedelta(days=1)
CHANNELS = ("wait", "in_house", "agency", "legal")
HANDLINGS = ("standard", "gentle")


def assert_drawn(happened: pl.Series, chance: pl.Series) -> None:
    """By tenths of the chance, as much has happened as was to be expected."""
    y, p = happened.to_numpy().astype(float), chance.to_numpy()
    for part in np.array_split(np.argsort(p, kind="stable"), 10):
        spread = np.sqrt((p[part] * (1 - p[part])).sum())
        assert abs(y[part].sum() - p[part].sum()) < 3.6 * spread + 0.5, (p[part].mean(), y[part].mean())


def given(frame: pl.DataFrame, column: str, prefix: str) -> pl.Series:
    """The chance under the choice that was made."""
    names = frame[column].cast(pl.String).unique().sort()
    chosen = pl.coalesce(pl.when(pl.col(column).cast(pl.String) == name).then(f"{prefix}{name}") for name in names)
    return frame.select(chosen.alias("chance"))["chance"]


def within(rows: pl.DataFrame, start: str, other: pl.DataFrame, time: str, key: str, days: int) -> pl.Series:
    """Whether, for each row, there is one of `other` from its start on, in so many days."""
    both = rows.select(key, start).with_row_index().join(other.select(key, pl.col(time).alias("then")), on=key)
    hit = both.filter((pl.col("then") >= pl.col(start)) & (pl.col("then") < pl.col(start) + days * DAY))["index"]
    return pl.Series(np.isin(np.arange(len(rows)), hit.to_numpy()))


@pytest.fixture(scope="module")
def contacts(lender: SimulatedLender) -> pl.DataFrame:
    sent = lender.frames["campaign_contacts"].join(lender.truth.campaign, on="contact_id", validate="1:1")
    applied = lender.frames["reapplications"]
    return sent.with_columns(came=within(sent, "sent", applied, "applied", "customer_id", 60))


@pytest.fixture(scope="module")
def cases(lender: SimulatedLender) -> pl.DataFrame:
    f = lender.frames
    cases = f["collection_cases"].join(lender.truth.collection, on="case_id", validate="1:1")
    sums = f["collection_payments"].group_by("case_id").agg(sum=pl.col("amount").sum())
    complained = f["complaints"]["case_id"].drop_nulls()
    return (
        cases.join(sums, on="case_id", how="left")
        .with_columns(
            repaid=(pl.col("sum") >= 0.8 * pl.col("overdue_amount")).fill_null(False),
            complained=pl.col("case_id").is_in(complained.implode()),
        )
        .filter(pl.col("opened") < END - 75 * DAY)
    )


def test_the_campaigns_outcome_is_drawn_from_the_chance_under_its_arm(contacts: pl.DataFrame) -> None:
    chance = given(contacts, "arm", "p_")
    assert_drawn(contacts["came"], chance)
    assert 0.65 < roc_auc_score(contacts["came"], chance) < 0.85
    assert 0.04 < contacts["p_none"].mean() < 0.08  # type: ignore[operator]


def test_who_was_called_comes_as_called_and_not_as_left_alone(contacts: pl.DataFrame) -> None:
    called = contacts.filter(pl.col("arm") == "call").with_columns(effect=pl.col("p_call") - pl.col("p_none"))
    assert_drawn(called["came"], called["p_call"])
    helped = called.filter(pl.col("effect") > 0.04)
    spread = np.sqrt((helped["p_none"] * (1 - helped["p_none"])).sum())
    assert helped["came"].sum() - helped["p_none"].sum() > 3 * spread
    harmed = called.filter(pl.col("effect") < -0.01)
    assert harmed["came"].sum() < harmed["p_none"].sum()


def test_the_arms_are_drawn_with_the_chances_stated(contacts: pl.DataFrame) -> None:
    assert len(contacts) > 0.9 * 5_000
    assert contacts["sent"].n_unique() == 5
    assert contacts["propensity"].is_between(0.1, 0.6).all()
    assert contacts.filter(pl.col("arm") == "none")["propensity"].min() >= 0.2  # type: ignore[operator]
    assert 0.77 < contacts["randomised"].mean() < 0.83  # type: ignore[operator]
    # Weighing each arm by the inverse of its chance brings back everybody.
    for arm in ("none", "sms", "call"):
        part = contacts.filter(pl.col("arm") == arm)
        assert (1 / part["propensity"]).sum() == pytest.approx(len(contacts), rel=0.06)
        weighted = (part["p_none"] / part["propensity"]).sum() / (1 / part["propensity"]).sum()
        assert weighted == pytest.approx(contacts["p_none"].mean(), abs=0.006)


def test_ranking_by_uplift_is_far_better_than_by_response(contacts: pl.DataFrame) -> None:
    top = len(contacts) // 5
    effect = pl.col("p_call") - pl.col("p_none")
    gain = {
        rank: contacts.sort(order, descending=True).head(top).select(effect.sum()).item()
        for rank, order in {"uplift": effect, "response": pl.col("p_none"), "treated": pl.col("p_call")}.items()
    }
    assert gain["uplift"] > 0.05 * top
    assert gain["treated"] < 0.4 * gain["uplift"]
    assert gain["response"] < 0
    harmed = contacts.filter(effect < -0.01)
    assert 0.15 < len(harmed) / len(contacts) < 0.5


def test_repayment_and_complaints_are_drawn_from_the_chances_under_what_was_done(cases: pl.DataFrame) -> None:
    repay = given(cases, "channel", "repay_")
    assert_drawn(cases["repaid"], repay)
    for channel in CHANNELS:
        part = cases.filter(pl.col("channel") == channel)
        assert_drawn(part["repaid"], part[f"repay_{channel}"])
    assert 0.45 < cases["repaid"].mean() < 0.6  # type: ignore[operator]
    assert 0.74 < roc_auc_score(cases["repaid"], repay) < 0.88
    both = cases.with_columns(way=pl.concat_str("channel", "handling", separator="_"))
    complain = given(both, "way", "complaint_")
    assert_drawn(cases["complained"], complain)
    assert 0.04 < cases["complained"].mean() < 0.07  # type: ignore[operator]
    assert 0.7 < roc_auc_score(cases["complained"], complain) < 0.88


def test_every_channel_is_tried_on_all_kinds_of_cases(lender: SimulatedLender) -> None:
    cases = lender.frames["collection_cases"]
    assert len(cases) > 0.3 * 5_000
    assert cases["propensity"].min() >= 0.05  # type: ignore[operator]
    assert (cases.filter("randomised")["propensity"] == 0.25).all()
    assert 0.27 < cases["randomised"].mean() < 0.33  # type: ignore[operator]
    for channel in CHANNELS:
        part = cases.filter(pl.col("channel") == channel)
        assert (1 / part["propensity"]).sum() == pytest.approx(len(cases), rel=0.15)
    small = cases.filter(~pl.col("randomised") & (pl.col("balance") < 4000))
    old = cases.filter(~pl.col("randomised") & (pl.col("balance") > 9000) & (pl.col("days_past_due") > 30))
    assert (small["channel"] == "in_house").mean() > 0.55  # type: ignore[operator]
    assert (old["channel"] == "agency").mean() > 0.5  # type: ignore[operator]


def test_handling_is_even_in_every_other_month(lender: SimulatedLender) -> None:
    cases = lender.frames["collection_cases"].with_columns(gentle=pl.col("handling") == "gentle")
    even = cases.filter(pl.col("handling_propensity") == 0.5)
    odd = cases.filter(pl.col("handling_propensity") != 0.5)
    assert set(even["opened"].dt.month()) == {1, 3, 5, 7, 9, 11}
    assert even["gentle"].mean() == pytest.approx(0.5, abs=0.04)
    assert odd["gentle"].mean() == pytest.approx(0.2, abs=0.04)


def test_channels_help_some_more_than_others(cases: pl.DataFrame) -> None:
    repay = cases.select(f"repay_{channel}" for channel in CHANNELS).to_numpy()
    best = np.bincount(repay.argmax(axis=1), minlength=4) / len(cases)
    assert (best[1:] > 0.08).all()
    assert (repay.mean(axis=0)[1:] > repay.mean(axis=0)[0]).all()
    assert repay.max(axis=1).mean() > repay.mean(axis=0).max() + 0.02
    gentle = cases["complaint_agency_gentle"] / cases["complaint_agency_standard"]
    assert (gentle < 0.5).mean() > 0.2  # type: ignore[operator]
    assert (gentle > 0.8).mean() > 0.4  # type: ignore[operator]


def test_churn_is_drawn_month_by_month(lender: SimulatedLender) -> None:
    f, churn = lender.frames, lender.truth.churn
    months = churn.join(f["closures"], on="customer_id", how="left")
    months = months.with_columns(
        left=(pl.col("closed") < pl.col("month").dt.offset_by("1mo")).fill_null(False),
        quarter=(pl.col("closed") < pl.col("month") + 90 * DAY).fill_null(False),
    )
    assert len(months) == len(f["balances"])
    assert_drawn(months["left"], months["probability"])
    full = months.filter(pl.col("month") <= END - 90 * DAY).with_row_index()
    loans = f["loans"].select("customer_id", "disbursed", pl.col("settled_on").fill_null(END))
    bound = full.join(loans, on="customer_id")
    bound = bound.filter((pl.col("disbursed") < pl.col("month")) & (pl.col("settled_on") >= pl.col("month")))["index"]
    active = full.filter(~pl.col("index").is_in(bound.implode()))
    assert 0.06 < active["quarter"].mean() < 0.09  # type: ignore[operator]
    assert 0.03 < full["quarter"].mean() < 0.06  # type: ignore[operator]
    assert 0.7 < roc_auc_score(active["quarter"], active["probability"]) < 0.88


def test_balances_fall_before_leaving(lender: SimulatedLender) -> None:
    balances = lender.frames["balances"].join(lender.frames["closures"], on="customer_id", how="left")
    change = balances.sort("customer_id", "as_of").with_columns(
        change=pl.col("balance").log() - pl.col("balance").shift(3).over("customer_id").log()
    )
    last = change.filter(pl.col("closed") - pl.col("as_of") < 31 * DAY)["change"].drop_nulls()
    assert last.median() < change["change"].drop_nulls().median() - 0.25  # type: ignore[operator]


def test_early_settlement_is_drawn_instalment_by_instalment(lender: SimulatedLender) -> None:
    f = lender.frames
    chances = lender.truth.settlement.filter(pl.col("decided") < END - 12 * DAY)
    early = f["instalments"].sort("number").group_by("loan_id").last().join(f["loans"], on="loan_id")
    early = early.filter((pl.col("status") == "settled early") & (pl.col("due") < END - 7 * DAY)).select(
        "loan_id", "number", early=pl.lit(True)
    )
    both = chances.join(early, on=["loan_id", "number"], how="left").with_columns(pl.col("early").fill_null(False))
    assert both["early"].sum() == len(early)
    assert_drawn(both["early"], both["probability"])
    assert 0.68 < roc_auc_score(both["early"], both["probability"]) < 0.85
    old = f["loans"].filter((pl.col("term_months") >= 6) & (pl.col("disbursed") < END - 400 * DAY))
    assert 0.08 < (old["status"] == "settled early").mean() < 0.2  # type: ignore[operator]


def test_purchases_are_drawn_from_the_chances_of_each_product(lender: SimulatedLender) -> None:
    bought = lender.frames["purchases"].join(lender.truth.purchase, on="purchase_id", validate="1:1")
    assert len(bought) == len(lender.truth.purchase)
    names = lender.frames["products"]["product"].to_list()
    chances: NDArray[np.float64] = bought.select(f"p_{name}" for name in names).to_numpy()
    assert np.allclose(chances.sum(axis=1), 1)
    for at, name in enumerate(names):
        assert_drawn(bought["product"] == name, pl.Series(chances[:, at]))
        assert roc_auc_score(bought["product"] == name, chances[:, at]) > 0.68
        assert 0.03 < (bought["product"] == name).mean() < 0.3  # type: ignore[operator]
    each = bought.group_by("customer_id").len()["len"]
    assert each.max() == 6
    people = bought.join(lender.frames["customers"], on="customer_id").join(
        lender.frames["products"], on="product", suffix="_of"
    )
    assert (people["age"] >= people["min_age"]).all()


def test_lines_are_used_as_needed(lender: SimulatedLender) -> None:
    lines = lender.frames["credit_lines"].join(lender.truth.lines, on="line_id", validate="1:1")
    mean = lines["need"] / lines["limit"] * (1 - (-lines["limit"] / lines["need"]).exp())
    assert ((mean - lines["expected_utilisation"]).abs() < 1e-9).all()
    seen = lines.drop_nulls("utilisation").sort("expected_utilisation").with_row_index()
    for (_,), part in seen.group_by(pl.col("index") * 10 // len(seen)):
        assert part["utilisation"].mean() == pytest.approx(part["expected_utilisation"].mean(), abs=0.015)
    moved = lines.with_columns(ratio=pl.col("limit") / pl.col("requested"))
    assert moved["ratio"].std() > 0.15  # type: ignore[operator]
