"""What can be known to be wrong with a plan before anything is searched or fitted."""

from __future__ import annotations

from tael.engine import Engine
from tael.errors import FormulaError, ObservationsError, ScenarioError, did_you_mean
from tael.observations.observe import CUTOFF
from tael.runs import governance
from tael.runs.deciding import deciding_of
from tael.runs.plan import Plan
from tael.runs.tasks import task_of
from tael.tables.schema import Schema


def check_plan(plan: Plan, engine: Engine) -> None:
    """Hold a plan against the tables: names of columns, tables and members, limits, formulas of the decision.

    Parameters
    ----------
    plan : Plan
    engine : Engine
        On the tables to run on.

    Raises
    ------
    ObservationsError
        An entity without rows.
    ScenarioError
        A name that the tables lack.
    FormulaError, DecisionError, ModelError
        A formula that does not fit the tables, a limit that makes no sense, a member that is not known.
    """
    schema, entity = engine.tables.schema, plan.entity
    promise = schema.tables.get(entity)
    if promise is None:
        return  # making observations says so, with the tables there are
    if engine.tables[entity].height == 0:
        raise ObservationsError(
            "There is nothing to observe: the table has no rows.",
            expected="a row for each observation",
            got="0 rows",
            where=f"table {entity}",
            fix="Look at its file.",
        )
    task = task_of(plan)
    task.check(engine)
    if plan.split.groups not in (None, CUTOFF) and plan.split.groups not in promise.columns:
        raise ScenarioError(
            "The column that keeps rows together is not there.",
            expected=f"a column of {entity}, or cutoff",
            got=str(plan.split.groups),
            where="split.groups",
            fix=did_you_mean(str(plan.split.groups), promise.columns),
        )
    known = _names(schema, entity)
    for name in plan.features.forbid:
        if name not in known:
            raise ScenarioError(
                "What is forbidden is not there, so forbidding it does nothing.",
                expected="a table, a column of the entity, or table.column",
                got=name,
                where="features.forbid",
                fix=did_you_mean(name, known),
            )
    for text in plan.features.forced:
        engine.bind(text)
    deciding_of(plan).check(engine, task.outputs(engine))
    governance.check(plan, engine)


def unknown_directions(plan: Plan, engine: Engine) -> dict[str, FormulaError]:
    """Names under ``model.monotone`` that are no formula of these tables; they may still name a feature."""
    unknown: dict[str, FormulaError] = {}
    columns = _names(engine.tables.schema, engine.entity) if plan.model.monotone else set()
    for stated in plan.model.monotone:
        if stated in columns:
            continue
        try:
            engine.bind(stated)
        except FormulaError as error:
            unknown[stated] = error
    return unknown


def _names(schema: Schema, entity: str) -> set[str]:
    pairs = {f"{table}.{column}" for table, promise in schema.tables.items() for column in promise.columns}
    return {*schema.tables, *schema.tables[entity].columns, *pairs}
