"""The terms of the loan: what a plan states of them, evaluated for each applicant, and said in words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.decisions import ApprovalEconomics
from tael.engine import Engine
from tael.engine.observed import to_polars
from tael.errors import DecisionError, FormulaError, ScenarioError
from tael.formulas.parser import parse
from tael.runs.plans import ApprovalPlan
from tael.tables.schema import Language, Type
from tael.validation.words import Words

TERMS: dict[str, tuple[Words, str]] = {
    "amount": (Words("amount lent", "放款金额"), "currency"),
    "margin": (Words("margin over the loan's life", "贷款期内总毛利"), "currency"),
    "margin_rate": (Words("margin over the loan's life, share of the amount", "贷款期内毛利率"), "share"),
    "lgd": (Words("loss given default", "违约损失率"), "share"),
    "exposure_at_default": (Words("exposure at default, share of the amount", "违约时敞口占比"), "share"),
    "income_before_default": (Words("margin earned before default", "违约前已得毛利占比"), "share"),
    "funding_rate": (Words("cost of funding a year", "资金成本（年）"), "share"),
    "capital_ratio": (Words("capital held", "资本占用比例"), "share"),
    "capital_cost": (Words("cost of capital a year", "资本成本（年）"), "share"),
    "term_years": (Words("term", "期限"), "years"),
    "average_balance": (Words("average balance, share of the amount", "平均余额占比"), "share"),
    "acquisition_cost": (Words("cost of acquisition", "获客成本"), "currency"),
    "servicing_cost": (Words("cost of servicing", "服务成本"), "currency"),
}
FORMULA = (
    "(1 - pd) * margin + pd * income_before_default * margin - pd * lgd * exposure_at_default * amount"
    " - (funding_rate + capital_ratio * capital_cost) * average_balance * term_years * amount"
    " - acquisition_cost - servicing_cost"
)


@dataclass(frozen=True)
class Terms:
    """What the decision needs of each observation, besides its probability."""

    economics: ApprovalEconomics
    segments: NDArray[Any] | None
    rules: dict[str, NDArray[np.bool_]]
    today: NDArray[np.bool_] | None

    def take(self, rows: NDArray[np.int64]) -> Terms:
        """The terms of some observations, by index."""
        return Terms(
            self.economics.take(rows),
            None if self.segments is None else self.segments[rows],
            {name: flag[rows] for name, flag in self.rules.items()},
            None if self.today is None else self.today[rows],
        )


def bind_all(engine: Engine, plan: ApprovalPlan) -> None:
    """Hold every formula of a decision plan against the tables, without computing any.

    Raises
    ------
    ScenarioError
        Neither `margin` nor `margin_rate` is stated, or the entity has no column of the default `amount`.
    FormulaError
        Names its place in the plan.
    """
    stated = {name: getattr(plan, name) for name in (*TERMS, "segment", "today")}
    stated |= {f"rules.{name}": text for name, text in plan.rules.items()}
    for name, text in stated.items():
        if isinstance(text, str):
            _bound(engine, text, name, plan)
    if plan.margin is None and plan.margin_rate is None:
        # 0 would be a silent answer to the question on which the whole decision rests: nobody would be approved
        raise ScenarioError(
            "The decision needs what a loan earns, and the scenario does not say it.",
            expected="margin (in currency) or margin_rate (a share of the amount), over the loan's whole life",
            got="neither",
            where="scenario.toml, [decision]",
            fix='Write margin_rate = 0.18, or a formula such as margin = "totaldue - amount".'
            + _offer(engine, "margin"),
        )


def _bound(engine: Engine, text: str, place: str, plan: ApprovalPlan) -> None:
    where = f"scenario.toml, [decision]: {place} = {text}"
    if _PERCENT.fullmatch(text):
        raise ScenarioError(
            "A share is written as a number.",
            expected=f"{place} = {float(text.strip().rstrip('%')) / 100:g}",
            got=f'{place} = "{text}"',
            where="scenario.toml, [decision]",
            fix="Write it so, without quotes.",
        )
    try:
        engine.bind(text)
    except FormulaError as error:
        if place == "amount" and place not in plan.model_fields_set:
            raise ScenarioError(
                f"The decision needs the amount that is lent, and {engine.entity} has no column amount.",
                expected="a number column, or a formula of such",
                got="nothing stated, and no column amount",
                where="scenario.toml, [decision]",
                fix=f'Write amount = "{_nearest(engine, "amount") or "..."}".' + _offer(engine, place),
            ) from None
        raise FormulaError(
            error.problem,
            expected=error.expected,
            got=error.got,
            where=where,
            fix=" ".join(filter(None, (error.fix, _offer(engine, place).strip() if place in TERMS else ""))),
        ) from None


_PERCENT = re.compile(r"\s*\d+(\.\d+)?\s*%\s*")


def _numbers(engine: Engine) -> list[str]:
    """The entity's own number columns."""
    promise = engine.tables.schema.tables[engine.entity]
    return [
        name
        for name, column in promise.columns.items()
        if column.type == Type.NUMBER and column.role == "feature" and column.to is None and name != promise.key
    ]


def _nearest(engine: Engine, wanted: str) -> str | None:
    """The number column whose name comes nearest, or holds it; the only one there is, else none."""
    names = _numbers(engine)
    holding = sorted((name for name in names if wanted in name.lower()), key=len)
    near = holding or get_close_matches(wanted, names, n=1)
    return near[0] if near else names[0] if len(names) == 1 else None


def _offer(engine: Engine, wanted: str) -> str:
    names = _numbers(engine)
    if not names:
        return ""
    first = _nearest(engine, wanted)
    ordered = [first, *(name for name in names if name != first)] if first else names
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return f" Number columns of {engine.entity}: {', '.join(ordered[:8])}{more}."


def terms_of(engine: Engine, plan: ApprovalPlan, X: Any) -> Terms:
    """Evaluate the formulas of a decision plan for observations.

    Raises
    ------
    DecisionError
        If a term is missing for an applicant or is no number.
    """
    bind_all(engine, plan)
    keys = to_polars(X, engine.key, engine.cutoff)[engine.key]
    numbers = {
        name: _term(engine, name, stated, X, keys) for name in TERMS if (stated := getattr(plan, name)) is not None
    }
    economics = ApprovalEconomics(**numbers, currency=plan.currency)
    segments = None
    if plan.segment is not None:
        values = engine.evaluate([plan.segment], X)[0]
        segments = values.strings() if values.type in (Type.CATEGORY, Type.TEXT) else values.data.astype(str)
        segments = np.array([str(s) for s in segments], dtype=object)
    rules = {name: _flags(engine, text, X, f"rules.{name}") for name, text in plan.rules.items()}
    today = None if plan.today is None else _flags(engine, plan.today, X, "today")
    return Terms(economics, segments, rules, today)


def _term(engine: Engine, name: str, stated: float | str, X: Any, keys: pl.Series) -> Any:
    if not isinstance(stated, str):
        return stated
    values = engine.evaluate([parse(stated)], X)[0]
    if values.type not in (Type.NUMBER, Type.FLAG):
        raise DecisionError(
            "A term of the loan must be a number.",
            expected="a number, or a formula of numbers",
            got=f"a {values.type}",
            where=f"scenario.toml, [decision]: {name} = {stated}",
            fix="Mend the formula.",
        )
    absent = np.flatnonzero(np.isnan(values.data))
    if len(absent):
        raise DecisionError(
            "A term of the loan is missing for some applicants.",
            expected="a number for each",
            got=f"{len(absent):,} of {len(keys):,} missing, such as for {keys.name} {keys[int(absent[0])]}",
            where=f"scenario.toml, [decision]: {name} = {stated}",
            fix=f"Say what holds then, such as coalesce({stated}, 0), or leave them out by where or exclude.",
        )
    return values.data


def _flags(engine: Engine, text: str, X: Any, where: str) -> NDArray[np.bool_]:
    values = engine.evaluate([text], X)[0]
    if values.type != Type.FLAG:
        raise DecisionError(
            "A rule must be a flag.",
            expected="such as age < 18",
            got=f"a {values.type}",
            where=f"scenario.toml, [decision]: {where} = {text}",
            fix="Compare it with a value.",
        )
    return values.data == 1.0


def parameters(plan: ApprovalPlan) -> list[dict[str, Any]]:
    """The terms as a report and ``run.json`` tell them; what the plan does not say is marked ``assumed``."""
    out = []
    for name, (title, unit) in TERMS.items():
        value = getattr(plan, name)
        if value is not None and not (name == "margin_rate" and plan.margin is not None):
            shown = plan.currency if unit == "currency" else unit
            told = {"name": name, "value": value, "unit": shown, "title": title.to_dict()}
            out.append(told | {"assumed": name not in plan.model_fields_set})
    return out


def terms_lines(plan: ApprovalPlan, lang: Language = "en") -> list[str]:
    """The terms of the loan in lines, for `tael check`.

    Examples
    --------
    >>> print("\\n".join(terms_lines(ApprovalPlan(margin_rate=0.2))[:4]))
    Terms of the loan (scenario.toml, [decision]; * = assumed, the scenario does not say)
      * amount                 amount
        margin_rate            0.2
      * lgd                    0.6
    """
    zh = lang == "zh"
    lines = [
        "贷款条款（scenario.toml 的 [decision]；* 为默认假设，场景未给出）"
        if zh
        else "Terms of the loan (scenario.toml, [decision]; * = assumed, the scenario does not say)"
    ]
    for one in parameters(plan):
        title = one["title"][lang] if zh else ""
        lines.append(f"  {'*' if one['assumed'] else ' '} {one['name']:<22} {one['value']}  {title}".rstrip())
    return lines
