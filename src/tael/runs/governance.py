"""What a validator looks at besides the model's figures: weak segments, groups, the refused, vintages, noise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.engine import Engine
from tael.errors import FormulaError, ScenarioError, ValidationError, did_you_mean
from tael.formulas.bound import BoundColumn, walk_bound
from tael.formulas.words import words
from tael.models import infer_rejects_from_scores
from tael.observations import Observations, observe
from tael.runs.plan import Plan
from tael.runs.plans import AccountsPlan
from tael.runs.sample import Sample
from tael.runs.tasks import Judged, Trained
from tael.tables.schema import Language, Type
from tael.validation import (
    bad_definitions,
    delinquency_events,
    delinquency_panel,
    fairness_report,
    find_proxies,
    noise_robustness,
    performance_by,
    roll_rates,
    vintage_curves,
)
from tael.validation.fairness import groups_of
from tael.validation.segments import bands_of

LANGUAGES: tuple[Language, ...] = ("en", "zh")
FEWEST = 50
"""Refused or labelled rows below which nothing is told."""
ONE_EACH, BANDS = 12, 5
"""A protected attribute that is a number of more different values is put into so many bands of equal size, as segments
are; of fewer, each value is a group: a sex of 1 and 2 is no quantity."""


def check(plan: Plan, engine: Engine) -> None:
    """Hold the section ``[governance]`` against the tables.

    Raises
    ------
    ScenarioError
        A table, column or reason that is not there.
    FormulaError
        A segment or protected attribute that does not fit the tables.
    """
    stated = plan.governance
    for place, formulas in (("segments", stated.segments), ("protected", stated.protected)):
        for name, text in formulas.items():
            try:
                engine.bind(text)
            except FormulaError as error:
                raise FormulaError(
                    error.problem, expected=error.expected, got=error.got,
                    where=f"scenario.toml, [governance]: {place}.{name} = {text}", fix=error.fix,
                ) from None  # fmt: skip
    if stated.rejected is not None and stated.rejected not in plan.observations.exclude:
        raise ScenarioError(
            "The reason that means refused is no exclusion.",
            expected="a reason under [exclude]",
            got=stated.rejected,
            where="governance.rejected",
            fix=did_you_mean(stated.rejected, plan.observations.exclude),
        )
    if stated.accounts is not None:
        _check_accounts(stated.accounts, engine)


def _check_accounts(accounts: AccountsPlan, engine: Engine) -> None:
    schema = engine.tables.schema.tables
    wanted: list[tuple[str, list[str | None]]] = [
        (accounts.table, [accounts.opened, accounts.settled, accounts.status]),
        (accounts.instalments, [accounts.due, accounts.paid]),
    ]
    for table, columns in wanted:
        if table not in schema:
            raise ScenarioError(
                "A table of the accounts is not there.", expected="a table", got=table,
                where="governance.accounts", fix=did_you_mean(table, schema),
            )  # fmt: skip
        for column in columns:
            if column is not None and column not in schema[table].columns:
                raise ScenarioError(
                    "A column of the accounts is not there.", expected=f"a column of {table}", got=column,
                    where="governance.accounts", fix=did_you_mean(column, schema[table].columns),
                )  # fmt: skip
    _link(accounts, engine)


def _link(accounts: AccountsPlan, engine: Engine) -> str:
    """The column of the instalments that points to the accounts."""
    columns = engine.tables.schema.tables[accounts.instalments].columns
    links = [name for name, column in columns.items() if column.to == accounts.table]
    if len(links) != 1:
        raise ScenarioError(
            "The instalments do not lead to the accounts.",
            expected=f"one column of {accounts.instalments} with to = {accounts.table!r}",
            got=", ".join(links) or "none",
            where="governance.accounts",
            fix="State it in tables.toml.",
        )
    return links[0]


def governed(plan: Plan, engine: Engine) -> Plan:
    """The plan whose search may not name the columns that protected attributes are made of."""
    named = dict.fromkeys(
        f"{node.table}.{node.column}"
        for text in plan.governance.protected.values()
        for node in walk_bound(engine.bind(text))
        if isinstance(node, BoundColumn)
    )
    if not named:
        return plan
    forbid = dict.fromkeys((*plan.features.forbid, *named))
    return plan.model_copy(update={"features": plan.features.model_copy(update={"forbid": tuple(forbid)})})


def check_groups(plan: Plan, engine: Engine, sample: Sample) -> None:
    """Hold the protected attributes against the observations, before anything is searched.

    Raises
    ------
    ScenarioError
        An attribute has more groups than can be compared, or is a time.
    """
    for name, text in plan.governance.protected.items():
        values = _values(engine, text, sample.X[sample.split.parts()["out_of_time"]])
        if isinstance(values, pl.Series):
            raise ScenarioError(
                "A protected attribute is a time, which makes no groups.",
                expected="a category, a flag or a number",
                got="a time",
                where=f"scenario.toml, [governance.protected]: {name} = {text}",
                fix=f'State how long ago it was, such as an age: {name} = "days_since({text}) / 365.25".',
            )
        try:
            groups_of(_grouped(values, np.ones(len(values)))[0])
        except ValidationError as error:
            raise ScenarioError(
                error.problem, expected=error.expected, got=error.got,
                where=f"scenario.toml, [governance.protected]: {name} = {text}",
                fix="Name a column of fewer groups, or a number, which tael puts into bands; or take the line out.",
            ) from None  # fmt: skip


def governance_section(
    plan: Plan, engine: Engine, sample: Sample, seen: Observations, features: pl.DataFrame, fitted: Trained,
    judged: Judged, favoured: NDArray[np.bool_], rejected: pl.DataFrame | None, cutoff: float | None,
) -> dict[str, Any]:  # fmt: skip
    """The parts of ``run.json`` that a validator reads; measured out of time where they need outcomes.

    Parameters
    ----------
    features : polars.DataFrame
        Of the labelled observations.
    favoured : ndarray of bool
        Whether each out-of-time row got the favourable decision.
    rejected : polars.DataFrame or None
        Features of those refused in the past.
    cutoff : float or None
        The policy's cut-off, of an approval.
    """
    stated, told = plan.governance, dict[str, Any]()
    last = sample.split.parts()["out_of_time"]
    plain = not sample.classes and len(judged.y) == len(sample.y)  # a row an observation
    X = sample.X[last]
    weight = None if sample.weight is None else sample.weight[last]
    both = plain and len(np.unique(sample.y[last])) == 2 and len(last) >= FEWEST
    if both and stated.segments:
        told["segments"] = [
            {
                "title": _title(text, name, engine),
                **performance_by(
                    _values(engine, text, X), sample.y[last], judged.p[last], weight=weight, name=name, seed=plan.seed
                ).to_dict(),
            }
            for name, text in stated.segments.items()
        ]
    if both and stated.robustness:
        told["robustness"] = noise_robustness(
            lambda rows: fitted.outputs(rows)["p"], features[last], sample.y[last], weight=weight, repeats=3,
            most_rows=5_000, seed=plan.seed,
        ).to_dict()  # fmt: skip
    if stated.protected and len(last) >= FEWEST:
        told["fairness"] = list(_fairness(plan, engine, sample, features, judged, favoured, last, plain=plain))
    if rejected is not None and plain and rejected.height >= FEWEST:
        unseen = np.concatenate([sample.split.parts()[part] for part in ("validation", "out_of_time")])
        told["reject_inference"] = infer_rejects_from_scores(
            sample.y[unseen], judged.p[unseen], fitted.outputs(rejected)["p"],
            weight=None if sample.weight is None else sample.weight[unseen], cutoff=cutoff,
            bad_rate_limit=plan.decision.limit.bad_rate if plan.decision.kind == "approval" else None, seed=plan.seed,
        ).to_dict()  # fmt: skip
    if stated.accounts is not None:
        told |= _accounts(stated.accounts, engine, seen)
    return told


def _title(text: str, name: str, engine: Engine) -> dict[str, str]:
    schema, entity = engine.tables.schema, engine.entity
    return {lang: words(text, schema, entity, lang) or name for lang in LANGUAGES}


def _values(engine: Engine, text: str, X: pl.DataFrame) -> Any:
    values = engine.evaluate([text], X)[0]
    if values.type in (Type.CATEGORY, Type.TEXT):
        return values.strings()
    if values.type == Type.FLAG:
        return np.array([None if v != v else ("yes" if v else "no") for v in values.data.tolist()], dtype=object)
    if values.type == Type.TIME:
        return pl.Series(values.data).cast(pl.Datetime("us"))
    return values.data


def _grouped(values: NDArray[Any], weight: NDArray[np.float64]) -> tuple[NDArray[Any], int]:
    """The groups of a protected attribute, None where it is missing; and in how many bands, 0 where in none."""
    if values.dtype.kind != "f" or len(np.unique(values[~np.isnan(values)])) <= ONE_EACH:
        return values, 0
    codes, names = bands_of(values, weight, BANDS)
    return np.array([None if code < 0 else names[code] for code in codes], dtype=object), len(names)


def _banded(title: dict[str, str], bands: int) -> dict[str, str]:
    if not bands:
        return title
    return {
        "en": f"{title['en']}, in {bands} bands of about equal size",
        "zh": f"{title['zh']}（按人数大致等分为 {bands} 段）",
    }


def _fairness(
    plan: Plan, engine: Engine, sample: Sample, features: pl.DataFrame, judged: Judged, favoured: NDArray[np.bool_],
    last: NDArray[np.int64], *, plain: bool,
) -> Iterator[dict[str, Any]]:  # fmt: skip
    weight = None if sample.weight is None else sample.weight[last]
    for name, text in plan.governance.protected.items():
        values = _values(engine, text, sample.X[last])
        group, bands = _grouped(values, np.ones(len(last)) if weight is None else weight)
        if len({one for one in group.tolist() if one is not None and one == one}) < 2:
            continue  # everybody is of one group: there is nothing to compare
        score = judged.p[last] if plain else None
        report = fairness_report(
            group, favoured, score=score, y=sample.y[last] if plain else None, weight=weight,
            place=plan.governance.jurisdiction, attribute=name,
        )  # fmt: skip
        proxies = find_proxies(
            features[last], group, score=score, weight=weight, attribute=name, most_rows=5_000, seed=plan.seed
        )
        yield {"title": _banded(_title(text, name, engine), bands), **report.to_dict(), "proxies": proxies.to_dict()}


def rejected_frame(plan: Plan, engine: Engine, seen: Observations) -> pl.DataFrame | None:
    """Key and cutoff of those whom the exclusion named ``rejected`` left out; None where none is named."""
    reason = plan.governance.rejected
    if reason is None:
        return None
    others = {name: text for name, text in plan.observations.exclude.items() if name != reason}
    everybody = observe(engine.tables, plan.observations.model_copy(update={"exclude": others}), engine=engine).frame
    return everybody.join(seen.frame.select(seen.key, "cutoff"), on=[seen.key, "cutoff"], how="anti")


def _accounts(stated: AccountsPlan, engine: Engine, seen: Observations) -> dict[str, Any]:
    """Vintages, roll rates, and what backs the definition of bad."""
    tables = engine.tables
    frame = tables[stated.table]
    key = str(tables.schema.tables[stated.table].key)
    accounts = frame.select(account=pl.col(key), opened=pl.col(stated.opened)).filter(pl.col("opened").is_not_null())
    if stated.settled is not None:
        ended = frame.select(account=pl.col(key), settled=pl.col(stated.settled))
        if stated.status is not None and stated.written_off is not None:
            lost = (frame[stated.status].cast(pl.String) == stated.written_off).fill_null(False)
            ended = ended.with_columns(
                written_off=pl.when(lost).then(pl.col("settled")), settled=pl.when(~lost).then(pl.col("settled"))
            )
        accounts = accounts.join(ended, on="account", how="left", maintain_order="left")
    link = _link(stated, engine)
    schedule = tables[stated.instalments].select(
        account=pl.col(link), due=pl.col(stated.due), paid=pl.col(stated.paid)
    ).filter(pl.col("due").is_not_null() & pl.col("account").is_not_null())  # fmt: skip
    known = accounts.join(schedule.select("account").unique(), on="account", how="semi")
    if known.height < FEWEST:
        return {}
    end = seen.data_end
    events = delinquency_events(schedule, as_of=end, accounts=accounts)
    if events.height == 0:
        return {}
    panel = delinquency_panel(schedule, as_of=end, accounts=accounts)
    dated = accounts.filter(pl.col("opened") < end)
    return {
        "vintages": vintage_curves(
            dated, events, as_of=end, days_past_due=stated.days_past_due, every=stated.every
        ).to_dict(),
        "roll_rates": roll_rates(panel).to_dict(),
        "bad_definitions": bad_definitions(dated, events, as_of=end, panel=panel).to_dict(),
    }
