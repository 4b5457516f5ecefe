"""An allocation as a person reads it: who gets what, which limits bind, what one more unit of each is worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.decisions.allocation_conflict import Conflict
from tael.decisions.allocation_problem import Limit, Problem
from tael.decisions.allocation_solve import Solved, solve
from tael.errors import DecisionError, did_you_mean
from tael.validation.words import Lang, Words

FACTORS = (0.9, 1.0, 1.1)
CUSTOMER = Words("customer", "户")
POINT = Words("point", "百分点")


@dataclass(frozen=True, eq=False)
class Allocation:
    """What every customer gets, with its certificate.

    Parameters
    ----------
    status : str
        "solved"; "infeasible": proven that the limits contradict each other, `conflict` says which; "not_found": no
        allocation within the limits was found, though none was proven impossible.
    choice : ndarray of shape (n,)
        Index of each customer's option; -1 for everybody where there is no allocation.
    value : float
        Worth of the allocation, in units of the value. NaN where there is none.
    bound : float
        No allocation within the limits is worth more.
    gap : float
        (bound - value) / the larger of them in size: at most this share is lost to the best there can be.
    limits : polars.DataFrame
        One row a constraint: constraint, kind ("budget", "capacity", "group"), use, lower, upper, slack (room to the
        nearer bound), shadow_price (change of value if the bound that binds is raised by one unit: negative for a
        minimum), unit. The unit of a "share", "part" or "ratio" is one hundredth (a point).
    taken : dict of str to int
        Customers with each option.
    masked : dict of str to int
        Customers whom each mask alone leaves with nothing.
    conflict : Conflict or None
        Why it is infeasible.
    """

    status: str
    choice: NDArray[np.int64]
    value: float
    bound: float
    gap: float
    limits: pl.DataFrame
    taken: dict[str, int]
    masked: dict[str, int]
    conflict: Conflict | None
    problem: Problem = field(repr=False)
    solved: Solved = field(repr=False)
    target: float = field(repr=False, default=1e-4)

    @classmethod
    def of(cls, problem: Problem, solved: Solved, masked: dict[str, int], target: float) -> Allocation:
        """Put into words and columns what the solver found."""
        counts = np.bincount(solved.choice[solved.choice >= 0], minlength=problem.k)
        taken = dict(zip(problem.options, counts.tolist(), strict=True))
        return cls(
            solved.status, solved.choice, solved.value, solved.bound, solved.gap, _limits(problem, solved),
            taken, masked, solved.conflict, problem, solved, target,
        )  # fmt: skip

    @property
    def options(self) -> NDArray[Any]:
        """Name of each customer's option; empty text where there is no allocation."""
        names = np.array([*self.problem.options, ""], dtype=object)
        chosen: NDArray[Any] = names[self.choice]
        return chosen

    @property
    def shadow_prices(self) -> dict[str, float]:
        """Shadow price of each constraint, by name; of a rule with two sides, that of the side that binds."""
        prices: dict[str, float] = {}
        for name, price in self.limits.select("constraint", "shadow_price").iter_rows():
            prices[name] = prices.get(name, 0.0) + (0.0 if price is None else price)
        return prices

    def sensitivity(self, factors: Sequence[float] = FACTORS) -> pl.DataFrame:
        """What the allocation would be worth if one bound at a time were multiplied.

        Each neighbouring problem starts from this one's prices and passes.

        Parameters
        ----------
        factors : sequence of float
            Factors on the upper bound of each budget and capacity, or on the lower where there is no upper bound.

        Returns
        -------
        polars.DataFrame
            Columns: constraint, factor, limit, status, value, bound, change (of value, to this allocation), use,
            shadow_price.
        """
        parts = [self.curve(q.name, factors) for q in self.problem.limits if q.kind != "group" and _bounded(q)]
        return pl.concat(parts) if parts else pl.DataFrame(schema=_CURVE)

    def curve(self, name: str, factors: Sequence[float]) -> pl.DataFrame:
        """The marginal curve of one budget or capacity: `sensitivity` for one constraint.

        Raises
        ------
        DecisionError
            If there is no such bounded budget or capacity, or a factor is negative or missing.

        Examples
        --------
        >>> from tael.decisions.allocation import allocate
        >>> found = allocate([[0.0, 5.0], [0.0, 3.0]], {"cost": [0.0, 1.0]}, {"cost": 1.0})
        >>> found.curve("cost", [0.0, 1.0, 2.0])["value"].to_list()
        [0.0, 5.0, 8.0]
        """
        known = {q.name: (r, q) for r, q in enumerate(self.problem.limits) if q.kind != "group" and _bounded(q)}
        if name not in known:
            raise DecisionError("No such bounded budget or capacity.", got=name, fix=did_you_mean(name, known))
        r, limit = known[name]
        rows: list[tuple[Any, ...]] = []
        for factor in factors:
            if not (np.isfinite(factor) and factor >= 0):
                raise DecisionError("A factor makes no sense.", expected="0 or more", got=repr(factor), where="factors")
            upper = limit.upper * factor if np.isfinite(limit.upper) else limit.upper
            lower = limit.lower * factor if np.isinf(limit.upper) else limit.lower
            if lower > upper:
                rows.append((name, float(factor), upper, "infeasible", None, None, None, None, None))
                continue
            # every slice of the curve sees the passes of this allocation, and leaves them as they were
            passes = replace(
                self.solved.passes,
                prices=list(self.solved.passes.prices),
                on_value=list(self.solved.passes.on_value),
                value=list(self.solved.passes.value),
                use=list(self.solved.passes.use),
            )
            start = self.solved.prices if np.isfinite(self.solved.prices).all() else None
            neighbour = self.problem.with_bounds(r, lower, upper)
            got = solve(neighbour, self.target, start=start, passes=passes)
            at = upper if np.isfinite(upper) else lower
            if got.status != "solved":
                rows.append((name, float(factor), at, got.status, None, None, None, None, None))
                continue
            change = got.value - self.value if self.status == "solved" else None
            rows.append(
                (name, float(factor), at, got.status, got.value, got.bound, change, got.use[r], float(got.prices[r]))
            )
        return pl.DataFrame(rows, schema=_CURVE, orient="row")

    def words(self, lang: Lang = "en") -> str:
        """The allocation in a paragraph."""
        return self._words().text(lang)

    def _words(self) -> Words:
        if self.status == "infeasible" and self.conflict is not None:
            return self.conflict.words()
        if self.status == "not_found":
            return Words(
                "No allocation within all limits was found, though none was proven impossible; loosen a limit.",
                "未找到满足全部限制的分配方案，但也未能证明其不存在；请略微放宽某项限制。",
            )
        unit = f" {self.problem.currency}" if self.problem.currency else ""
        some = [(o, c) for o, c in self.taken.items() if c]
        en = f"{self.problem.n:,} customers: {', '.join(f'{c:,} {o}' for o, c in some)}. "
        en += f"Value {self.value:,.2f}{unit}, within {self.gap:.4%} of the best possible."
        zh = f"共 {self.problem.n:,} 户：{'，'.join(f'{o} {c:,} 户' for o, c in some)}。"
        zh += f"价值 {self.value:,.2f}{unit}，与理论上限的差距不超过 {self.gap:.4%}。"
        binding = [row for row in self.limits.iter_rows(named=True) if row["shadow_price"]]
        for row in binding:
            price, each = row["shadow_price"], row["unit"] or CUSTOMER.en
            each_zh = {CUSTOMER.en: CUSTOMER.zh, POINT.en: POINT.zh}.get(each, each)
            name = row["constraint"]
            if price > 0:
                en += f' "{name}" binds: one more {each} is worth {price:,.4g}{unit}.'
                zh += f"「{name}」已用足：每增加 1 {each_zh}，价值增加 {price:,.4g}{unit}。"
            else:
                en += f' The minimum of "{name}" binds: one {each} less would bring {-price:,.4g}{unit}.'
                zh += f"「{name}」的下限起约束作用：每降低 1 {each_zh}，价值增加 {-price:,.4g}{unit}。"
        if not binding:
            en += " No limit binds."
            zh += "没有限制起约束作用。"
        return Words(en, zh)

    def table(self, lang: Lang = "en") -> str:
        """The constraints as text of fixed width, for a terminal."""
        heads = {
            "en": ("constraint", "use", "lower", "upper", "slack", "shadow price", "unit"),
            "zh": ("约束", "用量", "下限", "上限", "余量", "影子价格", "单位"),
        }
        self._words().text(lang)  # refuses a language that there is not
        lines = [heads[lang]]
        units = {CUSTOMER.en: CUSTOMER, POINT.en: POINT}
        for row in self.limits.iter_rows(named=True):
            numbers = [row[c] for c in ("use", "lower", "upper", "slack", "shadow_price")]
            shown = ["-" if x is None else f"{x:,.6g}" for x in numbers]
            each = row["unit"] or CUSTOMER.en
            lines.append((row["constraint"], *shown, units[each].text(lang) if each in units else each))
        widths = [max(_width(line[c]) for line in lines) for c in range(len(heads[lang]))]
        text = []
        for line in lines:
            cells = [
                _pad(cell, width, left=c in (0, 6)) for c, (cell, width) in enumerate(zip(line, widths, strict=True))
            ]
            text.append("  ".join(cells).rstrip())
        return "\n".join([*text, "", self.words(lang)])


_CURVE = {
    "constraint": pl.String,
    "factor": pl.Float64,
    "limit": pl.Float64,
    "status": pl.String,
    "value": pl.Float64,
    "bound": pl.Float64,
    "change": pl.Float64,
    "use": pl.Float64,
    "shadow_price": pl.Float64,
}


def _bounded(limit: Limit) -> bool:
    return bool(np.isfinite(limit.lower) or np.isfinite(limit.upper))


def _width(text: str) -> int:
    """Columns of a terminal that a text takes: Chinese characters take two."""
    return sum(2 if ord(c) > 0x2E7F else 1 for c in text)


def _pad(text: str, width: int, *, left: bool) -> str:
    space = " " * (width - _width(text))
    return text + space if left else space + text


def _limits(problem: Problem, solved: Solved) -> pl.DataFrame:
    rows = []
    for r, limit in enumerate(problem.limits):
        lower, upper = float(limit.lower), float(limit.upper)
        use, price, unit = float(solved.use[r]), float(solved.prices[r]), limit.unit
        if limit.rule is not None and limit.rule.measure != "volume":
            use, step = _measured(problem, limit, solved.choice)
            price, unit = price * step * 0.01, POINT.en
            lower = -np.inf if limit.rule.at_least is None or limit.side == "upper" else float(limit.rule.at_least)
            upper = np.inf if limit.rule.at_most is None or limit.side == "lower" else float(limit.rule.at_most)
        elif limit.source == len(problem.sources) and limit.kind != "budget":
            unit = limit.unit or CUSTOMER.en
        slack = min(upper - use, use - lower)
        numbers = (use, lower, upper, slack, price + 0.0)
        rows.append((limit.name, limit.kind, *(float(x) if np.isfinite(x) else None for x in numbers), unit or "unit"))
    names = ("use", "lower", "upper", "slack", "shadow_price")
    schema = {"constraint": pl.String, "kind": pl.String, **dict.fromkeys(names, pl.Float64), "unit": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _measured(problem: Problem, limit: Limit, choice: NDArray[np.int64]) -> tuple[float, float]:
    """The measure of a rule as it came out, and by how much its constraint's bound rises as the measure's does by 1."""
    if limit.rule is None or limit.counted is None or (choice < 0).any():
        return np.nan, np.nan
    member = np.asarray(limit.rule.member)
    size, rest = limit.sizes
    amount = limit.counted[choice]
    if limit.source < len(problem.sources):
        amount = amount * problem.sources[limit.source][np.arange(problem.n), choice]
    own, other = float(amount[member].sum()), float(amount[~member].sum())
    if limit.rule.measure == "share":
        return own / size, float(size)
    if limit.rule.measure == "part":
        return (own / (own + other) if own + other else np.nan), own + other
    return (own / size) / (other / rest) if other else np.nan, size * other
