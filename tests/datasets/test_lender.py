"""The simulated lender's tables: the same by seed, in line with the bank and with one another, never after the end."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tael.datasets import SimulatedLender, dump_schema, simulate_bank, simulate_lender
from tael.errors import TablesError
from tael.tables import read_tables
from tael.tables.contract import check

FURTHER = {
    "products",
    "purchases",
    "service_contacts",
    "balances",
    "closures",
    "settlements",
    "campaign_contacts",
    "reapplications",
    "credit_lines",
    "collection_cases",
    "collection_actions",
    "collection_payments",
    "complaints",
}
OF_CUSTOMERS = {
    "transactions": "booked",
    "app_events": "time",
    "service_contacts": "contacted",
    "balances": "as_of",
    "purchases": "bought",
    "campaign_contacts": "sent",
    "reapplications": "applied",
    "applications": "applied",
    "complaints": "complained",
    "collection_cases": "opened",
}
END = datetime(2025, 1, 1)
DAY = timedelta(days=1)


def test_the_same_seed_gives_the_same_lender() -> None:
    first, again, other = (simulate_lender(300, seed=seed, months=18) for seed in (5, 5, 6))
    for name, frame in first.frames.items():
        assert_frame_equal(frame, again.frames[name])
        assert name == "products" or not frame.equals(other.frames[name]), name
    for name in ("frame", "campaign", "collection", "churn", "purchase", "settlement", "lines"):
        assert_frame_equal(getattr(first.truth, name), getattr(again.truth, name))


def test_customers_and_what_they_did_before_the_loan_are_the_banks() -> None:
    bank, lender = simulate_bank(400, seed=3, events_per_customer=60, months=24), simulate_lender(400, 3, months=24)
    assert set(lender.frames) == {*bank.frames, *FURTHER}
    for name in ("customers", "applications", "devices", "device_links"):
        assert_frame_equal(lender.frames[name], bank.frames[name])
    left = lender.frames["closures"].select("customer_id", "closed")
    for name, time in (("transactions", "booked"), ("app_events", "time"), ("bureau_enquiries", "enquired")):
        before = bank.frames[name].join(left, on="customer_id", how="left")
        before = before.filter(pl.col("closed").is_null() | (pl.col(time) < pl.col("closed"))).drop("closed")
        both = before.unique().join(lender.frames[name].unique(), on=before.columns, how="semi", nulls_equal=True)
        assert len(both) == len(before.unique()), name
        assert len(lender.frames[name]) > 1.2 * len(before)


@pytest.mark.parametrize("seed", range(6))
def test_small_lenders_work_and_keep_their_contract(seed: int) -> None:
    lender = simulate_lender(100, seed, months=12, events_per_customer=20)
    assert not [one for one in check(lender.tables()) if one.severity == "error"]


def test_arguments_out_of_range_are_refused() -> None:
    with pytest.raises(TablesError, match="12 or more"):
        simulate_lender(100, months=6)


def test_the_contract_is_kept(lender: SimulatedLender) -> None:
    assert check(lender.tables()) == []


def test_every_column_has_a_title_in_two_languages_of_its_own(lender: SimulatedLender) -> None:
    assert lender.schema["tael"]["simulated"] is True
    assert set(lender.schema) == {"tael", *lender.frames}
    for name, frame in lender.frames.items():
        columns = lender.schema[name]["columns"]
        assert list(columns) == frame.columns, name
        for lang in ("en", "zh"):
            titles = [column["title"][lang] for column in columns.values()]
            assert all(titles)
            assert len(set(titles)) == len(titles), name
            assert lender.schema[name]["title"][lang]


def test_relations_hold(lender: SimulatedLender) -> None:
    for name in FURTHER:
        frame, section = lender.frames[name], lender.schema[name]
        if "key" in section:
            assert frame[section["key"]].is_unique().all()
            assert frame[section["key"]].null_count() == 0
        for column, promise in section["columns"].items():
            if promise.get("to") in lender.frames:
                target = lender.frames[promise["to"]][lender.schema[promise["to"]]["key"]]
                assert frame[column].drop_nulls().is_in(target.implode()).all(), (name, column)


def test_nothing_is_known_before_it_happened_or_after_the_end(lender: SimulatedLender) -> None:
    for name, frame in lender.frames.items():
        section = lender.schema[name]
        for column, promise in section["columns"].items():
            if promise.get("type") == "time":
                assert frame[column].drop_nulls().max() < END, (name, column)  # type: ignore[operator]
        if "time" in section:
            known = frame[section.get("known_at", section["time"])]
            assert known.null_count() == 0
            assert (known >= frame[section["time"]]).all(), name
    purchases = lender.frames["purchases"]
    assert (purchases["reported_at"] - purchases["bought"]).is_between(DAY, 3 * DAY).all()


def test_whoever_left_does_nothing_more(lender: SimulatedLender) -> None:
    closed = lender.frames["closures"].select("customer_id", "closed")
    assert len(closed) > 500
    for name, time in OF_CUSTOMERS.items():
        both = lender.frames[name].join(closed, on="customer_id")
        assert (both[time] < both["closed"]).all(), name
    loans = lender.frames["loans"].join(closed, on="customer_id")
    assert (loans["settled_on"] <= loans["closed"]).all()
    assert loans["settled_on"].null_count() == 0


def test_settlements_agree_with_the_loans(lender: SimulatedLender) -> None:
    f = lender.frames
    names = {"settled": "scheduled", "settled early": "early", "written off": "written_off"}
    loans = f["loans"].drop_nulls("settled_on")
    both = f["settlements"].join(loans, on="loan_id", how="full", suffix="_loan")
    assert len(both) == len(loans) == len(f["settlements"])
    assert (both["settled"] == both["settled_on"]).all()
    assert (both["kind"].cast(pl.String) == both["status"].cast(pl.String).replace(names)).all()
    assert (both.filter(pl.col("kind") == "scheduled").select("principal_left", "interest_lost") == 0).to_numpy().all()
    assert (both.filter(pl.col("kind") == "written_off")["interest_lost"] == 0).all()
    assert (both["principal_left"] <= both["amount"]).all()


def test_an_early_settlement_is_the_last_instalment_and_costs_the_interest_to_come(lender: SimulatedLender) -> None:
    f = lender.frames
    early = f["settlements"].filter(pl.col("kind") == "early").join(f["loans"], on="loan_id")
    early = early.filter(pl.col("settled") < END - 4 * DAY)  # those paid before the end may be due after it
    paid = f["instalments"].join(early, on="loan_id").sort("loan_id", "number")
    last = paid.group_by("loan_id", maintain_order=True).last()
    assert len(last) == len(early) > 400
    assert (last["paid"] == last["settled"]).all()
    assert (last["number"] < last["term_months"]).all()
    assert (last["term_months"] >= 6).all()
    left = last.with_columns(
        planned=pl.col("amount_due") * (pl.col("term_months") - pl.col("number") + 1),
        owed=pl.col("principal_left") * (1 + pl.col("annual_rate") / 12),
    )
    assert ((left["owed"] - left["amount_paid"]).abs() < 0.05).all()
    assert ((left["planned"] - left["amount_paid"] - left["interest_lost"]).abs() < 0.05).all()
    assert (left["interest_lost"] > 0).all()


def test_the_banks_default_is_in_the_lenders_loans(lender: SimulatedLender) -> None:
    f, truth = lender.frames, lender.truth.frame.drop_nulls("defaulted")
    loans = f["loans"].join(f["applications"].select("application_id", "applied"), on="application_id")
    marks = f["delinquencies"].filter(pl.col("days_past_due") == 60).join(loans, on="loan_id")
    bad = marks.filter(pl.col("reached") < pl.col("applied") + 180 * DAY)["application_id"]
    known = set(truth["application_id"])
    assert set(truth.filter("defaulted")["application_id"]) == set(bad) & known


def test_who_is_thirty_days_late_is_a_case_and_no_loan_has_two_at_a_time(lender: SimulatedLender) -> None:
    f = lender.frames
    cases = f["collection_cases"].sort("loan_id", "opened")
    late = f["delinquencies"].filter(pl.col("days_past_due") == 30).sort("reached")
    last = late.sort("loan_id", "reached").join_asof(
        cases.select("loan_id", "opened"), left_on="reached", right_on="opened", by="loan_id", check_sortedness=False
    )
    last = last.join(f["loans"].select("loan_id", "settled_on"), on="loan_id")
    last = last.filter(pl.col("settled_on").is_null() | (pl.col("reached") < pl.col("settled_on")))
    assert ((last["reached"] - last["opened"]) < 60 * DAY).all()
    assert last["opened"].null_count() == 0
    gap = cases.with_columns(gap=pl.col("opened").diff().over("loan_id"))["gap"].drop_nulls()
    assert (gap >= 60 * DAY).all()
    first = cases.filter(pl.col("days_past_due") == 30)
    marks = late.rename({"reached": "opened"}).select("loan_id", "opened").unique()
    assert len(first.join(marks, on=["loan_id", "opened"])) == len(first)
    assert (cases["balance"] >= cases["overdue_amount"]).all()
    assert (cases["overdue_amount"] > 0).all()


def test_collection_payments_pay_what_is_overdue(lender: SimulatedLender) -> None:
    f = lender.frames
    cases = f["collection_cases"].filter(pl.col("opened") < END - 60 * DAY)
    paid = f["collection_payments"].join(cases, on="case_id")
    assert (paid["paid"] > paid["opened"]).all()
    assert (paid["paid"] < paid["opened"] + 60 * DAY).all()
    sums = paid.group_by("case_id").agg(pl.col("amount").sum(), pl.col("paid").max())
    share = cases.join(sums, on="case_id").with_columns(share=pl.col("amount") / pl.col("overdue_amount"))
    assert share["share"].max() < 1.0001  # type: ignore[operator]
    assert not share["share"].is_between(0.55, 0.999).any()
    settled = share.filter(pl.col("share") > 0.8)
    instalments = f["instalments"].join(settled.select("loan_id", "opened", done="paid"), on="loan_id")
    overdue = instalments.filter(
        (pl.col("due") < pl.col("opened")) & (pl.col("paid").is_null() | (pl.col("paid") >= pl.col("opened")))
    )
    assert (overdue["paid"] == overdue["done"]).all()
    assert overdue["loan_id"].n_unique() == settled["loan_id"].n_unique()


def test_actions_and_complaints_come_after_the_opening(lender: SimulatedLender) -> None:
    f = lender.frames
    opened = f["collection_cases"].select("case_id", "customer_id", "opened")
    actions = f["collection_actions"].join(opened, on="case_id")
    assert (actions["acted"] >= actions["opened"]).all()
    assert (actions["acted"] < actions["opened"] + 60 * DAY).all()
    about = f["complaints"].drop_nulls("case_id").join(opened, on="case_id")
    assert (about["customer_id"] == about["customer_id_right"]).all()
    assert (about["complained"] > about["opened"]).all()
    assert (about["complained"] < about["opened"] + 60 * DAY).all()
    assert about["case_id"].is_unique().all()
    texts = f["complaints"]["text"]
    assert 0.6 < texts.str.contains("[\u4e00-\u9fff]").mean() < 0.8  # type: ignore[operator]


def test_campaigns_go_to_the_dormant(lender: SimulatedLender) -> None:
    f = lender.frames
    sent = f["campaign_contacts"]
    again = pl.concat(
        [f["applications"].select("customer_id", "applied"), f["reapplications"].select("customer_id", "applied")]
    )
    both = sent.join(again, on="customer_id").with_columns(days=pl.col("sent") - pl.col("applied"))
    assert not both["days"].is_between(timedelta(0), 180 * DAY, closed="right").any()
    assert set(both.filter(pl.col("days") > timedelta(0))["contact_id"]) == set(sent["contact_id"])
    loans = sent.join(f["loans"], on="customer_id").filter(pl.col("disbursed") < pl.col("sent"))
    assert (loans["settled_on"] < loans["sent"]).all()
    assert loans["settled_on"].null_count() == 0
    assert (sent["sent"] < END - 60 * DAY).all()


def test_lines_are_measured_after_ninety_days(lender: SimulatedLender) -> None:
    lines = lender.frames["credit_lines"].join(lender.frames["loans"], on="application_id")
    measured = lines.drop_nulls("measured_at")
    assert (measured["measured_at"] - measured["granted"] == 90 * DAY).all()
    assert (lines["measured_at"].is_null() == lines["utilisation"].is_null()).all()
    assert (lines.filter(pl.col("measured_at").is_null())["granted"] >= END - 90 * DAY).all()
    assert (lines["limit"] >= lines["amount"]).all()
    assert (lines["granted"] < lines["disbursed"]).all()


def test_some_tables_alone(lender: SimulatedLender) -> None:
    part = lender.only(["customers", "purchases"])
    assert set(part.frames) == {"customers", "purchases"}
    assert set(part.schema) == {"tael", "customers", "purchases"}
    assert part.schema["purchases"]["columns"]["product"]["to"] == "products"
    assert not [one for one in check(part.tables()) if one.severity == "error"]
    assert part.truth is lender.truth
    assert set(lender.frames) > set(part.frames)
    assert repr(part).startswith("SimulatedLender(customers: 5,000")


@pytest.mark.parametrize("wanted", [["purchase"], []])
def test_tables_that_are_not_there_are_named(lender: SimulatedLender, wanted: list[str]) -> None:
    with pytest.raises(TablesError) as error:
        lender.only(wanted)
    assert "only(tables=)" in str(error.value)
    assert not wanted or "purchases" in str(error.value)


def test_written_as_csv_and_read_back_in_the_encoding_of_a_chinese_bank(tmp_path: Path) -> None:
    small = simulate_lender(150, seed=2, months=12, events_per_customer=20).only(
        ["customers", "complaints", "products"]
    )
    folder = small.write(tmp_path / "lender", format="csv")
    for name in small.frames:
        path = folder / f"{name}.csv"
        path.write_bytes(path.read_text(encoding="utf-8").encode("gb18030"))
    schema = {
        name: section if name == "tael" else {**section, "file": f"{name}.csv", "encoding": "gb18030"}
        for name, section in small.schema.items()
    }
    (folder / "tables.toml").write_text(dump_schema(schema), encoding="utf-8")
    read = read_tables(folder)
    assert read["complaints"]["text"].to_list() == small.frames["complaints"]["text"].to_list()
    assert read["products"]["name"].cast(pl.String).to_list() == small.frames["products"]["name"].to_list()
