"""The model document's governance parts: the definition of bad, rejected applicants, segments, fairness."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tael.reports.document import build_document
from tael.reports.document.to_html import to_html
from tael.reports.document.tree import Cell, Table


def both(en: str) -> dict[str, str]:
    return {"en": en, "zh": f"中文 {en}"}


GOVERNANCE: dict[str, Any] = {
    "vintages": {"sentences": [both("No vintage stands out.")]},
    "roll_rates": {"sentences": [both("Of those 1-30 days late, 39.8% were worse a month later.")]},
    "bad_definitions": {
        "sentences": [both("Sixty days are enough.")],
        "worst": 90,
        "table": [
            {"days_past_due": 60, "within": 6, "rate": 0.155, "rate_low": 0.14, "rate_high": 0.17, "rolled": 0.913,
             "rolled_low": 0.8, "rolled_high": 0.95, "cured": 0.13, "written_off": None}
        ],
    },
    "reject_inference": {
        "sentences": [both("The bad rate lies between 27.2% and 37.6%.")],
        "methods": [
            {"method": "fuzzy", "title": both("fuzzy augmentation"), "assumes": both("missing at random"),
             "bad_rate": 0.275, "low": 0.26, "high": 0.289, "rejected_bad_rate": 0.279, "approved_bad_rate": 0.136}
        ],
    },
    "segments": [
        {
            "name": "channel",
            "sentences": [both("The model ranks less well on the phone.")],
            "groups": [
                {"group": "phone", "n": 900, "rate": 0.288, "low": 0.259, "high": 0.318, "mean_p": 0.267,
                 "roc_auc": 0.504, "roc_auc_low": 0.462, "roc_auc_high": 0.547, "weak": "ranking"},
                {"group": "(missing)", "n": 9, "rate": None, "mean_p": 0.2, "roc_auc": None, "small": True},
            ],
        }
    ],
    "robustness": {"table": [{"noise": "jitter", "size": 0.05, "roc_auc": 0.754, "loss": -0.0001}]},
    "fairness": [
        {
            "attribute": "sex",
            "reference": "m",
            "sentences": [both("0.47 is below the mark of 0.8.")],
            "groups": [{"group": "f", "n": 1219, "selection_rate": 0.258, "impact_ratio": 0.47,
                        "impact_ratio_low": 0.43, "impact_ratio_high": 0.52}],
            "proxies": {"features": [{"feature": "income", "attribute_auc": 0.699, "score_share": 0.99}]},
        }
    ],
}  # fmt: skip


def tables(run: dict[str, Any], lang: str) -> dict[str, Table]:
    found = [b for c in build_document(run, lang).chapters for b in c.blocks if isinstance(b, Table)]
    return {table.caption: table for table in found}


def cells(table: Table, row: int) -> list[str]:
    return [f"{c.text} [{c.below}]" if isinstance(c, Cell) else c for c in table.rows[row]]


def test_figures_stand_with_their_intervals(run: dict[str, Any]) -> None:
    found = tables(run | GOVERNANCE, "en")
    first = cells(found["Candidate definitions of bad"], 0)
    assert first[0] == "60 days late within 6 months"
    assert first[2] == "91.3\u00a0% [80.0\u00a0% to 95.0\u00a0%]"
    assert first[4] == "– []"
    weak, few = (cells(found["Performance by channel"], k) for k in (0, 1))
    assert weak[4:] == ["0.504 [0.462 to 0.547]", "ranks worse"]
    assert (few[0], few[-1]) == ("no value", "too few to say")
    assert cells(found["Decisions by sex"], 0)[3] == "0.47 [0.43 to 0.52]"
    assert cells(found["Features that speak of sex"], 0)[1] == "0.699 []"
    assert cells(found["What noise in the inputs costs"], 0) == ["numbers shaken by 5\u00a0%", "0.754", "0.000"]
    method = cells(found["What each assumption about the rejected gives"], 0)
    assert method[0] == "fuzzy augmentation [missing at random]"
    assert method[1] == "27.5\u00a0% [26.0\u00a0% to 28.9\u00a0%]"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_what_the_run_says_in_words_is_told_in_the_document_s_language(run: dict[str, Any], lang: str) -> None:
    page = to_html(build_document(run | GOVERNANCE, lang))
    for said in ("No vintage stands out.", "Sixty days are enough.", "0.47 is below the mark of 0.8."):
        assert (f"中文 {said}" in page) == (lang == "zh")
        assert said in page
    if lang == "zh":
        assert all(re.search("[一-鿿]", caption) for caption in tables(run | GOVERNANCE, lang))


def test_without_them_each_part_says_so(run: dict[str, Any]) -> None:
    page = to_html(build_document(run))
    for said in (
        "Vintages and roll rates behind the definition of bad",
        "Reject inference",
        "Performance by segment",
        "Decisions by protected group, and proxies",
    ):
        assert f"{said}: not part of this run." in page
        assert f"{said}: not part of this run." not in to_html(build_document(run | GOVERNANCE))


@pytest.mark.parametrize("wrong", [None, [], {}, 3, "x", [3, None], {"table": 3, "methods": "x", "sentences": 5}])
def test_odd_values_are_no_fault(run: dict[str, Any], wrong: Any) -> None:
    for key in GOVERNANCE:
        build_document(run | GOVERNANCE | {key: wrong})
    build_document(run | {"segments": [{"groups": wrong, "sentences": wrong}], "fairness": [{"proxies": wrong}]}, "zh")
