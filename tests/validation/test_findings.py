from __future__ import annotations

import itertools

import pytest

from tael.validation.findings import Severity, Verdict, in_order
from tael.validation.metrics import Metric
from tael.validation.verdict import judge
from tael.validation.verdict_table import advised, asking
from tael.validation.words import Words

SAID = Words("seen", "所见")
TOLD: tuple[tuple[str, Severity], ...] = (
    ("TAEL-V03", "serious"),
    ("TAEL-V04", "serious"),
    ("TAEL-V10", "warning"),
    ("TAEL-V06", "warning"),
    ("TAEL-V04", "warning"),
    ("TAEL-V02", "warning"),
    ("TAEL-V01", "good"),
    ("TAEL-V02", "note"),
    ("TAEL-V08", "note"),
)


def of(code: str, severity: Severity) -> Verdict:
    return Verdict(code, code, severity, SAID, SAID)


@pytest.mark.parametrize("shift", range(len(TOLD)))
def test_the_order_is_that_of_belief_however_they_come(shift: int) -> None:
    turned = [*TOLD[shift:], *TOLD[:shift]][::-1]
    assert [(one.code, one.severity) for one in in_order([of(*told) for told in turned])] == list(TOLD)


def test_what_weighs_the_same_keeps_its_order() -> None:
    for codes in itertools.permutations(["TAEL-V01", "TAEL-V08"]):
        assert [one.code for one in in_order([of(code, "note") for code in codes])] == list(codes)


def test_a_question_stands_above_drift() -> None:
    area = {"train": 0.93, "validation": 0.92, "out_of_time": 0.86}
    found = judge({split: {"roc_auc": Metric(v, v - 0.01, v + 0.01)} for split, v in area.items()})
    assert [one.code for one in found] == ["TAEL-V04"]
    asked = asking([advised(one) for one in found], {"calls": 0.9})
    assert [one.code for one in asked] == ["TAEL-V10", "TAEL-V04"]
