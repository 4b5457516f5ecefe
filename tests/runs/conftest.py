"""One small run of gangs on simulated laundering, made once for all tests of runs that look at gangs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tael.datasets.laundering import simulate_laundering
from tael.scenarios.project import run_project

GANGS = """
name = "gangs-small"
title = { en = "Gangs", zh = "团伙" }
entity = "transfers"
at = ["2025-03-03", "2025-03-17", "2025-03-31", "2025-04-14", "2025-04-28", "2025-07-01", "2025-07-15"]
where = 'days_since(at) <= 28 and amount >= 200 and channel != "card" and channel != "api" and \
count(reports, via="sender") == 0 and count(reports, via="receiver") == 0'

[label]
formula = 'count(reports, next="60d", via="sender") > 0 and count(reports, next="60d", via="receiver") > 0'

[split]
out_of_time = "2025-06-30"
validation = 0.3
groups = "cutoff"
folds = 2

[features]
search = false
[features.force]
through = 'pass_through(transfers.amount, within="1d", last="28d", via="receiver")'
came = 'fan_in(transfers, last="28d", via="receiver")'
met = 'new_counterparties(transfers, last="14d", via="sender")'
gap = 'gap_mean(transfers, last="28d", via="receiver.receiver")'
devices = 'top_share(transfers.device, last="28d", via="sender.sender")'

[model]
members = ["linear"]

[decision]
kind = "gangs"
capacity = 3
quiet_days = 10
case = ['last(reports.case, next="60d", via="sender")', 'last(reports.case, next="60d", via="receiver")']
typology = "sender.typology"
today = 'count(alerts, last="30d", via="sender") * count(alerts, last="30d", via="receiver")'
thresholds = [0.02, 0.1]
withins = ["7d"]
rounds = [0]
value = 0.2
fine = 1000
review_cost = 100
currency = "CNY"
"""


@dataclass(frozen=True)
class GangRun:
    """A run and its tables; tests copy what they change.

    Attributes
    ----------
    run, tables : Path
    """

    run: Path
    tables: Path


@pytest.fixture(scope="session")
def gang_run(tmp_path_factory: pytest.TempPathFactory) -> GangRun:
    """The run."""
    base = tmp_path_factory.mktemp("gangs")
    bank = simulate_laundering(600, 260, seed=4, gangs=24, sizes=(4, 8), transfers_per_account=25, missed=0.0)
    tables = bank.write(base / "project")
    (tables / "scenario.toml").write_text(GANGS, encoding="utf-8")
    made = run_project(str(tables), base / "runs", n_jobs=1)
    return GangRun(made.path, tables)
