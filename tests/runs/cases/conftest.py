"""One small run of alerts on simulated laundering, made once for all tests of case files."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from tael.datasets.laundering import simulate_laundering
from tael.scenarios.project import run_project

SCENARIO = """
name = "watch"
title = { en = "Watch", zh = "监测" }
entity = "accounts"
at = ["2025-02-10", "2025-02-24", "2025-03-10", "2025-03-22"]

[label]
formula = 'count(reports, next="7d") > 0'

[split]
out_of_time = "2025-03-15"
validation = 0.3
folds = 2

[features]
windows = ["30d"]
keep = 4
max_up = 0
max_down = 1
search_rows = 400
budget = { candidates = 20 }
forbid = ["reports", "dispositions", "alerts"]
[features.force]
fan_out = 'fan_out(transfers, last="30d")'
through = 'pass_through(transfers.amount, within="2d", last="30d")'
cycles3 = 'cycles(transfers, length=3, within="10d", last="60d")'
logins7 = 'count(logins, last="7d")'
small_paid = 'count(transfers, where=amount < 500, last="30d", via="sender")'
paid = 'sum(transfers.amount, last="30d", via="sender")'

[model]
members = ["linear"]

[decision]
kind = "alerts"
capacity = 6
per = "day"
value = 20000
review_cost = 30
floor = -1e9
currency = "CNY"
"""


@dataclass(frozen=True)
class Watch:
    """A run and its tables; tests copy what they change.

    Attributes
    ----------
    run, tables : Path
    """

    run: Path
    tables: Path

    def copy(self, folder: Path) -> Path:
        """The run folder once more, to write a log into."""
        return Path(shutil.copytree(self.run, folder / "run"))


@pytest.fixture(scope="session")
def watch(tmp_path_factory: pytest.TempPathFactory) -> Watch:
    """The run."""
    base = tmp_path_factory.mktemp("watch")
    bank = simulate_laundering(700, 90, seed=5, gangs=14, sizes=(4, 8), transfers_per_account=20, missed=0.0)
    tables = bank.write(base / "project")
    (tables / "scenario.toml").write_text(SCENARIO, encoding="utf-8")
    made = run_project(str(tables), base / "runs", n_jobs=1)
    return Watch(made.path, tables)
