"""Who gets which option: the best worth in money under budgets, capacities and rules, with a share held out."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from tael.decisions._arrays import Floats
from tael.decisions.allocation import Allocation, Allocator, GroupRule
from tael.errors import DecisionError
from tael.validation.words import Lang, Words

if TYPE_CHECKING:
    from tael.decisions.campaigns import Campaigns

Bounds = tuple[float | None, float | None]
SMALL = 100
"""A batch of fewer customers is decided by the prices that `fit` found: its share of a budget would be whims."""


@dataclass(frozen=True)
class Chosen:
    """What each customer of a batch gets, and why.

    Parameters
    ----------
    choice : ndarray of shape (n,)
        Index of the option; 0 is nothing.
    reason : ndarray of str, shape (n,)
        "best": no option is worth more; "limit": one is, but budgets or capacities give it to others; "nothing": no
        option that may be given is worth more than nothing; "rule": a rule forbids all; "not_eligible": no option but
        nothing is open; "holdout": drawn to get nothing, so that the effect can be measured; "infeasible": the
        limits contradict each other.
    detail : ndarray of str, shape (n,)
        Name of the rule, or of the option that would be worth more.
    worth : ndarray of shape (n,)
        Value less cost of what each gets, in currency.
    ahead : ndarray of shape (n,)
        The same less that of nothing.
    options : tuple of str
    titles : tuple of Words
    allocation : Allocation, Campaigns or None
        None where prices decided; `Campaigns` where several batches were decided one by one.
    """

    choice: NDArray[np.int64]
    reason: NDArray[Any]
    detail: NDArray[Any]
    worth: Floats
    ahead: Floats
    options: tuple[str, ...]
    titles: tuple[Words, ...]
    currency: str
    allocation: Allocation | Campaigns | None

    def __len__(self) -> int:
        return len(self.choice)

    @property
    def names(self) -> NDArray[Any]:
        """Name of each customer's option."""
        named: NDArray[Any] = np.array(self.options, dtype=object)[self.choice]
        return named

    def counts(self) -> dict[str, int]:
        """How many got each option."""
        found = np.bincount(self.choice, minlength=len(self.options))
        return dict(zip(self.options, found.tolist(), strict=True))

    def texts(self, lang: Lang = "en") -> list[str]:
        """Why each customer got their option, in a sentence."""
        return [self._words(i).text(lang) for i in range(len(self))]

    def _words(self, i: int) -> Words:
        why, title = self.reason[i], self.titles[self.choice[i]]
        unit = f" {self.currency}" if self.currency else ""
        ahead = f"{self.ahead[i]:,.2f}{unit}"
        if why == "rule":
            return Words(
                f"{title.en}: the rule “{self.detail[i]}” allows nothing else.",
                f"{title.zh}：规则“{self.detail[i]}”限制。",
            )
        if why == "holdout":
            return Words(
                f"{title.en}: held out at random to measure the effect.", f"{title.zh}：随机留作对照，用于衡量效果。"
            )
        if why == "not_eligible":
            return Words(
                f"{title.en}: no other option is open to this customer.", f"{title.zh}：该客户不符合其他方案的条件。"
            )
        if why == "infeasible":
            return Words(f"{title.en}: the limits contradict each other.", f"{title.zh}：各项限制相互矛盾。")
        if why == "nothing":
            return Words(f"{title.en}: no option is worth its cost here.", f"{title.zh}：没有方案的价值超过成本。")
        if why == "limit":
            at = self.options.index(self.detail[i])
            other = self.titles[at]
            if self.choice[i] == 0:
                return Words(
                    f"{title.en}: “{other.en}” would pay, but the limits give it to customers where it is worth more.",
                    f"{title.zh}：“{other.zh}”有价值，但限额优先给了价值更高的客户。",
                )
            if at == 0:
                return Words(
                    f"{title.en}: a minimum asks for it, though “{other.en}” would be worth more.",
                    f"{title.zh}：下限要求如此，尽管“{other.zh}”价值更高。",
                )
            return Words(
                f"{title.en}: worth {ahead} more than nothing; “{other.en}” would be worth more, but is limited.",
                f"{title.zh}：比不采取行动多 {ahead}；“{other.zh}”价值更高，但受限额约束。",
            )
        return Words(
            f"{title.en}: worth {ahead} more than nothing, the most of all options.",
            f"{title.zh}：比不采取行动多 {ahead}，为各方案中最高。",
        )


@dataclass
class OptionsPolicy:
    """Give each customer the option that is worth most, under limits on the whole batch.

    `fit` solves the validation batch and keeps its shadow prices; `decide` solves a batch anew, or, where it is small,
    gives each customer the option that is worth most after paying those prices.

    Parameters
    ----------
    options : sequence of str
        The first is nothing done: open to everybody.
    titles : sequence of Words
        What each is called.
    budgets : mapping of str to (float or None, float or None)
        Least and most of each resource.
    capacities : mapping of str to (float or None, float or None)
        Least and most customers with each option.
    groups : sequence of dict
        ``name, options, at_least, at_most, measure`` of rules for groups; members come with each batch.
    batch : float, optional
        The limits are for so many customers; other batches get their share. None: they are for any batch.
    holdout : float
        Share of customers, drawn by a hash of their key, that gets nothing.
    currency : str
    units : mapping of str to str
        Unit of each resource.

    Attributes
    ----------
    prices_ : dict of str to float
        Shadow price of each limit on the batch of `fit`: by resource (``budget:cost``) and option (``capacity:call``).
    status_ : str
        "solved", "infeasible" or "not_found", of that batch.

    Examples
    --------
    >>> policy = OptionsPolicy(["none", "call"], budgets={"cost": (None, 2.0)})
    >>> worth, cost = [[0.0, 5.0], [0.0, 3.0], [0.0, -1.0]], {"cost": [[0.0, 2.0]] * 3}
    >>> made = policy.decide(worth, cost, ids=[1, 2, 3], solve=True)
    >>> made.names.tolist(), made.reason.tolist()
    (['call', 'none', 'none'], ['best', 'limit', 'nothing'])
    """

    kind: ClassVar[str] = "options"

    options: Sequence[str]
    titles: Sequence[Words] = ()
    budgets: Mapping[str, Bounds] = field(default_factory=dict)
    capacities: Mapping[str, Bounds] = field(default_factory=dict)
    groups: Sequence[Mapping[str, Any]] = ()
    batch: float | None = None
    holdout: float = 0.0
    currency: str = ""
    units: Mapping[str, str] = field(default_factory=dict)
    prices_: dict[str, float] | None = field(default=None, repr=False)
    status_: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self.options = tuple(str(o) for o in self.options)
        self.titles = tuple(self.titles) or tuple(Words(o, o) for o in self.options)
        if not 0 <= self.holdout < 1:
            raise DecisionError("The holdout makes no sense.", expected="a share below 1", got=repr(self.holdout))

    def fit(
        self, value: Any, uses: Mapping[str, Any], mask: Any = None, members: Mapping[str, Any] | None = None
    ) -> OptionsPolicy:
        """Solve a batch and keep its prices; that its limits contradict each other is a result, not an error.

        Parameters
        ----------
        value : array-like of shape (n, k)
            Worth of each option, costs taken off, in currency.
        uses : mapping of str to array-like of shape (n, k)
            What each option takes of each resource.
        mask : array of bool, shape (n, k), optional
            True where an option may be given.
        members : mapping of str to array of bool, shape (n,), optional
            Members of each group rule.
        """
        found = self._allocate(np.asarray(value, dtype=np.float64), uses, mask, members)
        self.status_ = found.status
        self.prices_ = {}
        if found.status == "solved":
            for row in found.limits.to_dicts():
                if row["kind"] in ("budget", "capacity") and row["shadow_price"]:
                    self.prices_[f"{row['kind']}:{row['constraint']}"] = float(row["shadow_price"])
        return self

    def held_out(self, ids: Any) -> NDArray[np.bool_]:
        """Who is held out: the same customers in every batch.

        Returns
        -------
        ndarray of bool, shape (n,)
        """
        if self.holdout == 0:
            return np.zeros(len(ids), dtype=bool)
        draws = [hashlib.blake2b(f"holdout:{one}".encode(), digest_size=8).digest() for one in ids]
        share = np.array([int.from_bytes(d, "big") for d in draws], dtype=np.float64) / 2.0**64
        return np.asarray(share < self.holdout)

    def decide(
        self,
        value: Any,
        uses: Mapping[str, Any],
        mask: Any = None,
        *,
        ids: Any,
        rules: Mapping[str, Any] | None = None,
        members: Mapping[str, Any] | None = None,
        solve: bool | None = None,
    ) -> Chosen:
        """Choose for a batch.

        Parameters
        ----------
        value, uses, mask, members
            As in `fit`.
        ids : array-like of length n
            Keys of the customers, for the holdout.
        rules : mapping of str to array of bool, shape (n,), optional
            True: this customer gets nothing.
        solve : bool, optional
            Solve this batch (True), or decide by the prices of `fit` (False). Default: solve, unless there are fewer
            than 100 customers and prices.

        Returns
        -------
        Chosen
        """
        worth = np.ascontiguousarray(np.asarray(value, dtype=np.float64))
        n, k = worth.shape
        legal = np.ones((n, k), dtype=bool) if mask is None else np.array(mask, dtype=bool)
        open_to = legal[:, 1:].any(axis=1)
        hit, name = _rules(rules or {}, n)
        held = self.held_out(ids)
        legal[hit | held, 1:] = False
        by_prices = (n < SMALL and self.prices_ is not None) if solve is None else not solve
        allocation = None
        if n == 0:
            choice = np.zeros(0, dtype=np.int64)
        elif by_prices:
            choice = self._by_prices(worth, uses, legal)
        else:
            allocation = self._allocate(worth, uses, legal, members)
            choice = np.maximum(allocation.choice, 0).astype(np.int64)
        best = np.where(legal, worth, -np.inf).argmax(axis=1) if n else choice
        at = np.arange(n)
        reason = np.full(n, "best", dtype=object)
        detail = np.full(n, "", dtype=object)
        names = np.array(self.options, dtype=object)
        more = worth[at, best] > worth[at, choice]
        reason[(choice == 0) & ~more] = "nothing"
        reason[more] = "limit"
        detail[more] = names[best[more]]
        if allocation is not None and allocation.status != "solved":
            reason[:] = "infeasible"
            detail[:] = ""
        reason[~open_to] = "not_eligible"
        reason[held], detail[held] = "holdout", ""
        reason[hit] = "rule"
        detail[hit] = name[hit]
        return Chosen(
            choice, reason, detail, worth[at, choice], worth[at, choice] - worth[:, 0], tuple(self.options),
            tuple(self.titles), self.currency, allocation,
        )  # fmt: skip

    def _scaled(self, bounds: Bounds, n: int, *, whole: bool) -> tuple[float | None, float | None]:
        share = 1.0 if self.batch is None else n / self.batch
        low, high = bounds
        low = None if low is None else low * share
        high = None if high is None else high * share
        if whole:
            low = None if low is None else float(np.floor(low + 1e-9))
            high = None if high is None else float(np.floor(high + 1e-9))
        return low, high

    def _allocate(
        self, worth: Floats, uses: Mapping[str, Any], mask: Any, members: Mapping[str, Any] | None
    ) -> Allocation:
        n = len(worth)
        groups = [
            GroupRule(
                str(rule["name"]), (members or {})[str(rule["name"])], tuple(rule["options"]),
                rule.get("at_least"), rule.get("at_most"), str(rule.get("measure", "share")),
            )
            for rule in self.groups
        ]  # fmt: skip
        allocator = Allocator(
            budgets={name: self._scaled(bounds, n, whole=False) for name, bounds in self.budgets.items()},
            capacities={name: self._scaled(bounds, n, whole=True) for name, bounds in self.capacities.items()},
            groups=groups, options=list(self.options), nothing=0, units=dict(self.units), currency=self.currency,
        )  # fmt: skip
        legal = np.ones(worth.shape, dtype=bool) if mask is None else np.asarray(mask, dtype=bool)
        safe = np.where(legal, worth, 0.0)
        resources = {name: np.where(legal, np.asarray(use, dtype=np.float64), 0.0) for name, use in uses.items()}
        return allocator.allocate(safe, resources, legal)

    def _by_prices(self, worth: Floats, uses: Mapping[str, Any], legal: NDArray[np.bool_]) -> NDArray[np.int64]:
        net = worth.copy()
        for name, price in (self.prices_ or {}).items():
            kind, _, what = name.partition(":")
            if kind == "budget":
                net -= price * np.asarray(uses[what], dtype=np.float64)
            else:
                net[:, list(self.options).index(what)] -= price
        if not np.isfinite(net[legal]).all():
            row, option = (int(at[0]) for at in np.nonzero(legal & ~np.isfinite(net)))
            raise DecisionError(
                "An option has no worth, or uses no number, for a customer who may get it.",
                expected="a number for each",
                got=f"{worth[row, option]!r}",
                where=f"row {row}, option {self.options[option]}",
                fix="Mask the option for this customer, or fill the number.",
            )
        chosen: NDArray[np.int64] = np.where(legal, net, -np.inf).argmax(axis=1)
        return chosen

    def to_dict(self) -> dict[str, Any]:
        """The policy as plain data."""
        return {
            "kind": self.kind, "options": list(self.options), "titles": [t.to_dict() for t in self.titles],
            "budgets": {name: list(b) for name, b in self.budgets.items()},
            "capacities": {name: list(b) for name, b in self.capacities.items()},
            "groups": [{**g, "options": list(g["options"])} for g in self.groups], "batch": self.batch,
            "holdout": self.holdout, "currency": self.currency, "units": dict(self.units), "prices": self.prices_,
            "status": self.status_,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> OptionsPolicy:
        """The policy that `to_dict` described."""
        return cls(
            options=plain["options"], titles=[Words(t["en"], t["zh"]) for t in plain["titles"]],
            budgets={name: (b[0], b[1]) for name, b in plain["budgets"].items()},
            capacities={name: (b[0], b[1]) for name, b in plain["capacities"].items()},
            groups=plain["groups"], batch=plain["batch"], holdout=plain["holdout"], currency=plain["currency"],
            units=plain["units"], prices_=plain["prices"], status_=plain["status"],
        )  # fmt: skip


def _rules(rules: Mapping[str, Any], n: int) -> tuple[NDArray[np.bool_], NDArray[Any]]:
    """Whom any rule hits, and which was the first."""
    hit, name = np.zeros(n, dtype=bool), np.full(n, "", dtype=object)
    for what, flags in rules.items():
        new = np.asarray(flags, dtype=bool) & ~hit
        name[new] = what
        hit |= new
    return hit, name
