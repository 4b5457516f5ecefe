"""What a reader is told: one set of figures, numbers as people write them, and nothing under a wrong name."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tael.reports import build_report


def seen(run: dict[str, Any], lang: str = "en", section: str | None = None) -> str:
    page = build_report(run, lang)
    if section:
        page = page[page.index(f'<section id="{section}"') :]
        page = page[: page.index("</section>")]
    page = re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)).replace("\u00a0", " ")


def slider(run: dict[str, Any]) -> dict[str, Any]:
    found = re.search(r'id="strategy-data"[^>]*>(.*?)</script>', build_report(run), re.S)
    assert found
    return json.loads(found[1])


def test_the_slider_starts_exactly_at_the_cutoff_between_two_points(run: dict[str, Any]) -> None:
    curve = run["decision"]["curve"]
    low, high = curve["threshold"][100:102]
    run["decision"].update(cutoff=(low + high) / 2, refer=None)
    del run["decision"]["counts"]
    data = slider(run)
    assert data["cells"]["threshold"][data["start"]].replace("\u00a0", " ") == f"{50 * (low + high):.1f} %"
    assert data["x"] == sorted(data["x"])
    between = sum(curve["profit"][100:102]) / 2
    shown = data["cells"]["profit"][data["start"]]
    assert float(re.sub(r"[^\d.]", "", shown)) == pytest.approx(between / 1e6, abs=0.006)


def test_where_nobody_is_referred_the_share_approved_is_the_one_counted(run: dict[str, Any]) -> None:
    curve = run["decision"]["curve"]
    low, high = curve["approval"][100:102]
    inside = round(8000 * (0.9 * low + 0.1 * high))
    cutoff = sum(curve["threshold"][100:102]) / 2
    run["decision"].update(cutoff=cutoff, refer=None, counts={"approve": inside, "refer": 0, "decline": 8000 - inside})
    told = f"{inside / 80:.1f} %"
    assert f"{told} of the applicants lie below it" in seen(run)
    assert f"Approve {inside:,} ({told})" in seen(run)
    data = slider(run)
    assert data["cells"]["approval"][data["start"]].replace("\u00a0", " ") == told


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_sentence_tile_and_slider_say_the_same(run: dict[str, Any], lang: str) -> None:
    data = slider(run)
    summary = seen(run, lang, "summary")
    for name in ("threshold", "approval", "bad_rate", "observed_bad_rate"):
        figure = data["cells"][name][data["start"]].replace("\u00a0", " ")
        assert summary.count(figure if lang == "en" else figure.replace(" ", "")) >= 2, name
    part = "out-of-time part" if lang == "en" else "跨期测试集"
    assert part in summary
    said = run["decision"]["message"][lang]
    assert said not in summary  # counted on another part, perhaps


def test_a_person_looks_at_shares_that_add_up(run: dict[str, Any]) -> None:
    found = re.search(r"looks at ([\d.]+) % of the applicants: ([\d.]+) % from below .*? and ([\d.]+) %", seen(run))
    assert found
    whole, below, above = map(float, found.groups())
    assert whole == pytest.approx(below + above)
    assert whole > 0


def test_a_broken_limit_is_said(run: dict[str, Any]) -> None:
    assert "is above the limit" not in seen(run)
    run["decision"]["curve"]["observed_bad_rate"] = [0.154] * len(run["decision"]["curve"]["threshold"])
    run["decision"]["limits"]["max_bad_rate"] = 0.15
    assert "The observed bad rate of the approved, 15.4 %, is above the limit of 15.0 %" in seen(run)
    assert "实际坏样本率为 15.4%，超过设定上限 15.0%" in seen(run, "zh")


def test_what_stopped_the_cutoff(run: dict[str, Any]) -> None:
    run["decision"]["binding"] = {"en": "Profit stops it.", "zh": "由利润决定。"}
    assert seen(run).count("Profit stops it.") == 2
    assert "由利润决定。" in seen(run, "zh", "strategy")


def test_no_cutoff_keeps_the_runs_own_sentence(run: dict[str, Any]) -> None:
    run["decision"].update(status="nobody", message={"en": "Nobody, because.", "zh": "无人。"})
    assert "Nobody, because." in seen(run)


def test_expected_and_realised_stand_side_by_side(run: dict[str, Any]) -> None:
    heads = "Policy Profit expected Approved"
    assert heads in seen(run, section="strategy")
    run["decision"]["values_basis"] = "realised"
    assert "Policy Profit realised Approved Observed bad rate" in seen(run, section="strategy")
    for k, row in enumerate(run["decision"]["values"]):
        row["profit_expected"] = {"value": 1e6 + k, "low": 9e5, "high": 2e6}
        row["profit_realised"] = 7e5
    told = seen(run, section="strategy")
    assert "Policy Profit expected Profit realised Approved Observed bad rate" in told
    assert "CNY 700,000" in told


def test_a_band_that_is_none_is_not_told(run: dict[str, Any]) -> None:
    cutoff, first = run["decision"]["cutoff"], run["decision"]["values"][0]
    run["decision"]["refer"] = [cutoff, cutoff]
    run["decision"]["values"].insert(1, {**first, "policy": {"en": "referred too", "zh": "含转人工"}})
    told = seen(run, section="strategy")
    assert "There is no referral band" in told
    assert "Between" not in told
    assert "referred too" not in told
    run["decision"]["refer"] = [cutoff - 0.02, cutoff + 0.02]
    assert "referred too" in seen(run, section="strategy")


def test_limits_in_words(run: dict[str, Any]) -> None:
    run["decision"]["limits"] = {"max_bad_rate": 0.08, "min_approval": 0.5, "segment_caps": {}}
    told = seen(run, section="strategy")
    assert "highest bad rate of the approved: 8.0 %; lowest approval rate: 50.0 %" in told
    assert "segment_caps" not in told
    run["decision"]["limits"]["segment_caps"] = {"north": 0.2, "south": 1200}
    assert "各组批准上限 north 20.0%, south 1,200" in seen(run, "zh", "strategy")


def test_without_a_currency_amounts_are_plain_numbers(run: dict[str, Any]) -> None:
    run["decision"]["currency"] = ""
    run["decision"]["economics"]["parameters"] = []
    assert "CNY" not in seen(run)
    assert "元" not in seen(run, "zh", "strategy")


def shape(*bins: tuple[str, float | None, float | None, int]) -> list[dict[str, Any]]:
    return [
        {"label": label, "low": low, "high": high, "n": n, "rate": 0.1, "mean_contribution": 0.0}
        for label, low, high, n in bins
    ]


def test_bins_are_written_as_people_write_numbers(run: dict[str, Any]) -> None:
    run["features"] = run["features"][:1]
    run["features"][0]["shape"] = shape(
        ("<= -4.176e-06", None, -4.176e-06, 100),
        ("1e+04 .. 1.667e+04", 1e4, 16666.7, 100),
        ("> 1.667e+04", 16666.7, None, 100),
        ("2e+05", None, None, 100),
        ("missing", None, None, 100),
    )
    told = seen(run, section="features")
    for name in ("up to −0.0000042", "10,000 to 16,667", "above 16,667", "200,000", "no value"):
        assert name in told
    assert not re.search(r"\de[+-]\d", told)
    assert "不超过 −0.0000042" in seen(run, "zh", "features")


@pytest.mark.parametrize(("n", "few"), [(3, True), (19, True), (40, True), (50, False), (400, False)])
def test_bins_of_few_rows_are_marked(run: dict[str, Any], n: int, few: bool) -> None:
    """Fewer than 20 rows, or than 5 % of them."""
    rest = 1000 - n
    run["features"] = run["features"][:1]
    run["features"][0]["shape"] = shape(("0", None, 0.0, n), ("> 0", 0.0, None, rest))
    page = build_report(run)
    assert ("bar s1 few" in page) == ("few rows" in page) == ("Hollow bars" in page) == few


def test_features_stand_by_gain(run: dict[str, Any]) -> None:
    run["features"].reverse()
    told = seen(run, section="features")
    rows = told.split("Filled")[1].split("11 more")[0]
    shares = [float(share) for share in re.findall(r"([\d.]+) % [\d.]+ \d+ %", rows)]  # of gain, before the other two
    assert len(shares) == 15
    assert shares == sorted(shares, reverse=True)


def test_reasons_tell_only_what_differs(run: dict[str, Any]) -> None:
    reasons = run["samples"][0]["reasons"]
    reasons[0].update(value="0", typical="0", words={"en": "alike", "zh": "相同"})
    reasons[1].update(value="missing", typical="1e+04")
    told = seen(run, section="reasons")
    assert "alike" not in told
    assert "no value 10,000" in told
    assert "缺失 10,000" in seen(run, "zh", "reasons")
    for reason in reasons:
        reason["typical"] = reason["value"]
    assert "No single feature sets this applicant apart" in seen(run, section="reasons")


def test_values_of_reasons_keep_their_unit(run: dict[str, Any]) -> None:
    amount = {"en": "52,000 CNY", "zh": "52,000 元"}
    run["samples"][0]["reasons"][0].update(value=amount, typical={"en": "missing", "zh": "缺失"})
    assert "52,000 CNY no value" in seen(run, section="reasons")
    assert "52,000 元 缺失" in seen(run, "zh", "reasons")


def test_a_note_is_neither_praise_nor_fault(run: dict[str, Any]) -> None:
    run["verdict"] = [{"code": "TAEL-V05", "severity": "note", "text": {"en": "Not surely better.", "zh": "未必。"}}]
    page = build_report(run)
    assert 'class="badge note"' in page
    assert "Note" in seen(run, section="summary")
    assert "Passed" not in seen(run, section="summary")


def test_leaks_overruled_stand_above_everything(run: dict[str, Any]) -> None:
    assert "Leaks were found" not in seen(run)
    run["despite_leaks"] = True
    assert seen(run).index("Leaks were found") < seen(run).index("Simulated data")
    assert "不得使用" in seen(run, "zh")


def test_a_label_is_not_a_question(run: dict[str, Any]) -> None:
    label = run["scenario"]["label_formula"]
    run["scenario"]["question"] = {"en": label, "zh": label}
    header = build_report(run).split("</header>")[0]
    assert "Counted as bad: 60 days late or more" in header
    assert "instalments.days_late" not in header


def test_a_title_that_repeats_the_name_is_not_shown(run: dict[str, Any]) -> None:
    assert "What it holds" in seen(run)
    for row in run["data"]["tables"]:
        row["title"] = {"en": row["name"].replace("_", " "), "zh": row["name"]}
    assert "What it holds" not in seen(run)
    assert "内容" not in seen(run, "zh", "data")


def test_one_period_is_a_table_and_no_line(run: dict[str, Any]) -> None:
    run["observations"]["by_period"] = run["observations"]["by_period"][:1]
    part = build_report(run).split('<section id="observations"')[1].split("</section>")[0]
    assert 'class="chart"' not in part
    assert "2022-01" in part


def test_internal_names_have_words(run: dict[str, Any]) -> None:
    why = ("weaker together", "weaker than the pool", "no better than noise", "out of time", "constant")
    run["search"]["dropped"] = dict.fromkeys(why, 5) | {"a reason of tomorrow": 1}
    run["model"]["members"] = [
        {"name": "cautious", "weight": 0.5, "auc": 0.7, "log_loss": 0.3},
        {"name": "mine", "title": {"en": "my own", "zh": "自定义"}, "weight": 0.5, "auc": 0.7, "log_loss": 0.3},
    ]
    run["cost"]["wall_seconds"] = {"performance": 1.0, "bundle": 1.0}
    run["decision"]["economics"]["parameters"] = [
        {"name": "term_years", "value": 1, "unit": "years", "title": {"en": "term", "zh": "期限"}, "assumed": True},
        {"name": "lgd", "value": 0.6, "unit": "share", "title": {"en": "loss", "zh": "损失率"}},
    ]
    told = seen(run, "zh")
    for word in (*why, "cautious", "performance", "bundle", " years", " share"):
        assert word not in told, word
    for word in ("a reason of tomorrow", "自定义", "评估模型", "默认假设"):
        assert word in told, word
    assert "assumed: the plan does not say" in seen(run)


def test_the_headline_is_the_policy_that_was_applied(run: dict[str, Any]) -> None:
    chosen = run["decision"]["values"][0]
    expected, came = ({"value": v, "low": v - 1e5, "high": v + 1e5} for v in (2.345e6, 2.222e6))
    chosen |= {"profit_expected": expected, "profit_realised": came, "approval": 0.4321, "bad_rate": 0.0654}
    chosen |= {"bad_rate_expected": 0.0543, "bad_rate_interval": [0.05, 0.06]}
    low, high = (f"{100 * v:.1f} %" for v in run["decision"]["refer"])
    told = seen(run, section="summary")
    assert f"Approve up to a default probability of {low}; from there up to {high} a person decides" in told
    assert "43.2 % of the applicants are approved. Of these, 5.4 % were expected to go bad and 6.5 % did." in told
    assert told.count("2.22 million") == 2
    assert "refers nobody" in seen(run, section="strategy")


def test_intercept_and_slope_are_of_the_rows_of_the_table(run: dict[str, Any]) -> None:
    run["curves"]["calibration_line"] = {"out_of_time": {"intercept": -0.25, "slope": 0.75}}
    run["model"]["calibration"] = {"intercept": 0.02, "slope": 0.951}
    told = seen(run, section="calibration")
    assert "Part Out-of-time: from forecast to outcome, in log-odds, the line has intercept −0.25" in told
    assert "fitted on training rows" in told


def test_a_test_drawn_by_lot_is_not_called_out_of_time(run: dict[str, Any]) -> None:
    run["split"]["kind"] = "random"
    told = seen(run, section="calibration")
    assert "By decile · Held-out" in told
    assert "Out-of-time" not in told
