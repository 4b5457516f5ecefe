"""The model document as a tree: every chapter in both languages, gaps marked, nothing invented."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tael.errors import RunError
from tael.reports.document import build_document
from tael.reports.document.chapters import ANNEXES, CHAPTERS
from tael.reports.document.chapters.monitoring import chance_band
from tael.reports.document.chapters.purpose import levels
from tael.reports.document.told import Told
from tael.reports.document.tree import Cell, Document, Gap, Paragraph, Picture, Table

GHOSTS = ("None", "nan", "NaN", "inf", "undefined", "TODO", "TBD", "XXX", "{'", "Lorem")


def words(document: Document) -> str:
    """All that a document says, cell by cell."""
    said = [document.title, document.header, *document.warnings, *document.warned]
    for block in [*document.opening, *(b for chapter in document.chapters for b in chapter.blocks)]:
        if isinstance(block, Table):
            said += [block.caption, *block.heads]
            for row in block.rows:
                said += [
                    text for cell in row for text in ((cell.text, cell.below) if isinstance(cell, Cell) else (cell,))
                ]
        elif isinstance(block, Picture):
            said += [block.caption, block.note, block.x.label, block.y.label, *(one.name for one in block.series)]
        else:
            said += [str(getattr(block, name)) for name in ("text", "title", "what", "who") if hasattr(block, name)]
            said += list(getattr(block, "items", ()))
    return "\n".join(said)


def chapter(document: Document, name: str) -> str:
    """What one chapter says."""
    (found,) = [one for one in document.chapters if one.id == name]
    return words(Document("en", "", "", "", (), (), (), (), (found,)))


def test_every_chapter_is_there_in_both_languages(run: dict[str, Any]) -> None:
    en, zh = build_document(run), build_document(run, "zh")
    numbers = [*(str(k) for k in range(1, 11)), "A", "B", "C", "D"]
    for document in (en, zh):
        assert [one.id for one in document.chapters] == [module.ID for module in (*CHAPTERS, *ANNEXES)]
        assert [one.number for one in document.chapters] == numbers
        assert all(one.blocks for one in document.chapters)
    assert en.chapters[0].title == "1 Purpose, use and users"
    assert [len(one.blocks) for one in en.chapters] == [len(one.blocks) for one in zh.chapters]
    assert all(re.search("[一-鿿]", one.title) for one in zh.chapters)
    assert not re.search("[一-鿿]", "".join(one.title for one in en.chapters))


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_gaps_are_numbered_marked_and_listed(run: dict[str, Any], lang: str) -> None:
    document = build_document(run, lang)
    gaps = document.gaps
    assert [gap.number for gap in gaps] == [f"G{k:02d}" for k in range(1, len(gaps) + 1)]
    (table,) = [block for block in document.opening if isinstance(block, Table)]
    assert [row[0] for row in table.rows] == [gap.number for gap in gaps]
    with_gaps = {one.number for one in document.chapters if any(one.of(Gap))}
    assert {*map(str, range(1, 11)), "A", "C"} <= with_gaps
    assert all(bool(re.search("[一-鿿]", gap.what + gap.who)) == (lang == "zh") for gap in gaps)


def paths(value: Any, depth: int, at: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = [at] if at else []
    if isinstance(value, dict) and depth:
        for key, child in value.items():
            found += paths(child, depth - 1, (*at, key))
    return found


def no_ghosts(said: str, where: object) -> None:
    for ghost in GHOSTS:
        assert not re.search(rf"(?<![A-Za-z]){re.escape(ghost)}(?![A-Za-z])", said), (where, ghost)


@pytest.mark.parametrize(
    ("how", "lang", "depth"), [("absent", "en", 2), ("null", "zh", 2), ("empty", "en", 1), ("wrong", "zh", 1)]
)
def test_every_part_may_be_missing(run: dict[str, Any], how: str, lang: str, depth: int) -> None:
    # without its long lists the run says the same and is read faster
    run["decision"]["curve"] = {name: column[::12] for name, column in run["decision"]["curve"].items()}
    run["features"], run["stability"]["features"] = run["features"][:2], run["stability"]["features"][:2]
    for path in paths(run, depth):
        *above, last = path
        holder = run
        for step in above:
            holder = holder[step]
        kept = holder[last]
        if path == ("format",):
            continue
        if how == "absent":
            del holder[last]
        else:
            holder[last] = {"null": None, "empty": type(kept)(), "wrong": [3, "x", None] if last != "format" else 1}[
                how
            ]
        document = build_document(run, lang)
        assert len(document.chapters) == len(CHAPTERS) + len(ANNEXES), path
        if how != "wrong":
            no_ghosts(words(document), path)
        holder[last] = kept


def test_nothing_at_all_is_still_a_document() -> None:
    document = build_document({})
    said = words(document)
    no_ghosts(said, "empty run")
    assert said.count("not part of this run") >= 15
    assert len(document.gaps) > 20
    assert "imulated" not in said


@pytest.mark.parametrize(
    ("path", "name", "said"),
    [
        (("metrics",), "performance", "Metrics: not part of this run."),
        (("curves",), "performance", "Calibration by band: not part of this run."),
        (("stability",), "performance", "Stability over time: not part of this run."),
        (("features",), "features", "A list of features: not part of this run."),
        (("reference_metrics",), "model", "A challenger model: not part of this run."),
        (("model", "members"), "model", "Number of features"),
        (("decision",), "decision", "A decision: not part of this run."),
        (("decision", "swap_set"), "decision", "A swap set against today's rule: not part of this run."),
        (("decision", "economics"), "decision", "The economics of the decision: not part of this run."),
        (("data", "leaks"), "data", "The scan for leaks: not part of this run."),
        (("samples",), "reasons", "Explanations of single decisions: not part of this run."),
        (("reproduce", "command"), "reproduction", "The command: not part of this run."),
    ],
)
def test_what_is_missing_is_said(run: dict[str, Any], path: tuple[str, ...], name: str, said: str) -> None:
    assert said not in chapter(build_document(run), name)
    holder = run
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = None
    assert said in chapter(build_document(run), name)


def test_figures_come_from_the_run(run: dict[str, Any]) -> None:
    run["metrics"]["out_of_time"]["roc_auc"] = {"value": 0.6789, "low": 0.61, "high": 0.7443}
    document = build_document(run)
    for name in ("performance", "model"):
        assert "0.679" in chapter(document, name)
        assert "0.610 to 0.744" in chapter(document, name)
    assert "its interval lies below 0.610" in chapter(document, "monitoring")
    assert all(one["formula"] in chapter(document, "features") for one in run["features"])


def test_simulated_and_leaks_are_told_first_and_only_where_they_are(run: dict[str, Any]) -> None:
    document = build_document(run)
    assert document.warnings[0].startswith("Simulated data.")
    assert document.warned == ("Simulated data",)
    assert "describe no real person" in chapter(document, "data")
    run["despite_leaks"] = True
    assert build_document(run, "zh").warned == ("发现数据泄漏", "模拟数据")
    assert "are not to be used" in chapter(build_document(run), "limits")
    run["simulated"] = run["despite_leaks"] = False
    assert build_document(run).warnings == ()
    assert "imulated" not in words(build_document(run))


def test_assumptions_that_the_plan_does_not_state_are_marked(run: dict[str, Any]) -> None:
    assert "0 of 4 assumptions are assumed" in chapter(build_document(run), "decision")
    run["decision"]["economics"]["parameters"][1]["assumed"] = True
    said = chapter(build_document(run), "decision")
    assert "1 of 4 assumptions are assumed" in said
    assert re.search(r"lgd\n.*\n.*\nassumed\n", said)


def test_the_lead_over_todays_rule_is_told_without_an_interval_that_nobody_measured(run: dict[str, Any]) -> None:
    mine, today = (run["decision"]["values"][k]["profit"] for k in (0, 1))
    mine["value"], today["value"] = 5_000_000.0, 2_000_000.0
    said = chapter(build_document(run), "decision")
    assert "CNY\u00a03.00\u00a0million more than today's rule" in said
    assert "the interval of this difference is not part of the run" in said


def option(name: str, n: int, value: float) -> dict[str, Any]:
    """A row of the options as a run tells it."""
    return {
        "option": name,
        "title": {"en": f"{name} offer", "zh": f"{name} 方案"},
        "eligible": 900,
        "n": n,
        "share": n / 1000,
        "value": value,
        "value_each": value / n,
        "uses": {"cost": 5.0 * n},
        "formula": "p * 9",
        "where": "age >= 18",
        "words": {"en": "9 times the probability", "zh": "概率的 9 倍"},
        "where_words": {"en": "age is at least 18", "zh": "年龄不小于 18"},
    }


def with_options(run: dict[str, Any]) -> dict[str, Any]:
    """The run with a decision among options in place of its approval."""
    total = {"value": 1200.0, "low": 900.0, "high": 1500.0}
    rule = {"profit": total, "profit_expected": total, "profit_realised": None}
    ahead = {"value": 345.0, "low": 101.0, "high": 606.0}
    limit = {"constraint": "cost", "kind": "budget", "use": 2000.0, "lower": None, "upper": 2000.0, "slack": 0.0}
    run["decision"] = {
        "kind": "options",
        "currency": "CNY",
        "message": {"en": "Out of time, 1,000 customers.", "zh": "共 1,000 户。"},
        "binding": {"en": "The budget binds.", "zh": "预算约束生效。"},
        "status": "chosen",
        "gap": 0.0002,
        "holdout": 0.05,
        "counts": {"nothing": 600, "call": 400},
        "counts_split": "out_of_time",
        "options": [option("nothing", 600, 0.0), option("call", 400, 1200.0)],
        "limits": [{**limit, "shadow_price": 0.777, "unit": "CNY"}],
        "curves": [{"constraint": "cost", "factor": [0.5, 1.0, 1.5], "value": [800.0, 1200.0, 1300.0]}],
        "values": [
            {"policy": {"en": "chosen", "zh": "所选策略"}, **rule, "behind": {"value": 0.0}, "treated": 0.4},
            {"policy": {"en": "today's rule", "zh": "现行规则"}, **rule, "behind": ahead, "treated": 0.9},
        ],
    }
    return run


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_decision_among_options_shows_shadow_prices(run: dict[str, Any], lang: str) -> None:
    document = build_document(with_options(run), lang)
    said = chapter(document, "decision")
    for part in ("0.777", "call", "345", "0.020"):
        assert part in said, part
    assert ("age is at least 18" if lang == "en" else "年龄不小于 18") in said
    assert not re.search("Approve when|时批准|wap set|换入换出", said)
    no_ghosts(words(document), "options")
    assert any(isinstance(block, Picture) for block in document.chapters[5].blocks)
    assert ("Share: call offer" if lang == "en" else "占比：call 方案") in chapter(document, "monitoring")


@pytest.mark.parametrize("kind", ["uplift", "risks", "recommender"])
def test_runs_of_every_kind_make_a_document(option_runs: dict[str, dict[str, Any]], kind: str) -> None:
    for lang in ("en", "zh"):
        document = build_document(option_runs[kind], lang)
        no_ghosts(words(document), kind)
        assert document.chapters[4].blocks
    said = chapter(build_document(option_runs[kind]), "decision")
    assert "The chosen rule is ahead by" in said


def test_kinds_of_model_have_their_own_measures(run: dict[str, Any]) -> None:
    metric = {"value": 0.062, "low": 0.01, "high": 0.11}
    run["uplift"] = {
        "effects": [{"arm": "mail", "rows": 500, "metrics": {"model": {"qini": metric}, "response": {"qini": None}}}],
        "titles": {"qini": {"en": "Qini", "zh": "Qini", "meaning_en": "area", "meaning_zh": "面积"}},
        "overlap": {"lowest": 0.1, "highest": 0.9, "trimmed": 3, "estimated": True, "auc": 0.6},
    }
    run["ranking"] = {
        "k": 5,
        "models": {"model": [{"metric": "hit_rate", "value": 0.431}], "popularity": [{"value": 0.2}, None]},
    }
    run["incidence"] = {
        "events": [{"event": "early", "time": [0, 1, 2], "predicted": [0, 0.1, 0.2], "observed": [0, 0.2, None]}]
    }
    run["model"] = {"version": "x", "learner": "TLearner", "learners": [{"name": "t_linear", "chosen": True}]}
    document = build_document(run)
    said = chapter(document, "performance")
    for part in ("0.062", "0.010 to 0.110", "hit_rate", "0.431", "Event: early", "not drawn by lot"):
        assert part in said, part
    assert "TLearner" in chapter(document, "model")
    assert "t_linear" in chapter(document, "model")
    no_ghosts(words(document), "kinds")


def test_triggers_take_their_thresholds_from_the_run(run: dict[str, Any]) -> None:
    said = chapter(build_document(run), "monitoring")
    assert "above the limit of 8.0\u00a0%" in said
    assert "look from 0.10" in said
    assert "act from 0.25" in said
    run["stability"]["score"]["adjusted_threshold"] = 0.31
    moved = chapter(build_document(run), "monitoring")
    assert "look from 0.31" in moved, "a threshold below what chance explains cries wolf"
    assert "act from 0.31" in moved
    assert "Overrides" in said
    assert "not by a date" in said


@given(st.floats(0, 1), st.floats(1, 1e7))
def test_the_band_of_a_share_is_never_narrower_than_chance_or_five_points(share: float, n: float) -> None:
    band = chance_band(share, n)
    assert band >= 0.05
    assert band >= 1.96 * (share * (1 - share) / n) ** 0.5 - 1e-12
    assert chance_band(share, 4 * n) <= band


@pytest.mark.parametrize(("a_year", "level"), [(9_999, 0), (10_000, 1), (99_999, 1), (100_000, 2)])
def test_the_number_of_decisions_sets_its_level(a_year: int, level: int) -> None:
    periods = [{"period": f"2024-{k:02d}", "n": 1} for k in range(1, 13)]
    told = Told({"observations": {"n": a_year - 10, "excluded": [{"n": 10}], "by_period": periods}}, "en")
    assert levels(told)[1][2] == level
    assert levels(told)[0][2] is None


def test_a_tier_is_proposed_and_left_to_a_person(run: dict[str, Any]) -> None:
    said = chapter(build_document(run), "purpose")
    assert "Proposal: tier 1 (high materiality)" in said
    assert "not of any supervisor" in said
    assert "No tier can be proposed" in chapter(build_document({}), "purpose")


def test_no_law_is_stated_without_saying_that_a_person_checks_it(run: dict[str, Any]) -> None:
    document = build_document(run)
    for name in ("sr26-2", "china"):
        (found,) = [one for one in document.chapters if one.id == name]
        assert any("To be checked against the text by a person" in gap.what for gap in found.of(Gap)), name  # type: ignore[attr-defined]
    assert "was not read for this map" in chapter(document, "sr26-2")
    assert "superseded by SR 26-2" in chapter(document, "sr11-7")
    assert "sums up and does not quote" in chapter(document, "china")
    assert "第二十四条" in chapter(build_document(run, "zh"), "china")


def row_of(document: Document, name: str, number: str) -> tuple[str, ...]:
    """The first row of a map that refers to a chapter alone."""
    (found,) = [one for one in document.chapters if one.id == name]
    tables = [block for block in found.blocks if isinstance(block, Table)]
    return next(tuple(map(str, row)) for table in tables for row in table.rows if row[2] == number)


def test_the_maps_say_what_the_chapters_hold(run: dict[str, Any]) -> None:
    document = build_document(run)
    gaps = len(list(document.chapters[1].of(Gap)))
    absent = [one for one in document.chapters[1].of(Paragraph) if isinstance(one, Paragraph) and one.look == "absent"]
    said = f"filled from the run; {gaps} to be written; {{}} not part of the run"
    assert row_of(document, "sr11-7", "2")[3] == said.format(len(absent))
    run["data"]["leaks"] = None
    assert row_of(build_document(run), "sr11-7", "2")[3] == said.format(len(absent) + 1)


def test_leaks_and_violations_are_listed(run: dict[str, Any]) -> None:
    said = chapter(build_document(run), "data")
    for part in ("applications.closed_at", "TAEL-L02", "transactions.amount", "TAEL-T03", "staff loans"):
        assert part in said
    run["data"]["leaks"], run["data"]["violations"] = [], []
    clean = chapter(build_document(run), "data")
    assert "No column gives the outcome away." in clean
    assert "Every table keeps its contract." in clean


def test_forbidden_columns_and_stated_directions_are_told(run: dict[str, Any]) -> None:
    run["scenario"]["config"] = {"features": {"forbid": ["customers.sex"]}, "model": {"monotone": {"amount": -1}}}
    said = chapter(build_document(run), "features")
    assert "No formula may name: customers.sex." in said
    assert "amount\nfalls" in said


def test_refuses_what_it_cannot_read(run: dict[str, Any]) -> None:
    with pytest.raises(RunError, match="expected: en or zh"):
        build_document(run, "fr")
    with pytest.raises(RunError, match="a mapping"):
        build_document([run])  # type: ignore[arg-type]
    with pytest.raises(RunError, match="format 99"):
        build_document({**run, "format": 99})


def test_absent_paragraphs_say_so(run: dict[str, Any]) -> None:
    for one in build_document({}).chapters:
        for block in one.of(Paragraph):
            assert isinstance(block, Paragraph)
            if block.look == "absent":
                assert re.search("not part of this run|No |no ", block.text), block.text
