"""The audit log: every change to it shows, and nothing is added to a broken one."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tael.errors import RunError
from tael.runs.cases.audit import NAME, Entry, append, beginning, digest, person, read_log, verify

MODEL = "m1"


def stated(case: str = "c1", **changes: str) -> dict[str, str]:
    base = {
        "case": case, "key": "7", "cutoff": "2025-03-22T00:00:00", "verdict": "dismissed", "why": "工资 salary",
        "by": "Ann",
    }  # fmt: skip
    return base | changes


def add(run: Path, **changes: str) -> Entry:
    return append(run, MODEL, lambda entries: stated(**changes))


@pytest.fixture
def log(tmp_path: Path) -> Path:
    for k in range(4):
        add(tmp_path, case=f"c{k}")
    return tmp_path


def test_a_chain_from_the_model_on(log: Path) -> None:
    entries = read_log(log, MODEL)
    assert [entry.n for entry in entries] == [1, 2, 3, 4]
    assert entries[0].previous == beginning(MODEL)
    assert [entry.previous for entry in entries[1:]] == [digest(entry.line()) for entry in entries[:-1]]
    assert verify(log, MODEL) == (4, digest(entries[-1].line()))
    assert verify(log.parent / "none", MODEL) == (0, beginning(MODEL))
    assert (log / NAME).read_bytes() == b"".join(entry.line() for entry in entries)


@settings(max_examples=60)
@given(data=st.data())
def test_any_changed_byte_is_found(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    run = tmp_path_factory.mktemp("log")
    for k in range(3):
        add(run, case=f"c{k}")
    content = bytearray((run / NAME).read_bytes())
    last = content.rfind(b"\n", 0, len(content) - 1) + 1
    # of the last line only its form can be judged: what it says is sealed by the next entry, or by its hash elsewhere
    place = data.draw(st.integers(0, last - 1))
    other = data.draw(st.integers(0, 255).filter(lambda value: value != content[place]))
    content[place] = other
    (run / NAME).write_bytes(bytes(content))
    with pytest.raises(RunError, match="line"):
        verify(run, MODEL)


@pytest.mark.parametrize("way", ["dropped", "moved", "doubled", "inserted", "torn", "retyped", "empty line"])
def test_broken_lines_are_named(log: Path, way: str) -> None:
    path = log / NAME
    lines = path.read_bytes().splitlines(keepends=True)
    text = json.loads(lines[1])
    changed = {
        "dropped": [lines[0], *lines[2:]],
        "moved": [lines[1], lines[0], *lines[2:]],
        "doubled": [lines[0], lines[0], *lines[1:]],
        "inserted": [lines[0], json.dumps(text | {"why": "x"}).encode() + b"\n", *lines[1:]],
        "torn": [*lines[:3], lines[3][:40]],
        "retyped": [lines[0], json.dumps(text).encode() + b"\n", *lines[2:]],
        "empty line": [lines[0], b"\n", *lines[1:]],
    }[way]
    path.write_bytes(b"".join(changed))
    number = {"moved": 1, "torn": 4}.get(way, 2)
    with pytest.raises(RunError, match=rf"broken: line {number} "):
        verify(log, MODEL)
    before = path.read_bytes()
    with pytest.raises(RunError, match="broken"):
        add(log)
    assert path.read_bytes() == before


def test_lines_cut_off_are_found_by_a_hash_that_was_written_down(log: Path) -> None:
    head = verify(log, MODEL)[1]
    add(log, case="c9")
    assert verify(log, MODEL, head=head[:16])[0] == 5
    path = log / NAME
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:2]))
    assert verify(log, MODEL)[0] == 2
    with pytest.raises(RunError, match="cut off"):
        verify(log, MODEL, head=head)
    with pytest.raises(RunError, match="8 digits"):
        verify(log, MODEL, head=head[:4])


def test_another_models_log_is_refused(log: Path) -> None:
    with pytest.raises(RunError, match="line 1"):
        verify(log, "m2")


def test_a_clock_that_went_back(log: Path) -> None:
    with pytest.raises(RunError, match="clock"):
        append(log, MODEL, lambda entries: stated(), now=datetime(2000, 1, 1, tzinfo=UTC))


def test_a_refusal_leaves_the_log_as_it_was(log: Path) -> None:
    before = (log / NAME).read_bytes()

    def refuse(entries: list[Entry]) -> dict[str, str]:
        raise RunError("no")

    with pytest.raises(RunError, match="no"):
        append(log, MODEL, refuse)
    assert (log / NAME).read_bytes() == before


def test_many_write_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        written = list(pool.map(lambda k: add(tmp_path, by=f"p{k}"), range(24)))
    assert sorted(entry.n for entry in written) == list(range(1, 25))
    assert verify(tmp_path, MODEL)[0] == 24


def test_names_are_compared_as_people_read_them() -> None:
    assert person("Ann  Lee") == person(" ann lee ")
    assert person("Ann") != person("Anna")
