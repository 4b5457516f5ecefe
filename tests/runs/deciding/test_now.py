"""The decision date by date: the open one of a run, and what a scoring used of each limit."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import polars as pl

from tael.decisions import OptionsPolicy
from tael.runs.deciding.now import DATES, decided_now, used_by_date
from tael.validation.words import Words


def policy(**edits: Any) -> dict[str, Any]:
    titles = [Words("leave alone", "不触达"), Words("call", "电话")]
    return OptionsPolicy(
        ["none", "call"], titles=titles, currency="USD", **({"budgets": {"cost": (None, 8.0)}} | edits)
    ).to_dict()


def decisions(*dates: datetime, split: str = "pending") -> pl.DataFrame:
    rows = [(day, split, name, cost, worth) for day in dates for name, cost, worth in [("call", 4.0, 1500.0)] * 2]
    rows += [(day, split, "none", 0.0, 0.0) for day in dates]
    return pl.DataFrame(rows, schema=["cutoff", "split", "decision", "cost", "expected_value"], orient="row")


JULY, APRIL = datetime(1998, 7, 1), datetime(1998, 4, 1)


def test_the_open_decision_is_that_of_the_latest_date() -> None:
    every = pl.concat([decisions(APRIL, split="out_of_time"), decisions(APRIL, JULY)])
    assert decided_now(every, policy()) == Words(
        "Decided now: 2 of 3 on 1998-07-01; cost 8 of 8 USD; 3,000 USD expected",
        "当前决策：1998-07-01 共 3 个，其中 2 个获得方案；成本 8 USD（上限 8）；预期价值 3,000 USD",
    )
    every_one = decided_now(every, policy(), calendar=False)  # each row has a cutoff of its own
    assert every_one is not None
    assert every_one.en.startswith("Decided now: 4 of 6 on 1998-04-01 – 1998-07-01; cost 16 of 8 USD")
    assert decided_now(decisions(APRIL, split="out_of_time"), policy()) is None


def test_every_date_says_what_it_used_of_each_limit() -> None:
    limits = {"budgets": {"hours": (None, 2.0)}, "capacities": {"call": (1.0, 5.0)}, "units": {"hours": "h"}}
    frame = decisions(APRIL, JULY, split="scored").with_columns(used_hours=pl.col("cost") / 8)
    first, second = used_by_date(frame, policy(**limits), "en")
    assert first == "2 of 3 on 1998-04-01; hours 1 of 2 h; cost 8 USD; call 2 of 5; 3,000 USD expected"
    assert second.startswith("2 of 3 on 1998-07-01")
    # a limit for so many rows is shared out
    (line,) = used_by_date(decisions(JULY), policy(batch=6.0), "en")
    assert "cost 8 of 4 USD" in line
    (line,) = used_by_date(frame.filter(cutoff=JULY), policy(**limits), "zh")
    assert "hours 1 h（上限 2）；成本 8 USD；电话 2（上限 5）" in line


def test_of_many_dates_the_latest_are_told() -> None:
    days = [datetime(2024, month, 1) for month in range(1, 11)]
    lines = used_by_date(decisions(*days), policy(), "en")
    assert lines[0] == "(4 earlier dates besides)"
    assert len(lines) == 1 + DATES
    assert "2024-10-01" in lines[-1]
