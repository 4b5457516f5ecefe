"""Approve, refer or decline: the cut-off with the best expected profit under a bad-rate limit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from tael.decisions._arrays import Floats, as_array, codes, money, outcomes, probabilities, same_length, weights
from tael.decisions._chosen import ApprovalFit, message, stopped_by, what_stopped
from tael.decisions._decided import Decisions
from tael.decisions.economics import ApprovalEconomics, expected_profit, profit_parts
from tael.decisions.strategy import strategy_curve
from tael.decisions.swap import swap_set
from tael.errors import DecisionError
from tael.validation.words import Lang, Words

__all__ = [
    "ApprovalEconomics",
    "ApprovalFit",
    "ApprovalPolicy",
    "Decisions",
    "expected_profit",
    "profit_parts",
    "strategy_curve",
    "swap_set",
]

OBJECTIVES = ("expected_profit", "approvals")
SLACK = 1e-12
"""A limit of 5 % is met by a rate of 5 % that was summed in another order."""


@dataclass
class ApprovalPolicy:
    """Approve up to a cut-off in the probability of default, refer those around it, decline the rest.

    Chosen by `fit` on validation data; applied by `decide` anywhere else.

    Parameters
    ----------
    max_bad_rate : float, optional
        Highest bad rate among those approved, 0 to 1. Measured by probability and, where `fit` gets outcomes, by
        outcome too.
    min_approval : float, optional
        Least share to approve, 0 to 1. The bad-rate limit goes first.
    refer_band : float or (float, float), optional
        A float: that share of the applicants, half on each side of the cut-off, goes to a person. A pair: those from
        ``cutoff - first`` to ``cutoff + second`` in probability do.
    segment_caps : mapping, optional
        Most to approve in a segment: a float is a share of the segment's applicants in the batch, an int is a number
        in the batch. Best first. Shares bind in `fit` as well; numbers do not, since a sample is no batch.
    objective : {"expected_profit", "approvals"}
        What the cut-off makes as large as it can.

    Attributes
    ----------
    fit_ : ApprovalFit
        What was chosen.

    Raises
    ------
    DecisionError
        If a limit makes no sense.

    Examples
    --------
    >>> policy = ApprovalPolicy(max_bad_rate=0.2).fit([0.1, 0.2, 0.6], [50.0, 20.0, -70.0])
    >>> policy.fit_.cutoff, policy.decide([0.05, 0.5]).decision.tolist()
    (0.2, ['approve', 'decline'])
    """

    kind: ClassVar[str] = "approval"

    max_bad_rate: float | None = None
    min_approval: float | None = None
    refer_band: float | tuple[float, float] | None = None
    segment_caps: Mapping[str, float | int] = field(default_factory=dict)
    objective: str = "expected_profit"
    fit_: ApprovalFit | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for name in ("max_bad_rate", "min_approval"):
            if (value := getattr(self, name)) is not None:
                setattr(self, name, _share(value, name))
        if isinstance(self.refer_band, list | tuple):
            band = tuple(_share(value, "refer_band") for value in self.refer_band)
            if len(band) != 2:
                raise DecisionError(
                    "A referral band has two sides.", expected="(below, above)", got=str(self.refer_band)
                )
            self.refer_band = (band[0], band[1])
        elif self.refer_band is not None:
            self.refer_band = _share(self.refer_band, "refer_band")
        self.segment_caps = {str(segment): _cap(cap, str(segment)) for segment, cap in self.segment_caps.items()}
        if self.objective not in OBJECTIVES:
            raise DecisionError("No such objective.", expected=", ".join(OBJECTIVES), got=repr(self.objective))

    def fit(self, pd: Any, profit: Any, segments: Any = None, y: Any = None, weight: Any = None) -> ApprovalPolicy:
        """Choose the cut-off.

        Parameters
        ----------
        pd : array-like of shape (n,)
            Probability of default, of validation data.
        profit : array-like of shape (n,)
            Expected profit of approving, in currency.
        segments : array-like of shape (n,), optional
            Segment of each applicant; needed where there are caps.
        y : array-like of shape (n,), optional
            Observed defaults: the bad-rate limit must hold for them too.
        weight : array-like of shape (n,), optional
            Sample weights.

        Returns
        -------
        ApprovalPolicy
            Itself. That nobody qualifies is a result (`fit_.status`, `message`), not an error.

        Raises
        ------
        DecisionError
            If the input makes no sense.
        """
        p = probabilities(pd)
        n = len(p)
        w, gain = weights(weight, n), money(profit, n)
        bad = None if y is None else outcomes(y, n)
        shares = {s: cap for s, cap in self.segment_caps.items() if isinstance(cap, float)}
        allowed = ~self._capped(p, np.ones(n, dtype=bool), self._segments(segments, n), np.arange(n), shares)

        order = np.argsort(p, kind="stable")
        ends = np.flatnonzero(np.append(np.diff(p[order]) != 0, True))

        def cumulate(values: Floats) -> Floats:
            return np.append(0.0, np.cumsum(np.where(allowed, w * values, 0.0)[order])[ends])

        size, expected = cumulate(np.ones(n)), cumulate(p)
        total = float(w.sum())
        rate = np.divide(expected, size, out=np.zeros_like(size), where=size > 0)
        observed = None if bad is None else np.divide(cumulate(bad), size, out=np.zeros_like(size), where=size > 0)
        worst = rate if observed is None else np.maximum(rate, observed)
        earned = cumulate(gain)
        feasible = size > 0
        if self.max_bad_rate is not None:
            feasible &= worst <= self.max_bad_rate + SLACK
        approval = size / total
        place, status = self._choose(feasible, approval, earned)
        some = size > 0
        aim = earned if self.objective == "expected_profit" else approval
        free = int(np.argmax(np.where(some, aim, -np.inf)))
        cutoff = float(p[order][ends[place - 1]]) if place else None
        binding = stopped_by(place, free, len(size) - 1, minimum=bool(self.min_approval)) if place else ""
        if binding == "bad_rate" and rate[free] <= (self.max_bad_rate or 0.0) + SLACK:
            binding = "observed_bad_rate"
        low, high = self._band(cutoff, p[order], np.cumsum(w[order]) / total)
        self.fit_ = ApprovalFit(
            status=status,
            cutoff=cutoff,
            approve_up_to=low,
            refer_up_to=high,
            approval=float(approval[place]),
            bad_rate=float(rate[place]) if place else None,
            observed_bad_rate=float(observed[place]) if place and observed is not None else None,
            profit=float(earned[place]),
            profit_per_applicant=float(earned[place] / total),
            n=n,
            best_bad_rate=float(worst[some].min()) if some.any() else None,
            best_approval=float(approval[feasible].max()) if feasible.any() else 0.0,
            binding=binding,
            profit_cutoff=float(p[order][ends[free - 1]]) if free else None,
        )
        return self

    def _choose(self, feasible: NDArray[np.bool_], approval: Floats, earned: Floats) -> tuple[int, str]:
        """Index of the best cut-off (0: nobody), and the status."""
        if not feasible.any():
            return 0, "nobody"
        enough = feasible & (approval >= (self.min_approval or 0.0) - SLACK)
        if not enough.any():
            return int(np.argmax(np.where(feasible, approval, -1.0))), "min_approval_missed"
        aim = earned if self.objective == "expected_profit" else approval
        place = int(np.argmax(np.where(enough, aim, -np.inf)))
        if self.objective == "expected_profit" and not self.min_approval and earned[place] <= 0:
            return 0, "unprofitable"
        return place, "chosen"

    def _band(self, cutoff: float | None, p: Floats, share: Floats) -> tuple[float | None, float | None]:
        """Bounds of the referral band, from sorted probabilities and their cumulated share."""
        if cutoff is None or not self.refer_band:
            return cutoff, cutoff
        if isinstance(self.refer_band, tuple):
            low = cutoff - self.refer_band[0]
            return (low if low >= 0 else None), min(1.0, cutoff + self.refer_band[1])
        at = float(share[np.searchsorted(p, cutoff, side="right") - 1])
        half = self.refer_band / 2
        first = int(np.searchsorted(share, at - half + SLACK, side="right"))
        last = int(np.searchsorted(share, min(1.0, at + half) - SLACK, side="left"))
        # equal probabilities stay together: those on the lower bound are referred
        below = int(np.searchsorted(p, p[min(first, len(p) - 1)], side="left"))
        return (float(p[below - 1]) if below else None), float(max(cutoff, p[min(last, len(p) - 1)]))

    def _segments(self, segments: Any, n: int) -> NDArray[Any] | None:
        if not self.segment_caps:
            return None
        if segments is None:
            raise DecisionError(
                "There are segment caps, but no segments.",
                expected=f"the segment of each applicant, for the caps on {', '.join(self.segment_caps)}",
            )
        values = as_array(segments)
        same_length(n, len(values), "segments")
        return np.array([str(v) for v in values], dtype=object)

    @staticmethod
    def _capped(
        p: Floats,
        candidates: NDArray[np.bool_],
        segments: NDArray[Any] | None,
        order: NDArray[np.int64],
        caps: Mapping[str, float | int],
    ) -> NDArray[np.bool_]:
        """Candidates that a cap turns away: all but the best of their segment."""
        over = np.zeros(len(p), dtype=bool)
        if segments is None:
            return over
        for segment, cap in caps.items():
            inside = segments == segment
            most = cap if isinstance(cap, int) else int(np.floor(cap * inside.sum() + 1e-9))
            rows = np.flatnonzero(inside & candidates)
            best_first = rows[np.lexsort((order[rows], p[rows]))]
            over[best_first[most:]] = True
        return over

    def decide(
        self,
        pd: Any,
        segments: Any = None,
        *,
        order: Any = None,
        rules: Mapping[str, Any] | None = None,
    ) -> Decisions:
        """Decide a batch.

        Parameters
        ----------
        pd : array-like of shape (n,)
            Probability of default.
        segments : array-like of shape (n,), optional
            Segment of each applicant; needed where there are caps.
        order : array-like of shape (n,), optional
            Identifier that breaks ties under a cap (smaller first), so that the decision does not depend on the
            order of rows.
        rules : mapping of str to array of bool, optional
            Hard rules: whom they hit is declined, whatever the probability. The first that hits is the reason.

        Returns
        -------
        Decisions
            Decision and reason of each applicant.

        Raises
        ------
        DecisionError
            If the policy is not fitted, or the input makes no sense.
        """
        if self.fit_ is None:
            raise DecisionError("The policy has no cut-off yet.", fix="Call fit with validation data first.")
        p = probabilities(pd, empty=True)
        n = len(p)
        low, high = self.fit_.approve_up_to, self.fit_.refer_up_to
        decided = np.full(n, "decline", dtype=object)
        reason = np.full(n, "cutoff" if self.fit_.cutoff is not None else self.fit_.status, dtype=object)
        detail = np.full(n, "", dtype=object)
        if high is not None:
            decided[p <= high], reason[p <= high] = "refer", "band"
        if low is not None:
            decided[p <= low], reason[p <= low] = "approve", "cutoff"
        ruled = np.zeros(n, dtype=bool)
        for name, hit in (rules or {}).items():
            mask = as_array(hit)
            same_length(n, len(mask), f'values of the rule "{name}"')
            if mask.dtype != bool:
                raise DecisionError("A rule is a column of true and false.", got=str(mask.dtype), where=name)
            new = mask & ~ruled
            decided[new], reason[new], detail[new] = "decline", "rule", name
            ruled |= mask
        tie = np.arange(n) if order is None else codes(order)[0]
        same_length(n, len(tie), "order")
        groups = self._segments(segments, n)
        over = self._capped(p, decided == "approve", groups, tie, self.segment_caps)
        if groups is not None:
            decided[over], reason[over], detail[over] = "decline", "cap", groups[over]
        return Decisions(decided, reason, detail, p, low, high)

    def message(self, lang: Lang = "en") -> str:
        """What `fit` chose, in a sentence."""
        if self.fit_ is None:
            raise DecisionError("The policy has no cut-off yet.", fix="Call fit with validation data first.")
        return message(self.fit_, self.max_bad_rate, self.min_approval).text(lang)

    def binding(self) -> Words:
        """What stopped the cut-off that `fit` chose, in a sentence."""
        if self.fit_ is None:
            raise DecisionError("The policy has no cut-off yet.", fix="Call fit with validation data first.")
        return what_stopped(self.fit_, self.max_bad_rate, self.min_approval)

    def to_dict(self) -> dict[str, Any]:
        """The policy as plain data, exact to the last bit."""
        return {
            "kind": self.kind,
            "max_bad_rate": self.max_bad_rate,
            "min_approval": self.min_approval,
            "refer_band": list(self.refer_band) if isinstance(self.refer_band, tuple) else self.refer_band,
            "segment_caps": dict(self.segment_caps),
            "objective": self.objective,
            "fit": None if self.fit_ is None else asdict(self.fit_),
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> ApprovalPolicy:
        """Read back what `to_dict` wrote.

        Raises
        ------
        DecisionError
            If it is another kind of decision, or a name is unknown.
        """
        rest = dict(plain)
        if (kind := rest.pop("kind", cls.kind)) != cls.kind:
            raise DecisionError("This is another kind of decision.", expected=cls.kind, got=str(kind))
        fitted = rest.pop("fit", None)
        try:
            policy = cls(**rest)
            policy.fit_ = None if fitted is None else ApprovalFit(**fitted)
        except TypeError as error:
            raise DecisionError("A stored approval policy cannot be read.", got=str(error)) from error
        return policy


def _share(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not 0 <= value <= 1:
        raise DecisionError("A share makes no sense.", expected="a number from 0 to 1", got=repr(value), where=name)
    return float(value)


def _cap(value: Any, segment: str) -> float | int:
    if isinstance(value, int | np.integer) and not isinstance(value, bool) and value >= 0:
        return int(value)
    if isinstance(value, float | np.floating) and 0 <= value <= 1:
        return float(value)
    raise DecisionError(
        "A segment cap makes no sense.",
        expected="a share such as 0.3, or a whole number of applicants such as 100",
        got=repr(value),
        where=segment,
    )
