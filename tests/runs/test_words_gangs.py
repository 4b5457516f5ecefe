"""What is said of gangs: whether the reports pay and are ahead, what is missed, and what the figures rest on."""

from __future__ import annotations

from typing import Any

from tael.runs.words_gangs import is_gangs, limits_words, next_steps, worries


def cell(value: float, low: float, high: float) -> dict[str, float]:
    return {"value": value, "low": low, "high": high}


def content(worth: tuple[float, float, float] = (90, 40, 120), known: int = 30, **edits: Any) -> dict[str, Any]:
    values = [
        {"policy": {"en": "chosen", "zh": "所选"}, "profit_realised": cell(*worth), "behind": cell(0, 0, 0),
         "found": {"reports": 9, "gangs": known}},
        {"policy": {"en": "by amount", "zh": "按金额"}, "behind": cell(50, 10, 80)},
    ]  # fmt: skip
    gangs = {"typologies": [{"typology": "cycle", "found": 2}], "chosen_on": "validation", **edits}
    return {"decision": {"kind": "gangs", "values": values, "gangs": gangs, "reasons": {"gang": 9, "capacity": 4}}}


def test_good_reports_worry_nobody() -> None:
    assert is_gangs(content())
    assert not is_gangs({"decision": {"kind": "alerts"}})
    assert worries(content()) == []
    assert all(said["en"] and said["zh"] for said in limits_words(content()) + next_steps(content()))
    assert any("4 further groups" in said["en"] for said in next_steps(content()))


def test_what_is_not_sure_is_said() -> None:
    told = content((5, -3, 20), known=7, typologies=[{"typology": "fan_out", "found": 0}], chosen_on="stated")
    told["decision"]["values"][1]["behind"] = cell(5, -3, 20)
    said = " ".join(one["en"] for one in worries(told))
    for words in ("may not pay", "not surely worth more", "Only 7 gangs", "fan-out", "those of the scenario"):
        assert words in said
    assert "No gang came out" in " ".join(one["en"] for one in worries(content(known=0)))
    assert all(one["zh"] for one in worries(told))
