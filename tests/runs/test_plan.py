"""What a ``scenario.toml`` may say, and how faults in it are told."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from tael.errors import ScenarioError
from tael.runs import Plan

HEAD = 'name = "x"\nentity = "loans"\ncutoff = "day"\n[label]\nformula = "count(bad, next=\'90d\') > 0"\n'


def fault(tmp_path: Path, text: str | bytes) -> str:
    path = tmp_path / "scenario.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ScenarioError) as caught:
        Plan.from_toml(path)
    assert str(path) in str(caught.value)
    assert "to do:" in str(caught.value)
    assert "pydantic" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (HEAD + "[features]\nkeeep = 3\n", ["does not know", "features.keeep", 'Did you mean "keep"?']),
        (HEAD + "[decision.limit]\nbad_rat = 0.1\n", ["decision.limit.bad_rat", 'Did you mean "bad_rate"?']),
        ("entiti = 1\n" + HEAD, ["entiti", 'Did you mean "entity"?']),
        (HEAD + "[features]\nkeep = 'many'\n", ["wrong form", "features.keep = 'many'", "a valid integer"]),
        (HEAD + "[features]\nkeep = 0\n", ["features.keep = 0", "greater than or equal to 1"]),
        (HEAD + "[split]\nfolds = 1\n", ["split.folds = 1"]),
        (HEAD + "[decision]\nlimit = { bad_rate = 8 }\n", ["decision.limit.bad_rate = 8", "less than or equal to 1"]),
        (HEAD + "[decision]\nlgd = [1]\n", ["decision.lgd = [1]"]),
        (HEAD + "[decision]\nkind = 'offer'\n", ["decision.kind = 'offer'", "'approval'"]),
        (HEAD + "[model]\nmonotone = { a = 2 }\n", ["model.monotone.a = 2"]),
        (HEAD + "[decision]\nrefer_band = 'wide'\n", ["decision.refer_band = 'wide'"]),
        ('name = "x"\nentity = "loans"\ncutoff = "day"\n', ["lacks a field", "label"]),
        (HEAD.replace('cutoff = "day"\n', ""), ["state one of cutoff, every and at; got none"]),
        (HEAD.replace('"day"\n', '"day"\nevery = "1mo"\n'), ["got cutoff and every"]),
        (HEAD + "[label]\n", ["no valid TOML", "line"]),
        ("name = \n", ["no valid TOML", "line 1"]),
        (HEAD.encode().replace(b'"x"', "是否授信".encode("gb18030")), ["not written in UTF-8"]),
    ],
)
def test_faults(tmp_path: Path, text: str | bytes, told: list[str]) -> None:
    said = fault(tmp_path, text)
    for part in told:
        assert part in said


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    said = fault(tmp_path, HEAD + "[features]\nkeep = 0\nwindow = 3\n[split]\nfolds = 'x'\n")
    assert "features.window" in said
    assert "features.keep" in said
    assert "split.folds" in said


def test_a_file_saved_by_a_windows_editor_is_read(tmp_path: Path) -> None:
    (tmp_path / "scenario.toml").write_bytes(b"\xef\xbb\xbf" + HEAD.replace("\n", "\r\n").encode())
    assert Plan.from_toml(tmp_path / "scenario.toml").name == "x"


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="There is no scenario here"):
        Plan.from_toml(tmp_path / "scenario.toml")


def test_a_plan_survives_its_own_dictionary(tmp_path: Path) -> None:
    text = HEAD.replace('"day"\n', '"day"\nstart = 2023-01-01T12:00:00\nend = 2024-01-01\n') + (
        "[decision]\nrefer_band = [0.01, 0.02]\nsegment = 'city'\nsegment_caps = { a = 0.5, b = 10 }\n"
    )
    (tmp_path / "scenario.toml").write_text(text)
    plan = Plan.from_toml(tmp_path / "scenario.toml")
    again: Any = Plan.from_dict(plan.to_dict())
    assert again == plan
    assert type(again.decision.segment_caps["b"]) is int
    assert again.decision.refer_band == (0.01, 0.02)


def test_a_date_as_end_holds_the_whole_day_in_the_bundle_too(tmp_path: Path) -> None:
    (tmp_path / "scenario.toml").write_text(HEAD.replace('"day"\n', '"day"\nend = 2024-01-01\n'))
    plan = Plan.from_toml(tmp_path / "scenario.toml")
    assert type(plan.end) is type(Plan.from_dict(plan.to_dict()).end) is date
    quoted = Plan.from_dict(plan.to_dict() | {"end": "2024-01-01", "at": (), "start": "2023-01-01T10:00:00"})
    assert (quoted.end, quoted.start) == (date(2024, 1, 1), datetime(2023, 1, 1, 10))
