from __future__ import annotations

import re
from pathlib import Path

from tael.validation.findings import Verdict
from tael.validation.metrics import Metric
from tael.validation.verdict_table import ADVICE, Finding, advised, judge_scores, naming
from tael.validation.words import Words

ROOT = Path(__file__).resolve().parents[2]


def judged(train: float, validation: float, test: float, kind: str = "out_of_time", chance: float = 0.0) -> list[str]:
    scores = {"train": train, "validation": validation, "out_of_time": test}
    found: list[Finding] = judge_scores(
        {part: Metric(v, v - 0.02, v + 0.02) for part, v in scores.items()},
        name=Words("R2", "R2"), chance=chance, too_good=0.9999, kind=kind, n={},
    )  # fmt: skip
    assert all(one.text("zh") and one.what_to_do("en") and one.level == one.severity for one in found)
    return [one.code for one in found]


def test_each_fault_has_its_code() -> None:
    assert judged(0.62, 0.60, 0.60) == ["TAEL-V01"]
    assert judged(0.99, 0.60, 0.60) == ["TAEL-V02"]
    assert judged(1.0, 1.0, 1.0) == ["TAEL-V03"]
    assert judged(0.62, 0.60, 0.40) == ["TAEL-V04"]
    assert judged(0.01, 0.01, 0.01) == ["TAEL-V05"]
    assert judged(0.62, 0.60, 0.60, kind="random") == ["TAEL-V01", "TAEL-V08"]


def test_every_code_has_its_place_on_the_page() -> None:
    page = (ROOT / "docs" / "checks.md").read_text(encoding="utf-8")
    headed = set(re.findall(r"^## (TAEL-V\d\d)$", page, re.MULTILINE))
    files = ("verdict.py", "verdict_table.py")
    source = "".join((ROOT / "src/tael/validation" / file).read_text(encoding="utf-8") for file in files)
    assert headed == set(re.findall(r'"(TAEL-V\d\d)"', source)) >= set(ADVICE)


def test_a_high_area_that_no_column_explains_is_asked_about_and_not_called_a_leak() -> None:
    leak = Finding("TAEL-V03", "leaking", "serious", Words("Too good.", "太好。"), ADVICE["TAEL-V03"])
    over = Finding("TAEL-V02", "over-fitted", "warning", Words("Falls.", "下降。"), ADVICE["TAEL-V02"])
    assert "collected" in naming([leak], ["collected"], 1.0)[0].what_to_do()
    assert [one.code for one in naming([leak], [], 0.975)] == ["TAEL-V01"]
    assert [one.code for one in naming([leak, over], [], 0.975)] == ["TAEL-V02"]
    assert [one.code for one in naming([leak], [], 1.0)] == ["TAEL-V03"]


def test_a_test_drawn_by_lot_is_not_called_out_of_time() -> None:
    said = Verdict("TAEL-V01", "sound", "good", Words("On out-of-time data.", "跨期测试集上。"), Words("?", "？"))
    assert advised(said, "random").words == Words("On test data.", "测试集上。")
    assert advised(said).words == said.words
