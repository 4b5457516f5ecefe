"""Holds that whatever tael's errors can say has Chinese, and that the Chinese fits what is said."""

from __future__ import annotations

import importlib.util
import re
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tael.reports.errors_zh import catalogue, chinese, sentences, words

ROOT = Path(__file__).resolve().parents[1]
SLOT = re.compile(r"\{(\d+)(?::\w+)?\}")
HALF_WIDTH = re.compile(r"[\u4e00-\u9fff][,;:?!]|[\u4e00-\u9fff]\.(?![\w.])|[,;:?!][\u4e00-\u9fff]|[\u4e00-\u9fff]\(")


@cache
def tool() -> ModuleType:
    """The tool that reads what errors say; tools/ is no package."""
    spec = importlib.util.spec_from_file_location("error_texts", ROOT / "tools" / "error_texts.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["error_texts"] = module  # its dataclasses look there for their module
    spec.loader.exec_module(module)
    return module


@cache
def said() -> dict[str, Any]:
    """Every template that the source holds."""
    texts: dict[str, Any] = tool().Source().texts()
    return texts


def test_whatever_an_error_says_has_chinese() -> None:
    missing = [f"{text.places[0]} ({text.part}): {text.template}" for text in said().values()]
    missing = [line for line, template in zip(missing, said(), strict=True) if template not in sentences()]
    assert not missing, "write their Chinese into src/tael/reports/errors_zh:\n" + "\n".join(missing)


def test_nothing_in_the_catalogue_is_said_no_more() -> None:
    held = {text for name, texts in catalogue().items() if name not in tool().BESIDE for text in texts}
    assert not held - said().keys(), "take these out of src/tael/reports/errors_zh"


def test_a_template_stands_in_the_file_of_its_room_and_nowhere_else() -> None:
    places: dict[str, list[str]] = {}
    for name, texts in catalogue().items():
        for text in texts if name != "words" else ():
            places.setdefault(text, []).append(name)
    assert not {text: names for text, names in places.items() if len(names) > 1}
    rooms = {template: text.room for template, text in said().items() if template in places}
    assert not {text: (places[text], room) for text, room in rooms.items() if places[text][0] not in (room, "made")}


def test_what_is_filled_in_is_carried_over() -> None:
    # What pydantic says ends in the name of a class of ours, which helps nobody.
    for text, zh in ((text, zh) for text, zh in sentences().items() if text not in catalogue()["pydantic"]):
        assert {int(number) for number in SLOT.findall(zh)} == set(range(text.count("{}"))), text
        assert "{}" not in zh, text


def test_the_chinese_is_punctuated_as_chinese() -> None:
    for text, zh in [*sentences().items(), *words().items()]:
        bare = re.sub(r"`[^`]*`|\"[^\"]*\"|\{[^{}]*=[^{}]*\}", "", zh)
        assert not HALF_WIDTH.search(bare), f"half-width punctuation: {zh}"
        if text.endswith(".") and not text.endswith("..") and re.search(r"[\u4e00-\u9fff]", zh):
            assert zh.endswith(("。", "）")), f"a sentence has no end: {zh}"


def test_every_template_is_told_by_its_own_chinese() -> None:
    for text, zh in sentences().items():
        parts = [str(10 + number) for number in range(text.count("{}"))]
        finished = text.format(*parts) if text.count("{") == len(parts) else _filled(text, parts)
        told = chinese(finished)
        expected = SLOT.sub(lambda slot, parts=parts: parts[int(slot[1])], zh)
        assert told is not None, text
        assert told.replace(" ", "") == expected.replace(" ", ""), text


def _filled(text: str, parts: list[str]) -> str:
    pieces = text.split("{}")
    return pieces[0] + "".join(part + piece for part, piece in zip(parts, pieces[1:], strict=True))


SOURCE = """
from tael.errors import TableError, did_you_mean

KINDS = {"a": "the first kind", "b": "the second kind"}

def refuse(problem, fix=None):
    raise TableError(problem, expected="a " + "number", fix=fix)

def word(n):
    return "one row" if n == 1 else f"{n} rows"

def ask(n, name, kind):
    if n < 0:
        refuse(f"There {'is' if n == -1 else 'are'} {name} left.", fix="Look again.")
    for bad, text in ((n > 9, "That is too many."), (n > 99, "That is far too many.")):
        if bad:
            refuse(text)
    what = KINDS[kind]
    raise TableError("No.", got=f"{what}, and more", where=f"row {n}", fix=f"Take {word(n)}. {did_you_mean(name, [])}")
"""


def test_texts_are_found_wherever_they_are_written(tmp_path: Path) -> None:
    (tmp_path / "rooms").mkdir()
    (tmp_path / "errors.py").write_text(
        "class TableError(ValueError):\n    pass\n\ndef did_you_mean(got, known):\n    return f'Did you mean {got}?'\n"
    )
    (tmp_path / "rooms" / "one.py").write_text(SOURCE)
    texts = tool().Source(tmp_path).texts()
    assert texts.keys() == {
        "There is {} left.", "There are {} left.", "a number", "Look again.", "That is too many.",
        "That is far too many.", "No.", "{}, and more", "row {}", "Take {}. {}", "one row", "{} rows",
        "Did you mean {}?",
    }  # fmt: skip
    assert (texts["one row"].room, texts["one row"].part) == ("rooms", "fix")


def test_the_tool_tells_what_is_missing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    class One:
        def texts(self) -> dict[str, Any]:
            return {"Hello {}.": tool().Text("Hello {}.", "rooms", "problem", ["rooms/one.py:3"])}

    monkeypatch.setattr(tool(), "Source", One)
    tool().main()
    shown = capsys.readouterr()
    assert shown.out.startswith("rooms/one.py:3\tproblem\tHello {}.\nno longer said")
    assert "1 texts, 1 without Chinese" in shown.err
