"""`tael dispose`: a word on a case, the check of the log, the table."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import polars as pl

from tael.runs.cases.audit import NAME
from tael.runs.cases.queue import Alerts


def test_the_whole_way(made_run: Any, tael_cli: Any, tmp_path: Path) -> None:
    run = Path(shutil.copytree(made_run.path, tmp_path / "run"))
    case = Alerts.read(run).alerts[0].case
    first = tael_cli("dispose", run, case, "--confirmed", "--why", "false papers", "--by", "Ann")
    assert first.code == 0, first.err
    assert "second person" in first.out
    assert tael_cli("dispose", run, case, "--confirmed", "--why", "same", "--by", "ann").code == 1
    second = tael_cli("dispose", run, case, "--confirmed", "--why", "seen", "--by", "Bo", "--lang", "zh")
    assert "两人" in second.out
    head = second.out.split()[-1]
    whole = tael_cli("dispose", run, "--verify", "--head", head)
    assert whole.code == 0
    assert "2 entries" in whole.out
    table = tmp_path / "dispositions.csv"
    assert tael_cli("dispose", run, "--table", table).code == 0
    assert pl.read_csv(table)["confirmed"].to_list() == [True]
    assert tael_cli("dispose", run, "--table", table).code == 1  # nothing is written over
    log = run / NAME
    log.write_bytes(log.read_bytes().replace(b"false papers", b"good papers!"))
    broken = tael_cli("dispose", run, "--verify")
    assert broken.code == 1
    assert "line 2" in broken.err


def test_one_thing_at_a_time(made_run: Any, tael_cli: Any) -> None:
    for arguments in ((), ("c1", "--verify"), ("c1",), ("c1", "--confirmed", "--dismissed")):
        said = tael_cli("dispose", made_run.path, *arguments)
        assert said.code == 1
        assert "to do" in said.err or "expected" in said.err
