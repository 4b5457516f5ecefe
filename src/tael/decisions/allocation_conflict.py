"""Why there is no allocation: the limits that contradict each other, and what each would have to give."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tael.decisions.allocation_dual import Passes, natural_prices, solve_phase_one
from tael.decisions.allocation_problem import Limit, Problem
from tael.validation.words import Words


@dataclass(frozen=True)
class Conflict:
    """Limits that cannot hold together, none of which can be left out of the contradiction.

    Parameters
    ----------
    kind : str
        "alone": one limit that the customers cannot meet whatever they get; "together": each can be met, not all;
        "whole": shares of customers could meet them, whole customers cannot.
    limits : tuple of Limit
        The limits.
    needed : tuple of float
        For each, in units of its use: with the others held, the use is at least (of an upper bound) or at most (of a
        lower bound) this. NaN for "whole".
    able : int
        Customers who can use it at all; of "alone".
    """

    kind: str
    limits: tuple[Limit, ...]
    needed: tuple[float, ...]
    able: int = 0

    def words(self) -> Words:
        """The contradiction in a paragraph."""
        if self.kind == "alone":
            return _alone(self.limits[0], self.needed[0], self.able)
        names = [_bounds(q) for q in self.limits]
        en, zh = "; ".join(w.en for w in names), "；".join(w.zh for w in names)
        if self.kind == "whole":
            return Words(
                f"No allocation of whole customers keeps all limits, though shares of customers could: {en}.",
                f"按整户分配无法同时满足全部限制（若允许按比例拆分则可以）：{zh}。",
            )
        ways = [_needed(q, x) for q, x in zip(self.limits, self.needed, strict=True) if np.isfinite(x) and not q.side]
        en = f"These limits can each be kept, but not together: {en}."
        zh = f"以下限制单独都能满足，但无法同时满足：{zh}。"
        if ways:
            en += f" With the others held: {'; '.join(w.en for w in ways)}."
            zh += f"在其余限制不变时：{'；'.join(w.zh for w in ways)}。"
        return Words(en, zh)


def _what(limit: Limit) -> Words:
    if limit.kind == "capacity":
        return Words(f'customers with "{limit.name}"', f"获得「{limit.name}」的客户数")
    if limit.kind == "group":
        return Words(f'rule "{limit.name}"', f"规则「{limit.name}」")
    return Words(f'use of "{limit.name}"', f"「{limit.name}」用量")


def _bounds(limit: Limit) -> Words:
    what = _what(limit)
    if limit.side and limit.rule is not None:
        bound = limit.rule.at_least if limit.side == "lower" else limit.rule.at_most
        en, zh = ("at least", "不低于") if limit.side == "lower" else ("at most", "不高于")
        return Words(f"{what.en} {en} {bound:g}", f"{what.zh}{zh} {bound:g}")
    unit = f" {limit.unit}" if limit.unit else ""
    parts_en, parts_zh = [], []
    if np.isfinite(limit.lower):
        parts_en.append(f"at least {limit.lower:,.6g}{unit}")
        parts_zh.append(f"不低于 {limit.lower:,.6g}{unit}")
    if np.isfinite(limit.upper):
        parts_en.append(f"at most {limit.upper:,.6g}{unit}")
        parts_zh.append(f"不高于 {limit.upper:,.6g}{unit}")
    return Words(f"{what.en} {' and '.join(parts_en)}", f"{what.zh}{'且'.join(parts_zh)}")


def _needed(limit: Limit, needed: float) -> Words:
    what = _what(limit)
    unit = f" {limit.unit}" if limit.unit else ""
    if needed > limit.upper:
        return Words(f"{what.en} is at least {needed:,.6g}{unit}", f"{what.zh}至少为 {needed:,.6g}{unit}")
    return Words(f"{what.en} is at most {needed:,.6g}{unit}", f"{what.zh}至多为 {needed:,.6g}{unit}")


def _alone(limit: Limit, needed: float, able: int) -> Words:
    bounds, what = _bounds(limit), _what(limit)
    unit = f" {limit.unit}" if limit.unit else ""
    if limit.side:
        return Words(f"Cannot be kept by any choice: {bounds.en}.", f"任何选择都无法满足：{bounds.zh}。")
    if needed > limit.upper:
        return Words(
            f"Cannot be kept by any choice: {bounds.en}; the least possible is {needed:,.6g}{unit}.",
            f"任何选择都无法满足：{bounds.zh}；可达到的最低值为 {needed:,.6g}{unit}。",
        )
    return Words(
        f"Cannot be kept by any choice: {bounds.en}; the most possible is {needed:,.6g}{unit}, "
        f"as {able:,} customers are eligible ({what.en}).",
        f"任何选择都无法满足：{bounds.zh}；可达到的最高值为 {needed:,.6g}{unit}，符合条件的客户为 {able:,} 户。",
    )


def conflict(problem: Problem, passes: Passes) -> Conflict | None:
    """The contradiction among the limits, or None where a mixture of choices keeps them all.

    Parameters
    ----------
    problem : Problem
        The problem.
    passes : Passes
        Receives the passes made; they serve the search for prices as well.
    """
    ranges = problem.ranges
    for r, limit in enumerate(problem.limits):
        low, high = float(ranges[r, 0]), float(ranges[r, 1])
        slight = 1e-12 * max(abs(low), abs(high))
        if low - slight > limit.upper:
            return Conflict("alone", (limit,), (low,), int(ranges[r, 3]))
        if high + slight < limit.lower:
            return Conflict("alone", (limit,), (high,), int(ranges[r, 3]))
    kept = [r for r, q in enumerate(problem.limits) if ranges[r, 1] > q.upper or ranges[r, 0] < q.lower]
    if not kept:
        return None
    # most problems are kept by the choice of least use (or most, where there is only a lower bound)
    sign = np.where(ranges[:-1, 1] > problem.upper, 1.0, 0.0) - np.where(ranges[:-1, 0] < problem.lower, 1.0, 0.0)
    _, use = passes.add(problem, sign * problem.inverse[:-1], 0.0)
    if problem.holds(use.sum(axis=0)):
        return None
    below = -1e-6 * problem.n if problem.n > 1000 else -1e-6
    ray = solve_phase_one(problem, passes, below)
    if ray.bound >= below:
        return None
    guilty = _irreducible(problem, ray.prices, below)
    part = problem.part(guilty)
    ray = solve_phase_one(part, Passes(), -np.inf)
    needed = []
    for r, limit in enumerate(part.limits):
        price = float(ray.prices[r])
        bound = limit.upper if price > 0 else limit.lower
        needed.append(bound - ray.bound / price if price else np.nan)
    return Conflict("together", part.limits, tuple(needed))


def _irreducible(problem: Problem, prices: np.ndarray, below: float) -> list[int]:
    """Limits of a contradiction, none of which can be left out (deletion filter, Chinneck 1997)."""
    natural, _ = natural_prices(problem, 0.0)
    weight = np.abs(prices) / np.where(natural > 0, natural, 1.0)
    guilty = [int(r) for r in np.argsort(weight, kind="stable") if weight[r] > 1e-9]
    for r in list(guilty):
        rest = sorted(q for q in guilty if q != r)
        if rest and solve_phase_one(problem.part(rest), Passes(), below).bound < below:
            guilty.remove(r)
    return sorted(guilty)
