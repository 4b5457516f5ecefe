"""The decisions of one batch, with the reason of each in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.validation.words import Lang, Words


@dataclass(frozen=True)
class Decisions:
    """What was decided for each applicant, and why.

    Parameters
    ----------
    decision : ndarray of shape (n,)
        "approve", "refer" or "decline".
    reason : ndarray of shape (n,)
        "cutoff", "band", "cap", "rule", "nobody" or "unprofitable".
    detail : ndarray of shape (n,)
        Segment of a cap, name of a rule, else "".
    pd : ndarray of shape (n,)
        Probability of default.
    approve_up_to, refer_up_to : float or None
        The bounds that were applied.
    """

    decision: NDArray[Any]
    reason: NDArray[Any]
    detail: NDArray[Any]
    pd: NDArray[np.float64]
    approve_up_to: float | None
    refer_up_to: float | None

    def __len__(self) -> int:
        return len(self.decision)

    def texts(self, lang: Lang = "en") -> list[str]:
        """The reason of each applicant in a sentence."""
        return [self._words(i).text(lang) for i in range(len(self))]

    def _words(self, i: int) -> Words:
        why, what, p = self.reason[i], self.detail[i], self.pd[i]
        if why == "rule":
            return Words(f"Declined by the rule: {what}.", f"按规则拒绝：{what}。")
        if why == "cap":
            return Words(
                f"Declined because segment {what} is full; applicants of lower risk came first.",
                f"拒绝：客群 {what} 名额已满，风险更低的申请人优先。",
            )
        if why == "nobody":
            return Words("Declined: no cut-off meets the limits.", "拒绝：没有分数线能满足限制。")
        if why == "unprofitable":
            return Words("Declined: no cut-off is expected to earn money.", "拒绝：任何分数线预期都不盈利。")
        if why == "band":
            return Words(
                f"Referred: probability of default {p:.2%} is too near the cut-off to be decided without a person.",
                f"转人工：违约概率 {p:.2%} 接近分数线，需人工判断。",
            )
        edge = self.approve_up_to != self.refer_up_to  # what is cited is then not the cut-off that the page names
        if self.decision[i] == "approve":
            return Words(
                f"Approved: probability of default {p:.2%} is within {self.approve_up_to:.2%}"
                f"{', the lower edge of the referral band' if edge else ''}.",
                f"批准：违约概率 {p:.2%} 未超过{'人工审核区间下界 ' if edge else ' '}{self.approve_up_to:.2%}。",
            )
        return Words(
            f"Declined: probability of default {p:.2%} is above {self.refer_up_to:.2%}"
            f"{', the upper edge of the referral band' if edge else ''}.",
            f"拒绝：违约概率 {p:.2%} 超过{'人工审核区间上界 ' if edge else ' '}{self.refer_up_to:.2%}。",
        )

    def counts(self) -> dict[str, int]:
        """How many were approved, referred and declined."""
        return {name: int(np.sum(self.decision == name)) for name in ("approve", "refer", "decline")}

    def frame(self, lang: Lang = "en") -> pl.DataFrame:
        """One row an applicant: decision, reason, reason_text."""
        columns = {"decision": self.decision.tolist(), "reason": self.reason.tolist(), "reason_text": self.texts(lang)}
        return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))
