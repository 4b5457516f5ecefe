"""Each pack of the lender from end to end: what a run leaves, and that its decisions obey the page."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import pytest

from tael.engine import Engine
from tael.observations import observe
from tael.runs import Bundle, Run, load_bundle
from tael.runs.deciding import deciding_of
from tael.runs.plan import Plan
from tael.runs.scoring import score
from tael.scenarios import PACKS, scenario
from tael.scenarios.pack import Scenario
from tael.scenarios.project import check_project, write_project
from tael.tables import Tables

LENDER = [name for name in PACKS if scenario(name).plan.example.simulator == "lender"]
COLUMNS = ["expected_value", "ahead_of_nothing", "cost"]
REASONS = {"best", "limit", "nothing", "rule", "not_eligible", "holdout"}
SOLVED = 100
"""A batch of fewer is decided by prices, which promise no more than that limits are kept on average."""


class Made(NamedTuple):
    name: str
    content: dict[str, Any]
    plan: Plan
    tables: Tables
    run: Run
    bundle: Bundle

    @property
    def key(self) -> str:
        return str(self.tables.schema.tables[self.plan.entity].key)

    @property
    def engine(self) -> Engine:
        return Engine.shared(self.tables, self.plan.entity, cutoff="cutoff")

    def flags(self, formula: str) -> np.ndarray:
        """A condition that names no term and no output, for every row of the decisions."""
        return self.engine.evaluate([formula], self.run.decisions.select(self.key, "cutoff"))[0].data == 1.0

    def own(self, *columns: str) -> pl.DataFrame:
        """The decisions with columns of the entity's own rows."""
        rows = self.tables[self.plan.entity].select(self.key, *columns)
        return self.run.decisions.join(rows, on=self.key, how="left", maintain_order="left")


@pytest.fixture(scope="module", params=LENDER)
def made(request: Any, lender: Tables, small_pack: Any, tmp_path_factory: pytest.TempPathFactory) -> Made:
    content = small_pack(request.param)
    plan = Plan.from_dict(content)
    run = Scenario(plan).run(lender, tmp_path_factory.mktemp("runs"), n_jobs=1)
    return Made(request.param, content, plan, lender, run, load_bundle(run.path))


def options_of(made: Made) -> list[str]:
    """The options by hand: those named, then those of the template."""
    stated = made.content["decision"]
    more = stated.get("template", {}).get("over", {})
    return [*stated["options"], *(f"{one:g}" if not isinstance(one, str) else one for one in more)]


def test_a_run_leaves_what_it_promises(made: Made) -> None:
    assert {path.name for path in made.run.path.iterdir()} == {
        "report.html", "run.json", "features.txt", "scores.parquet", "decisions.parquet", "model",
    }  # fmt: skip
    page = made.run.report.path.read_text(encoding="utf-8")
    assert scenario(made.name).title("en") in page
    names = made.run.decisions.columns
    assert names[:5] == [made.key, "cutoff", "split", "decision", "probability"]
    assert names[5:8] == COLUMNS
    assert names[-8:] == [
        "reason_code", "reason_en", "reason_zh", "reasons_en", "reasons_zh", "reason_features", "reason_pushes",
        "model_version",
    ]  # fmt: skip
    used = [f"used_{name}" for name in made.content["decision"].get("budgets", {}) if name != "cost"]
    assert names[8:-8] == [*used, *(name for name in made.bundle.outputs if name != "p")]
    assert made.run.content["simulated"] is True
    assert made.run.content["data"]["leaks"] == [] or {leak["code"] for leak in made.run.content["data"]["leaks"]} == {
        "TAEL-L05"
    }


def test_scores_and_labels_are_those_of_the_rows(made: Made) -> None:
    scores, decisions = made.run.scores, made.run.decisions
    for name in (made.key, "cutoff", "split", "probability"):
        assert scores[name].equals(decisions[name]), name
    assert decisions["probability"].is_between(0, 1).all()
    seen = observe(made.tables, made.plan.observations, made.plan.label)
    assert scores.select(made.key, "cutoff").equals(seen.frame.select(made.key, "cutoff"))
    label = scores["label"].fill_null(float("nan")).to_numpy()
    assert np.array_equal(label, seen.label, equal_nan=True)
    parts = dict(scores["split"].value_counts().iter_rows())
    for name, told in made.run.content["split"]["parts"].items():
        assert parts[name] == told["n"]


def test_decisions_are_among_the_options(made: Made) -> None:
    options = options_of(made)
    assert list(made.plan.decision.every) == options
    assert set(made.run.decisions["decision"]) <= set(options)
    assert set(made.run.decisions["reason_code"]) <= REASONS
    last = made.run.decisions.filter(pl.col("split") == "out_of_time")
    told = made.run.content["decision"]
    assert {name: n for name, n in told["counts"].items() if n} == dict(last["decision"].value_counts().iter_rows())
    assert told["status"] == "chosen"
    # somebody is treated, or the pack's example decides nothing
    assert (last["decision"] != options[0]).any()
    assert last["expected_value"].sum() == pytest.approx(told["values"][0]["profit_expected"]["value"])


USES: dict[str, Callable[[Made], dict[str, Any]]] = {
    "product-recommendation": lambda m: {"contacts": m.run.decisions["decision"] != "none"},
    "customer-churn": lambda m: {"cost": m.run.decisions["cost"]},
    "early-payoff": lambda m: {"cost": m.run.decisions["cost"]},
    "credit-limit": lambda m: lent(m),
}
"""What each decision takes of a budget, worked out beside the allocator."""


def lent(made: Made) -> dict[str, Any]:
    rows = made.own("amount")
    limit = rows["decision"].replace("none", "0").cast(pl.Float64).to_numpy()
    more = np.clip(limit / rows["amount"].to_numpy(), 0.1, 10) ** 0.25
    terms = made.content["decision"]["terms"]
    return {
        "exposure": terms["drawn"] * limit,
        "capital": terms["capital"] * terms["drawn"] * limit,
        "loss": rows["probability"].to_numpy() * more * terms["lgd"] * terms["default_draw"] * limit,
    }


def test_capacities_and_budgets_are_kept(made: Made) -> None:
    stated, rows = made.content["decision"], made.run.decisions
    uses = USES.get(made.name, lambda m: {})(made)
    assert set(uses) == set(stated.get("budgets", {}))
    solved = 0
    # of a calendar each date is a batch, of other plans each part
    batch = [pl.col("split")]
    if made.plan.observations.cutoff is None:
        batch = [pl.col("cutoff"), (pl.col("split") == "out_of_time").alias("measured")]
    for name, part in rows.with_row_index("_row").group_by(batch):
        if part.height < SOLVED:
            continue
        solved += 1
        share = part.height / stated["batch"]
        for option, most in stated.get("capacities", {}).items():
            taken = (part["decision"] == option).sum()
            assert taken <= int(most * share + 1e-9), (name, option)
        for resource, most in stated.get("budgets", {}).items():
            used = np.asarray(uses[resource], dtype=float)[part["_row"].to_numpy()].sum()
            assert used <= most * share * (1 + 1e-9), (name, resource)
    # the batches of the smallest pack: training and out of time
    assert solved >= 2


def test_rules_are_obeyed(made: Made) -> None:
    rows, first = made.run.decisions, options_of(made)[0]
    ruled = np.zeros(len(rows), dtype=bool)
    for name, formula in made.content["decision"].get("rules", {}).items():
        hit = made.flags(formula) & ~ruled
        ruled |= hit
        some = rows.filter(pl.Series(hit))
        assert set(some["decision"]) <= {first}, name
        assert set(some["reason_code"]) <= {"rule"}, name
        assert all(name in text for text in some["reason_en"])
    assert ((rows["reason_code"] == "rule").to_numpy() == ruled).all()
    assert ruled.any() or "rules" not in made.content["decision"] or made.name == "dormant-reactivation"


def test_who_is_held_out_gets_nothing(made: Made) -> None:
    rows, first = made.run.decisions, options_of(made)[0]
    held = made.bundle.policy.held_out(rows[made.key].to_numpy())
    assert set(rows.filter(pl.Series(held))["decision"]) <= {first}
    assert set(rows.filter(pl.Series(held))["reason_code"]) <= {"holdout", "rule"}
    assert "holdout" not in set(rows.filter(pl.Series(~held))["reason_code"])
    share = made.content["decision"].get("holdout", 0.0)
    people = rows.select(made.key).with_columns(held=pl.Series(held)).unique(made.key)
    spread = (share * (1 - share) / len(people)) ** 0.5
    assert abs(people["held"].mean() - share) <= 4.5 * spread


def test_an_option_goes_only_to_those_who_may_get_it(made: Made) -> None:
    rows = made.run.decisions
    if made.name == "product-recommendation":
        aged = made.own("age")
        for product, stated in made.content["decision"]["template"]["over"].items():
            assert (aged.filter(pl.col("decision") == product)["age"] >= stated["min_age"]).all()
            held = made.flags(made.content["recommend"]["holdings"][product])
            # what is held is worth nothing, so that nobody is offered it again
            assert product not in set(rows.filter(pl.Series(held))["decision"])
    elif made.name == "credit-limit":
        asked = made.own("amount").filter(pl.col("decision") != "none")
        assert (asked["decision"].cast(pl.Float64) <= 1.5 * asked["amount"]).all()
    else:
        conditions = {
            "customer-churn": ("call", 'count(complaints, last="30d") == 0'),
            "early-payoff": ("top_up", "count(delinquencies, where=days_past_due >= 30) == 0"),
            "collection-repayment": ("legal", "balance >= 5000"),
            "collection-complaint": ("pause", "days_past_due < 60"),
        }
        option, condition = conditions.get(made.name, (options_of(made)[1], "cutoff == cutoff"))
        mine = (rows["decision"] == option).to_numpy()
        assert made.flags(condition)[mine].all()


def test_the_bundle_decides_the_same_rows_alike(made: Made) -> None:
    last = made.run.decisions.filter(pl.col("split") == "out_of_time")
    again = score(made.bundle, made.tables, last.select(made.key, "cutoff"), n_jobs=2)
    assert again.columns == last.columns
    assert again.drop("split").equals(last.drop("split"), null_equal=True)
    assert again["probability"].to_numpy().tobytes() == last["probability"].to_numpy().tobytes()


def test_what_was_done_never_becomes_a_feature(made: Made) -> None:
    treatment = made.content.get("treatment", {})
    entity = made.plan.entity
    hidden = [treatment[name] for name in ("column", "propensity") if isinstance(treatment.get(name), str)]
    names = [f"{entity}.{name}" for name in hidden] + made.content["features"].get("forbid", [])
    names += [f"{table}.{c}" for table, one in made.tables.schema.tables.items() for c, d in one.columns.items()
              if d.role != "feature"]  # fmt: skip
    text = (made.run.path / "features.txt").read_text(encoding="utf-8")
    told = [line.partition(" = ")[2] for line in text.splitlines() if " = " in line and line[0] not in "# "]
    assert len(told) >= len(made.content["features"]["force"])
    engine = made.engine
    from tael.formulas.bound import BoundColumn, walk_bound

    used = {
        f"{node.table}.{node.column}"
        for formula in told
        for node in walk_bound(engine.bind(formula))
        if isinstance(node, BoundColumn)
    }
    assert used
    assert not used & set(names)


def outcome(made: Made, content: dict[str, Any]) -> dict[str, int]:
    """How the out-of-time rows are decided under an edited page, by the same model."""
    plan = Plan.from_dict(content)
    deciding = deciding_of(plan)
    X = made.run.decisions.filter(pl.col("split") == "out_of_time").select(made.key, "cutoff")
    deciding.check(made.engine, dict.fromkeys(made.bundle.outputs, None))
    terms = deciding.terms(made.engine, X)
    outputs = made.bundle.fitted.outputs(made.bundle.features(made.tables, X))
    ids = X[made.key].to_numpy()
    policy = deciding.fit(outputs, terms, np.zeros(len(X)), ids)
    found = deciding.decide(policy, outputs, terms, ids)
    return {name: int((found.decision == name).sum()) for name in policy.options}


def test_an_edit_of_the_page_changes_the_outcome(made: Made) -> None:
    before = outcome(made, made.content)
    first = options_of(made)[0]
    assert {k: v for k, v in made.run.content["decision"]["counts"].items() if v} == {
        k: v for k, v in before.items() if v
    }
    liked = max((name for name in before if name != first), key=lambda name: before[name])
    assert before[liked] > 3

    edited = deepcopy(made.content)
    edited["decision"].setdefault("capacities", {})[liked] = 3
    edited["decision"].pop("batch")
    edited["decision"].pop("budgets", None)
    edited["decision"].get("capacities", {}).update({liked: 3})
    last = made.run.decisions.filter(pl.col("split") == "out_of_time")
    dates = 1 if made.plan.observations.cutoff is not None else last["cutoff"].n_unique()  # each date has its own
    assert outcome(made, edited)[liked] == 3 * dates, "a capacity"

    edited = deepcopy(made.content)
    place = edited["decision"]["options"].get(liked, edited["decision"].get("template"))
    place["cost"] = 1e9
    assert outcome(made, edited)[liked] == 0, "a cost"

    edited = deepcopy(made.content)
    if liked in edited["decision"]["options"]:
        del edited["decision"]["options"][liked]
        edited["decision"].get("capacities", {}).pop(liked, None)
    elif isinstance(edited["decision"]["template"]["over"], dict):
        del edited["decision"]["template"]["over"][liked]
    else:
        edited["decision"]["template"]["over"].remove(int(liked))
    edited["decision"].pop("today", None)  # it may name the option that is gone
    after = outcome(made, edited)
    assert liked not in after
    assert sum(after.values()) == sum(before.values())


@pytest.mark.parametrize("name", LENDER)
def test_a_project_is_the_pack_without_its_example(name: str, tmp_path: Any) -> None:
    folder = write_project(name, tmp_path / "mine", customers=100)
    pack, own = scenario(name).plan, scenario(folder).plan
    assert own.example is None
    assert own == pack.model_copy(update={"example": None})
    assert (folder / "tables.toml").is_file()
    assert {path.stem for path in folder.glob("*.csv")} >= {pack.entity}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A project folder with the lender's tables, for the pages of all packs."""
    return write_project("collection-repayment", tmp_path_factory.mktemp("projects") / "one", customers=1500)


@pytest.mark.parametrize("name", LENDER)
def test_the_check_finds_no_leak(name: str, project: Any, tmp_path: Any) -> None:
    page = tmp_path / "scenario.toml"
    page.write_text(scenario(name).source.partition("[example]")[0], encoding="utf-8")
    checked = check_project(project, page)
    found = [line for line in checked.text.splitlines() if line.startswith("TAEL-L") and "TAEL-L05" not in line]
    assert found == []
    assert "Options (scenario.toml, [decision])" in checked.text
