"""What is said of a queue: whether it pays, is ahead, and is blind to a typology."""

from __future__ import annotations

from typing import Any

from tael.runs.words_alerts import is_queue, limits_words, next_steps, worries


def cell(value: float, low: float, high: float) -> dict[str, float]:
    return {"value": value, "low": low, "high": high}


def content(**edits: Any) -> dict[str, Any]:
    values = [
        {
            "policy": {"en": "chosen", "zh": "所选"}, "profit_realised": cell(90, 40, 120), "behind": cell(0, 0, 0),
            "found": {"alerts": 9},
        },
        {"policy": {"en": "by amount", "zh": "按金额"}, "behind": cell(50, 10, 80)},
    ]  # fmt: skip
    curve = [
        {"capacity": 5, "alerts": 9, "worth": cell(90, 40, 120)},
        {"capacity": 10, "alerts": 19, "worth": cell(130, 40, 220)},
    ]
    queue = {"typologies": [{"typology": "cycle", "units_found": {"chosen": 2}}], "curve": curve, "capacity": 5}
    return {"decision": {"kind": "alerts", "values": values, "queue": {**queue, **edits}}}


def test_a_good_queue_worries_nobody() -> None:
    assert is_queue(content())
    assert not is_queue({"decision": {"kind": "options"}})
    assert worries(content()) == []
    assert all(said["en"] and said["zh"] for said in limits_words(content()) + next_steps(content()))
    assert any("10 more alerts would have brought 40" in said["en"] for said in next_steps(content()))


def test_what_is_not_sure_is_said() -> None:
    told = content(typologies=[{"typology": "structuring", "units_found": {"chosen": 0}}])
    told["decision"]["values"][0]["profit_realised"] = cell(5, -3, 20)
    told["decision"]["values"][1]["behind"] = cell(-9, -20, -1)
    said = [one["en"] for one in worries(told)]
    assert "may not pay" in said[0]
    assert "surely worth less" in said[1]
    assert "structuring" in said[2]


def test_at_the_end_of_the_curve_no_more_is_asked() -> None:
    assert len(next_steps(content(capacity=10))) == 2
