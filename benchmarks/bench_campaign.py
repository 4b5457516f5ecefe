"""What tael's choice among several treatments is worth by the truth that the simulated outcomes were drawn from.

    python benchmarks/bench_campaign.py [--pack dormant-reactivation] [--seeds 10] [--customers 8000] [--redraws 10]
                                        [--learner auto]

SIMULATED data (`tael.datasets.simulate_lender`), the pack's own money, split, learner and limits. Nothing is searched:
what drives the outcomes is forced in as formulas, beside others of the kind that a search proposes, so these figures
are an upper bound of what a run with a search finds. Rules are made on the training campaigns and valued on the last
ones, which they have not seen, by the true chances: CNY for each 1,000 customers. The pack's conduct rules and
hold-out are left out, as they would take the same from every rule.

Rivals: nothing done, each option for all who may get it, the option for all that the training rows say is best,
today's rule where it differs, for the campaign calls to the likeliest to respond and messages to the rest, and the same
policy on a plain linear T-learner. The oracle knows the truth.

*Coverage*: the outcomes of the last campaigns are drawn again from their chances, arms as they were; told is how often
the doubly robust 95 % interval of a rule's value holds its true value.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

CUSTOMER = (
    "customers.age", "customers.income", "customers.dependants", 'customers.sex == "male"',
    'customers.housing == "owned"', 'customers.education == "bachelor"', "days_since(customers.registered)",
    'days_since_last(app_events, where=event == "login")', 'count(bureau_enquiries, last="90d")',
    "days_since_last(bureau_enquiries)", "count(bureau_enquiries)", 'count(loans, where=status == "settled")',
    'count(loans, where=status == "settled early")', 'count(app_events, last="30d")', 'count(app_events, last="90d")',
    'count(app_events, last="180d")', 'count(app_events, where=screen == "loan", last="90d")',
    'sum(transactions.amount, last="90d")', 'count(transactions, last="30d")', "last(external_scores.score)",
    "last(balances.balance)", 'mean(balances.card_spend, last="180d")', "count(purchases)",
    'count(service_contacts, last="365d")', "days_since_last(applications)", "last(applications.amount)",
    "share(transactions, where=night)", "count(contacts)", 'count(transactions, where=kind == "salary", last="60d")',
)  # fmt: skip
"""What is known of a customer: the planted drivers are among them."""
CASE = (
    "overdue_amount", "balance", "days_past_due", "overdue_amount / customers.income", "loan_id.annual_rate",
    'count(collection_cases, via="loan_id")',
)  # fmt: skip
OWN = {
    "dormant-reactivation": (
        'count(complaints, last="365d") > 0', "count(complaints)", 'count(campaign_contacts, where=arm == "call")',
        "count(campaign_contacts)",
    ),
    "collection-repayment": (*CASE, 'count(app_events, where=event == "login", last="60d") > 0'),
    "collection-complaint": (
        *CASE, 'count(complaints, last="365d", via="customer_id")', 'count(complaints, via="customer_id")',
        'count(complaints, where=topic == "night calls", via="customer_id")', 'channel == "agency"',
        'channel == "in_house"', 'channel == "wait"', "customers.age < 27",
    ),
}  # fmt: skip
"""Of each pack besides. The complaint pack knows who works a case before it is decided how."""


@dataclass(frozen=True)
class Campaign:
    """A pack's simulated example, ready to be learned from, with its truth.

    Parameters
    ----------
    plan : Plan
    task, deciding : Task, Deciding
    sample : Sample
    features : polars.DataFrame
        Of the labelled observations.
    terms : OptionTerms
        Of those out of time.
    truth : dict of str to ndarray
        Outputs of a perfect model, of the labelled observations.
    """

    plan: Any
    task: Any
    deciding: Any
    sample: Any
    features: pl.DataFrame
    terms: Any
    truth: dict[str, Floats]

    @property
    def last(self) -> Codes:
        """The rows out of time."""
        return self.sample.split.parts()["out_of_time"]


def prepare(pack: str, seed: int, customers: int, learner: str) -> Campaign:
    """Simulate, observe, evaluate the fixed formulas."""
    from tael.engine import Engine
    from tael.observations import observe
    from tael.observations.observe import CUTOFF
    from tael.runs.deciding import deciding_of
    from tael.runs.sample import labelled_sample
    from tael.runs.tasks import task_of
    from tael.scenarios import scenario
    from tael.scenarios.pack import Scenario

    plan = scenario(pack).plan
    assert plan.example is not None
    example = plan.example.model_copy(update={"n_customers": customers, "seed": seed})
    model = plan.model.model_copy(update={"learner": learner})
    decision = plan.decision.model_copy(update={"rules": {}, "holdout": 0.0})
    plan = plan.model_copy(update={"example": example, "model": model, "decision": decision})
    made = Scenario(plan).simulate()
    tables = made.tables()
    engine = Engine.shared(tables, plan.observations.entity, cutoff=CUTOFF, n_threads=1)
    task, deciding = task_of(plan), deciding_of(plan)
    seen = observe(tables, plan.observations, plan.label, engine=engine)
    sample = task.observe(engine, labelled_sample(engine, seen, plan, task.check_label))
    formulas = [*CUSTOMER, *OWN[pack]]
    values = engine.evaluate(formulas, sample.X)
    features = pl.DataFrame({text: one.data.astype(np.float64) for text, one in zip(formulas, values, strict=True)})
    terms = deciding.terms(engine, sample.X[sample.split.parts()["out_of_time"]])
    return Campaign(plan, task, deciding, sample, features, terms, truth_of(pack, made, sample, engine.key))


def truth_of(pack: str, made: Any, sample: Any, key: str) -> dict[str, Floats]:
    """The true chances under each arm, as a perfect model's outputs."""
    from tael.runs.tasks.uplift import named

    truth = made.truth.campaign if pack == "dormant-reactivation" else made.truth.collection
    frame = sample.X.select(key).join(truth, on=key, how="left", maintain_order="left")
    arms = sorted(set(sample.extra["arm"].tolist()))
    if pack == "dormant-reactivation":
        arms = ["none", *(arm for arm in arms if arm != "none")]
        return named(arms, frame.select([f"p_{arm}" for arm in arms]).to_numpy())
    if pack == "collection-repayment":
        arms = ["wait", *(arm for arm in arms if arm != "wait")]
        return named(arms, frame.select([f"repay_{arm}" for arm in arms]).to_numpy())
    arms = ["standard", *(arm for arm in arms if arm != "standard")]
    worked = frame.select(key).join(made.frames["collection_cases"], on=key, how="left", maintain_order="left")
    by = worked["channel"].cast(pl.String).to_numpy()
    chances = np.empty((frame.height, len(arms)))
    for k, arm in enumerate(arms):
        for channel in set(by.tolist()):
            rows = by == channel
            chances[rows, k] = frame[f"complaint_{channel}_{arm}"].to_numpy()[rows]
    return named(arms, chances)


def measured(campaign: Campaign, redraws: int) -> tuple[dict[str, float], dict[str, list[bool]], dict[str, Any]]:
    """True worth of each rule for 1,000 customers; whether intervals hold it; what the model said."""
    from tael.runs.deciding import deciding_of
    from tael.runs.deciding.options_terms import valued

    plan, last, terms = campaign.plan, campaign.last, campaign.terms
    ids = campaign.sample.X[last][campaign.sample.X.columns[0]].to_numpy()
    free_plan = plan.model_copy(
        update={"decision": plan.decision.model_copy(update={"capacities": {}, "budgets": {}, "groups": {}})}
    )
    truth = {name: values[last] for name, values in campaign.truth.items()}
    told = valued(plan.decision, terms, truth)
    options = list(plan.decision.every)

    def chosen(outputs: dict[str, Floats], which: Any) -> Codes:
        deciding = deciding_of(which)
        policy = deciding.fit(outputs, terms, np.zeros(len(last)), ids)
        batch = deciding.decide(policy, outputs, terms, ids)
        place = {name: k for k, name in enumerate(options)}
        return np.array([place[name] for name in batch.decision], dtype=np.int64)

    fitted = campaign.task.fit(campaign.features, campaign.sample)
    ours = {name: values[last] for name, values in fitted.outputs(campaign.features).items()}
    plain_task = type(campaign.task)(
        plan.model_copy(update={"model": plan.model.model_copy(update={"learner": "t_linear"})})
    )
    plain = plain_task.fit(campaign.features, campaign.sample).outputs(campaign.features)
    plain = {name: values[last] for name, values in plain.items()}
    rules: dict[str, Codes] = {options[0]: np.zeros(len(last), dtype=np.int64)}
    rules |= {f"{name} for all": np.where(told.mask[:, k], k, 0) for k, name in enumerate(options) if k}
    means = {name: np.full(len(last), values.mean()) for name, values in fitted.outputs(campaign.features).items()}
    rules["best for all, by training"] = _uniform(valued(plan.decision, terms, means), told)
    if terms.today is not None and len(set(terms.today.tolist())) > 1:
        place = {name: k for k, name in enumerate(options)}
        rules["today's rule"] = np.array([place[str(name)] for name in terms.today], dtype=np.int64)
    if plan.name == "dormant-reactivation":
        rules["response-ranked, limited"] = _response_ranked(campaign, fitted, last)
    rules["linear T-learner, free"] = chosen(plain, free_plan)
    rules["linear T-learner, limited"] = chosen(plain, plan)
    rules["tael, free"], rules["tael, limited"] = chosen(ours, free_plan), chosen(ours, plan)
    rules["oracle, free"], rules["oracle, limited"] = chosen(truth, free_plan), chosen(truth, plan)
    at = np.arange(len(last))
    worth = {name: 1000 * float(told.value[at, rule].mean()) for name, rule in rules.items()}
    arms = fitted.arms
    about = {
        "arms": arms[1:],
        "decided": list(getattr(fitted.model, "decided_by_arm_", [])),
        "true mean": [round(float((campaign.truth[f"p_{a}"] - campaign.truth["p"]).mean()), 4) for a in arms[1:]],
        "mean": [round(float((ours[f"p_{a}"] - ours["p"]).mean()), 4) for a in arms[1:]],
        "corr": [_corr(ours[f"p_{a}"] - ours["p"], truth[f"p_{a}"] - truth["p"]) for a in arms[1:]],
        "rows": (len(campaign.sample.split.parts()["train"]), len(last)),
    }
    return worth, covered(campaign, fitted, rules, told, worth, redraws), about


def _corr(a: Floats, b: Floats) -> float:
    return round(float(np.corrcoef(a, b)[0, 1]), 2) if a.std() > 1e-9 and b.std() > 1e-9 else 0.0


def _uniform(expected: Any, told: Any) -> Codes:
    """The option for all who may get it that the training rows say is worth most."""
    n = len(expected.value)
    every = [np.where(told.mask[:, k], k, 0) for k in range(expected.value.shape[1])]
    return every[int(np.argmax([expected.value[np.arange(n), rule].mean() for rule in every]))]


def _response_ranked(campaign: Campaign, fitted: Any, last: Codes) -> Codes:
    """Calls to the likeliest to respond, as many as there are; messages to the rest."""
    p = fitted.reference.predict_proba(campaign.features[last])[:, 1]
    calls = int(campaign.plan.decision.capacities["call"] * len(last) / campaign.plan.decision.batch)
    options = list(campaign.plan.decision.every)
    rule = np.full(len(last), options.index("sms"), dtype=np.int64)
    rule[np.argsort(-p, kind="stable")[:calls]] = options.index("call")
    return rule


def covered(
    campaign: Campaign, fitted: Any, rules: dict[str, Codes], told: Any, worth: dict[str, float], redraws: int
) -> dict[str, list[bool]]:
    """Whether the interval of each rule's value holds the truth, for outcomes drawn again."""
    from tael.models import fit_nuisances
    from tael.runs.deciding.options_terms import valued
    from tael.runs.tasks.uplift import named, propensities
    from tael.validation.uplift_observed import mean_error

    last, sample, plan = campaign.last, campaign.sample, campaign.plan
    rng = np.random.default_rng(plan.example.seed + 1000)
    arm = sample.extra["arm"][last]
    chance = np.array([campaign.truth[f"p_{name}"][row] for name, row in zip(arm.tolist(), last.tolist(), strict=True)])
    known = propensities(sample, fitted.arms, last)
    outputs = {name: values[last] for name, values in fitted.outputs(campaign.features).items()}
    at = np.arange(len(last))
    held: dict[str, list[bool]] = {name: [] for name in rules}
    for _ in range(redraws):
        y = (rng.random(len(last)) < chance).astype(np.float64)
        found = fit_nuisances(
            campaign.features[last], y, arm, control=fitted.arms[0], propensity=known, random_state=plan.seed
        )
        scores = np.where(found.kept[:, None], found.scores, found.outcome)
        came = valued(plan.decision, campaign.terms, named(fitted.arms, scores), masks=outputs)
        for name, rule in rules.items():
            mean, error = mean_error(came.value[at, rule], np.ones(len(last)))
            held[name].append(bool(abs(1000 * mean - worth[name]) <= 1960 * error))
    return held


def main() -> int:
    """Run and print."""
    import lightgbm
    import sklearn

    import tael

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pack", choices=list(OWN), default="dormant-reactivation")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first", type=int, default=0, help="first seed")
    parser.add_argument("--customers", type=int, default=8000)
    parser.add_argument("--redraws", type=int, default=10)
    parser.add_argument("--learner", default="auto")
    args = parser.parse_args()
    print(
        f"tael {tael.__version__}, scikit-learn {sklearn.__version__}, LightGBM {lightgbm.__version__}, "
        f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores; {vars(args)}"
    )
    rows: list[dict[str, float]] = []
    held: dict[str, list[bool]] = {}
    for seed in range(args.first, args.first + args.seeds):
        start = time.process_time()
        campaign = prepare(args.pack, seed, args.customers, args.learner)
        worth, holds, about = measured(campaign, args.redraws)
        rows.append(worth)
        for name, flags in holds.items():
            held.setdefault(name, []).extend(flags)
        best = max(value for name, value in worth.items() if name.endswith("for all") or "," not in name)
        print(f"seed {seed}: {about}, CPU s {time.process_time() - start:.0f}, tael less best uniform "
              f"{worth['tael, free'] - best:,.0f}")  # fmt: skip
        print("  " + ", ".join(f"{name} {value:,.0f}" for name, value in worth.items()))
        print("  intervals hold: " + ", ".join(f"{name} {sum(f)} of {len(f)}" for name, f in holds.items()), flush=True)
    print(f"\n{'CNY for 1,000 customers':<32}{'mean':>10}{'sd':>9}{'least':>10}{'most':>10}{'intervals hold':>18}")
    for name in rows[0]:
        found = np.array([row[name] for row in rows])
        flags = held[name]
        print(
            f"{name:<32}{found.mean():>10,.0f}{found.std():>9,.0f}{found.min():>10,.0f}{found.max():>10,.0f}"
            f"{f'{sum(flags)} of {len(flags)}':>18}"
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
