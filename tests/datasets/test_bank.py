from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from tael.datasets import SimulatedBank, simulate_bank
from tael.errors import TablesError

TABLES = {
    "applications",
    "customers",
    "loans",
    "instalments",
    "delinquencies",
    "transactions",
    "app_events",
    "bureau_enquiries",
    "external_scores",
    "devices",
    "device_links",
    "contacts",
}
END = datetime(2024, 1, 1)


def test_the_same_seed_gives_the_same_bank() -> None:
    first, again, other = (simulate_bank(300, seed=seed) for seed in (5, 5, 6))
    assert set(first.frames) == TABLES
    for name, frame in first.frames.items():
        assert_frame_equal(frame, again.frames[name])
        assert not frame.equals(other.frames[name]), name
    assert_frame_equal(first.truth.frame, again.truth.frame)


@pytest.mark.parametrize("n", [100, 201, 302, 1_003])
def test_there_are_exactly_two_applications_for_each_customer(n: int) -> None:
    assert len(simulate_bank(n, months=12).frames["applications"]) == 2 * n


@pytest.mark.parametrize("events", [40, 100, 200])
def test_the_number_of_events_is_about_what_was_asked_for(events: int) -> None:
    frames = simulate_bank(1_000, seed=2, events_per_customer=events).frames
    total = sum(len(frames[name]) for name in ("transactions", "app_events", "bureau_enquiries"))
    assert total == pytest.approx(1_000 * events, rel=0.1)


def test_small_banks_and_other_periods_work() -> None:
    bank = simulate_bank(1_000, seed=3, start="2019-07-01", months=18)
    applied = bank.frames["applications"]["applied"]
    assert applied.min() >= datetime(2019, 7, 1)  # type: ignore[operator]
    assert applied.max() < datetime(2021, 1, 1)  # type: ignore[operator]
    assert applied.max() > datetime(2020, 12, 1)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("n_customers", 5),
        ("seed", -1),
        ("events_per_customer", 3),
        ("start", "2022-01-15"),
        ("start", "yesterday"),
        ("months", 6),
        ("months", 300),
    ],
)
def test_arguments_out_of_range_are_refused_by_name(argument: str, value: int | str) -> None:
    with pytest.raises(TablesError) as error:
        simulate_bank(**{"n_customers": 100, argument: value})  # type: ignore[arg-type]
    assert f"simulate_bank({argument}=)" in str(error.value)
    assert repr(value) in str(error.value)


def test_the_schema_names_every_column_and_says_simulated(bank: SimulatedBank) -> None:
    assert bank.schema["tael"]["simulated"] is True
    assert set(bank.schema) == {"tael", *bank.frames}
    for name, frame in bank.frames.items():
        section = bank.schema[name]
        assert list(section["columns"]) == frame.columns, name
        assert all(column["title"]["en"] and column["title"]["zh"] for column in section["columns"].values())


def test_keys_are_unique_and_relations_hold(bank: SimulatedBank) -> None:
    for name, frame in bank.frames.items():
        section = bank.schema[name]
        if "key" in section:
            assert frame[section["key"]].null_count() == 0
            assert frame[section["key"]].is_unique().all(), name
        for column, promise in section["columns"].items():
            if promise.get("to") in bank.frames:
                target = bank.frames[promise["to"]][bank.schema[promise["to"]]["key"]]
                assert frame[column].is_in(target.implode()).all(), (name, column)


def test_values_keep_their_bounds(bank: SimulatedBank) -> None:
    for name, frame in bank.frames.items():
        for column, promise in bank.schema[name]["columns"].items():
            if promise.get("type") != "number":
                continue
            values = frame[column].drop_nulls()
            values = values.filter(~values.is_in(pl.Series(promise.get("special", []), dtype=values.dtype).implode()))
            assert values.is_nan().sum() == 0 if values.dtype.is_float() else True
            low, high = promise.get("min", -np.inf), promise.get("max", np.inf)
            assert values.is_between(low, high).all(), (name, column)


def test_nothing_is_known_before_it_happened_or_after_the_end(bank: SimulatedBank) -> None:
    for name, frame in bank.frames.items():
        section = bank.schema[name]
        if "time" not in section:
            continue
        time = frame[section["time"]]
        known = frame[section.get("known_at", section["time"])]
        assert time.null_count() == 0
        assert known.null_count() == 0
        assert (known >= time).all(), name
        assert known.max() < END, name
    assert bank.frames["instalments"]["paid"].max() < END  # type: ignore[operator]
    assert bank.frames["loans"]["settled_on"].max() < END  # type: ignore[operator]


def test_values_that_become_known_later_come_and_go_together(bank: SimulatedBank) -> None:
    loans, instalments = bank.frames["loans"], bank.frames["instalments"]
    assert (loans["settled_on"].is_null() == loans["status"].is_null()).all()
    assert (instalments["paid"].is_null() == instalments["amount_paid"].is_null()).all()
    assert set(loans["status"].drop_nulls().unique()) == {"settled", "settled early", "written off"}


def test_some_rows_arrive_late(bank: SimulatedBank) -> None:
    transactions, enquiries = bank.frames["transactions"], bank.frames["bureau_enquiries"]
    delay = transactions["posted_at"] - transactions["booked"]
    assert 0.05 < (delay > timedelta(hours=2)).mean() < 0.2  # type: ignore[operator]
    assert 0.01 < (delay > timedelta(days=1)).mean() < 0.05  # type: ignore[operator]
    assert ((enquiries["reported_at"] - enquiries["enquired"]) > timedelta(days=7)).mean() > 0.03  # type: ignore[operator]


def test_night_is_what_it_says(bank: SimulatedBank) -> None:
    hour = bank.frames["transactions"]["booked"].dt.hour()
    assert (((hour >= 23) | (hour < 5)) == bank.frames["transactions"]["night"]).all()


def test_rates_are_those_of_a_lender(bank: SimulatedBank) -> None:
    truth = bank.truth.frame
    assert 0.7 <= truth["disbursed"].mean() <= 0.8  # type: ignore[operator]
    assert 0.08 <= truth["defaulted"].drop_nulls().mean() <= 0.15  # type: ignore[operator]
    applied = bank.frames["applications"]["applied"]
    assert 0.1 < (applied > END - timedelta(days=180)).mean() < 0.3  # type: ignore[operator]


def test_seasons_show(bank: SimulatedBank) -> None:
    online = bank.frames["transactions"].filter(pl.col("kind") == "online shopping")
    by_day = online.group_by(pl.col("booked").dt.date()).len().sort("booked")
    peak = by_day.filter((pl.col("booked").dt.month() == 11) & pl.col("booked").dt.day().is_between(8, 12))
    usual = by_day.filter(pl.col("booked").dt.month().is_in([9, 10]))
    assert peak["len"].mean() > 2.5 * usual["len"].mean()  # type: ignore[operator]
    channel = (
        bank.frames["applications"].group_by(pl.col("applied").dt.year()).agg((pl.col("channel") == "partner").mean())
    )
    early, late = channel.sort("applied")["channel"]
    assert late > early + 0.05


def days(delta: timedelta) -> float:
    return delta / timedelta(days=1)


def plain_drivers(bank: SimulatedBank, application: dict) -> dict[str, float | None]:
    """Recompute the planted drivers of one application row by row, as the definition reads."""
    customer, cutoff = application["customer_id"], application["applied"]

    def rows(table: str) -> list[dict]:
        return bank.frames[table].filter(pl.col("customer_id") == customer).to_dicts()

    def since(n: int) -> datetime:
        return cutoff - timedelta(days=n)

    seen = [r for r in rows("bureau_enquiries") if r["enquired"] < cutoff and r["reported_at"] < cutoff]
    month, half = (sum(r["enquired"] >= since(n) for r in seen) for n in (30, 180))
    moved = [r for r in rows("transactions") if r["booked"] < cutoff and r["posted_at"] < cutoff]
    out = [r for r in moved if r["direction"] == "out" and r["booked"] >= since(90)]
    risky = [r for r in out if r["kind"] == "game" or (r["kind"] == "atm" and r["night"])]
    pay90, pay180 = (
        sum(r["amount"] for r in moved if r["kind"] == "salary" and r["booked"] >= since(n)) for n in (90, 180)
    )
    late = []
    for loan in rows("loans"):
        for r in bank.frames["instalments"].filter(pl.col("loan_id") == loan["loan_id"]).to_dicts():
            if r["due"] < cutoff and r["paid"] is not None and r["paid"] < cutoff:
                late.append(days(r["paid"] - r["due"]))
    same = bank.frames["applications"].filter(pl.col("device_id") == application["device_id"]).to_dicts()
    others = [r for r in same if r["customer_id"] != customer and since(30) <= r["applied"] < cutoff]
    logins = [r["time"] for r in rows("app_events") if r["event"] == "login" and r["time"] < cutoff]
    return {
        "enquiry_share": month / half if half else None,
        "risky_share": len(risky) / len(out) if out else None,
        "days_late": sum(late) / len(late) if late else None,
        "salary_share": pay90 / pay180 if pay180 else None,
        "device_others": float(len(others)),
        "login_gap": days(cutoff - max(logins)) if logins else None,
    }


def test_the_planted_truth_is_in_the_tables_and_before_the_application(bank: SimulatedBank) -> None:
    """The truth frame against a slow plain computation from the frames alone."""
    both = bank.frames["applications"].join(bank.truth.frame, on="application_id")
    enquiries = both.join(bank.frames["bureau_enquiries"], on="customer_id")
    pending = enquiries.filter(pl.col("applied").is_between("enquired", "reported_at"))["application_id"].unique()
    some = pl.concat(
        [
            both.sample(40, seed=1),
            both.filter(pl.col("days_late").is_not_null()).sample(20, seed=1),
            both.filter(pl.col("device_others") > 1).sample(20, seed=1),
            both.filter(pl.col("application_id").is_in(pending.implode())).sample(20, seed=1),
        ]
    )
    for application in some.to_dicts():
        for name, value in plain_drivers(bank, application).items():
            planted = application[name]
            where = (application["application_id"], name)
            assert (value is None) == (planted is None), where
            if value is not None:
                assert planted == pytest.approx(value, rel=1e-9, abs=1e-9), where


def test_the_outcome_can_be_read_off_the_loans(bank: SimulatedBank) -> None:
    """Sixty days late within 180 days of the application, from `delinquencies` and from `instalments`."""
    frames = bank.frames
    loans = frames["loans"].join(frames["applications"].select("application_id", "applied"), on="application_id")
    limit = pl.col("applied") + pl.duration(days=180)
    marks = frames["delinquencies"].join(loans, on="loan_id").filter(pl.col("reached") < limit)
    marked = marks.filter(pl.col("days_past_due") == 60)["application_id"].unique()
    reached = pl.col("due") + pl.duration(days=60)
    unpaid = pl.col("paid").is_null() | (pl.col("paid") > reached)
    late = frames["instalments"].join(loans, on="loan_id").filter(unpaid & (reached < limit) & (reached < END))
    truth = bank.truth.frame.drop_nulls("defaulted")
    bad = truth.filter("defaulted")["application_id"]
    assert set(bad) == set(marked.filter(marked.is_in(truth["application_id"].implode())))
    assert set(bad) == set(late["application_id"]) & set(truth["application_id"])


def test_linked_tables_tell_far_more_than_parents(bank: SimulatedBank) -> None:
    truth = bank.truth.frame.drop_nulls("defaulted").join(bank.frames["applications"], on="application_id")
    truth = truth.join(bank.frames["customers"], on="customer_id").sort("applied")
    y = truth["defaulted"].to_numpy()
    parents = truth.select(
        pl.col("age", "amount", "term_months", "annual_rate"),
        pl.col("income").is_null().alias("no_income"),
        pl.col("income").fill_null(pl.col("income").median()).log(),
        pl.col("purpose", "channel", "education", "employer_type", "housing", "marital_status").cast(pl.String),
    ).to_dummies(pl.selectors.string())
    X = parents.to_numpy().astype(float)
    X = (X - X.mean(axis=0)) / np.maximum(X.std(axis=0), 1e-9)
    cut = int(0.6 * len(y))
    model = LogisticRegression(C=0.05, max_iter=500).fit(X[:cut], y[:cut])
    assert 0.55 < roc_auc_score(y[cut:], model.predict_proba(X[cut:])[:, 1]) < 0.67
    assert 0.79 < roc_auc_score(y, truth["default_probability"]) < 0.87
    for driver, sign in [("enquiry_share", 1), ("risky_share", 1), ("days_late", 1), ("salary_share", -1),
                         ("device_others", 1), ("login_gap", 1)]:  # fmt: skip
        known = truth.drop_nulls(driver)
        assert roc_auc_score(known["defaulted"], sign * known[driver]) > 0.54, driver
    assert set(bank.truth.words) <= set(bank.truth.frame.columns)
    assert not set(bank.truth.words) & {column for frame in bank.frames.values() for column in frame.columns}


def test_the_probability_is_true(bank: SimulatedBank) -> None:
    truth = bank.truth.frame.drop_nulls("defaulted")
    for low, high in [(0, 0.05), (0.05, 0.2), (0.2, 1)]:
        part = truth.filter(pl.col("default_probability").is_between(low, high))
        p, defaulted = part["default_probability"].to_numpy(), part["defaulted"].to_numpy()
        assert abs(defaulted.sum() - p.sum()) < 4 * np.sqrt((p * (1 - p)).sum())


def test_progress_goes_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    simulate_bank(100, months=12, progress=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert "Simulating" in err
