"""Movements are counted twice, and a page whose two counts differ is not written."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tael.engine import Engine
from tael.errors import RunError
from tael.runs.cases.movements import movements, recounted
from tael.runs.cases.queue import Alerts
from tael.tables import read_tables

FORMULAS = (
    'fan_out(transfers, last="30d")',
    'count(logins, last="7d")',
    'sum(transfers.amount, last="10d", via="sender")',
)


def test_both_ways_agree_and_a_difference_is_refused(watch: Any) -> None:
    alerts = Alerts.read(watch.run)
    engine = Engine(read_tables(watch.tables), "accounts")
    for alert in alerts.alerts:
        row = alerts.frame[alert.row]
        seen = engine.observe(row.select("account_id", "cutoff"))
        cutoff = int(seen.cutoff[0])
        found = movements(engine, [engine.bind(text) for text in FORMULAS], seen)
        assert [one.table for one in found][:1] == ["transfers"]
        for one in found:
            again = recounted(engine, one, row["account_id"][0], cutoff)
            assert again is not None
            assert again.n == len(one.rows)
            if one.ends:
                assert again.n_in + again.n_out == again.n
                assert again.n_out == one.outgoing(engine).sum()
                assert again.amount == pytest.approx(again.amount_in + again.amount_out)
        if len(found[0].rows):
            with pytest.raises(RunError, match="counted again"):
                recounted(engine, replace(found[0], rows=found[0].rows[1:]), row["account_id"][0], cutoff)
