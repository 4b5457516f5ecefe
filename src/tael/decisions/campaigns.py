"""Several batches decided one by one, each under the limits by itself, and told together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.decisions.allocation import Allocation
from tael.decisions.allocation_result import POINT
from tael.decisions.options import Chosen, OptionsPolicy
from tael.validation.words import Lang

SUMMED = ("use", "lower", "upper")


@dataclass(frozen=True, eq=False)
class Campaigns:
    """The allocations of several batches, with what one allocation tells of itself.

    Parameters
    ----------
    names : sequence of str
        What each batch is called, such as its date.
    each : sequence of Allocation
    """

    names: Sequence[str]
    each: Sequence[Allocation]

    @property
    def status(self) -> str:
        """ "solved", or what kept the first batch that was not from being so."""
        return next((one.status for one in self.each if one.status != "solved"), "solved")

    @property
    def gap(self) -> float:
        """At most this share of the worth of all batches is lost to the best there can be."""
        value, bound = (float(sum(getattr(one, name) for one in self.each)) for name in ("value", "bound"))
        scale = max(abs(value), abs(bound))
        return (bound - value) / scale if scale else 0.0

    @property
    def by_name(self) -> pl.DataFrame:
        """`Allocation.limits` of every batch, with its name in the column ``batch``."""
        return pl.concat(
            one.limits.with_columns(batch=pl.lit(name)) for name, one in zip(self.names, self.each, strict=True)
        )

    @property
    def limits(self) -> pl.DataFrame:
        """One row a constraint, as `Allocation.limits`: amounts are summed over the batches, shares are means.

        A price is that of one more unit, spread over the batches as their limits are; of a share, of one more point in
        each batch.
        """
        rows: dict[tuple[str, str, int], list[dict[str, Any]]] = {}
        for one in self.each:
            seen: dict[tuple[str, str], int] = {}
            for row in one.limits.to_dicts():
                key = (row["constraint"], row["kind"])
                seen[key] = seen.get(key, 0) + 1
                rows.setdefault((*key, seen[key]), []).append(row)
        schema = self.each[0].limits.schema
        return pl.DataFrame([_together(found) for found in rows.values()], schema=schema, orient="row")

    def sensitivity(self, factors: Any) -> pl.DataFrame:
        """`Allocation.sensitivity` with the limits of all batches loosened alike; without its other columns."""
        every = pl.concat(one.sensitivity(factors) for one in self.each)
        rows = []
        for (name, factor), part in every.group_by("constraint", "factor", maintain_order=True):
            whole = part["value"].null_count() == 0
            price = _mean(part["shadow_price"].to_list(), part["limit"].to_list()) if whole else None
            rows.append((name, factor, part["limit"].sum(), part["value"].sum() if whole else None, price))
        names = ("factor", "limit", "value", "shadow_price")
        return pl.DataFrame(rows, schema={"constraint": pl.String, **dict.fromkeys(names, pl.Float64)}, orient="row")

    def words(self, lang: Lang = "en") -> str:
        """What kept the first batch that was not solved from being so; of all, where all were."""
        told = [
            f"{name}: {one.words(lang)}"
            for name, one in zip(self.names, self.each, strict=True)
            if self.status == "solved" or one.status != "solved"
        ]
        return " ".join(told[: 1 if self.status != "solved" else None])


def campaigns_of(campaign: NDArray[Any] | None, n: int) -> Iterator[tuple[str, NDArray[np.int64]]]:
    """Name and rows of each batch, in order; all rows where there is but one.

    Examples
    --------
    >>> [(name, rows.tolist()) for name, rows in campaigns_of(np.array(["b", "a", "b"]), 3)]
    [('a', [1]), ('b', [0, 2])]
    """
    if campaign is None or n == 0:
        yield "", np.arange(n)
        return
    names, place = np.unique(campaign, return_inverse=True)
    for k, name in enumerate(names.tolist()):
        yield str(name), np.flatnonzero(place == k)


def decide_each(
    policy: OptionsPolicy, campaign: NDArray[Any] | None, value: Any, uses: Mapping[str, Any], mask: Any, *,
    ids: Any, rules: Mapping[str, Any], members: Mapping[str, Any], solve: bool | None = None,
) -> Chosen:  # fmt: skip
    """Decide batches one by one: the policy's limits hold for each of them.

    Parameters
    ----------
    policy : OptionsPolicy
    campaign : ndarray of str, shape (n,), or None
        The batch of each row; None: all rows are one.
    value, uses, mask, ids, rules, members, solve
        As `OptionsPolicy.decide` takes them, of all n rows.

    Returns
    -------
    Chosen
        Of all rows, in their order. Its allocation is one of `Campaigns` where several batches were solved; None where
        prices decided any.

    Examples
    --------
    >>> policy = OptionsPolicy(["none", "call"], capacities={"call": (None, 1)})
    >>> worth, open_to = np.array([[0.0, 5.0], [0.0, 3.0], [0.0, 1.0]]), np.ones((3, 2), dtype=bool)
    >>> given = {"ids": np.arange(3), "rules": {}, "members": {}, "solve": True}
    >>> decide_each(policy, np.array(["may", "may", "june"]), worth, {}, open_to, **given).names.tolist()
    ['call', 'none', 'call']
    """
    n = len(value)
    made = []
    for name, rows in campaigns_of(campaign, n):
        one = policy.decide(
            value[rows], {k: v[rows] for k, v in uses.items()}, mask[rows], ids=np.asarray(ids)[rows],
            rules={k: v[rows] for k, v in rules.items()}, members={k: v[rows] for k, v in members.items()}, solve=solve,
        )  # fmt: skip
        made.append((name, rows, one))
    if len(made) == 1:
        return made[0][2]
    order = np.argsort(np.concatenate([rows for _, rows, _ in made]), kind="stable")
    joined = {
        field: np.concatenate([getattr(one, field) for _, _, one in made])[order]
        for field in ("choice", "reason", "detail", "worth", "ahead")
    }
    solved = [one.allocation for _, _, one in made if isinstance(one.allocation, Allocation)]
    first = made[0][2]
    return Chosen(
        **joined, options=first.options, titles=first.titles, currency=first.currency,
        allocation=Campaigns([name for name, _, _ in made], solved) if len(solved) == len(made) else None,
    )  # fmt: skip


def _together(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The rows of one constraint as one."""
    out = dict(rows[0])
    point = out["unit"] == POINT.en
    for name in SUMMED:
        known = [row[name] for row in rows]
        if any(x is None for x in known):
            out[name] = None
        else:
            out[name] = float(np.mean(known) if point else np.sum(known))
    slack = [row["slack"] for row in rows if row["slack"] is not None]
    out["slack"] = None if not slack else float(min(slack) if point else sum(slack))
    prices = [row["shadow_price"] or 0.0 for row in rows]
    bounds = [row["upper"] if row["upper"] is not None else row["lower"] for row in rows]
    out["shadow_price"] = float(sum(prices)) if point else _mean(prices, bounds)
    return out


def _mean(values: list[Any], weights: list[Any]) -> float:
    """Mean by weight; plain where the weights are unknown or sum to nothing."""
    known = [0.0 if v is None else float(v) for v in values]
    if any(w is None for w in weights) or sum(weights) <= 0:
        return float(np.mean(known))
    return float(np.average(known, weights=weights))
