"""Approve, refer or decline: the approval policy as a run uses it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.decisions import ApprovalPolicy, expected_profit
from tael.engine import Engine
from tael.errors import ScenarioError
from tael.runs.deciding import approval_terms, approval_told
from tael.runs.deciding.approval_terms import TERMS, Terms, terms_lines, terms_of
from tael.runs.deciding.base import LANGUAGES, Batch, Deciding
from tael.runs.plans import ApprovalPlan
from tael.runs.tasks.base import Outputs
from tael.tables.schema import Language
from tael.validation.words import Words


class Approval(Deciding):
    """The cut-off with the best expected profit under a bad-rate limit."""

    kinds = ("approval",)
    against = Words("typical of the approved", "获批者典型值")

    @property
    def stated(self) -> ApprovalPlan:
        """The section ``[decision]``."""
        assert isinstance(self.plan.decision, ApprovalPlan)
        return self.plan.decision

    def check(self, engine: Engine, outputs: Mapping[str, Words]) -> None:
        """Limits must make sense, caps need segments, formulas must fit the tables."""
        approval_told.policy_of(self.stated)
        if self.stated.segment_caps and self.stated.segment is None:
            raise ScenarioError(
                "There are segment caps, but no segments.",
                expected="the column or formula whose values the caps name",
                where="decision.segment",
                fix='State it: segment = "..." under [decision].',
            )
        approval_terms.bind_all(engine, self.stated)

    def formulas(self) -> list[str]:
        """The terms, the segment and the rules."""
        plan = self.stated
        stated = [getattr(plan, name) for name in (*TERMS, "segment")] + list(plan.rules.values())
        return [text for text in stated if isinstance(text, str)]

    def terms(self, engine: Engine, X: pl.DataFrame, *, compare: bool = True) -> Terms:
        """The terms of the loan."""
        stated = self.stated if compare else self.stated.model_copy(update={"today": None})
        return terms_of(engine, stated, X)

    def fit(self, outputs: Outputs, terms: Terms, y: NDArray[np.float64], ids: NDArray[Any]) -> ApprovalPolicy:
        """Choose the cut-off."""
        p = outputs["p"]
        return approval_told.policy_of(self.stated).fit(
            p, expected_profit(p, terms.economics), segments=terms.segments, y=y
        )

    def decide(self, policy: ApprovalPolicy, outputs: Outputs, terms: Terms, ids: NDArray[Any]) -> Batch:
        """Apply the cut-off."""
        made = approval_told.decide(policy, outputs["p"], terms, ids)
        worth = expected_profit(outputs["p"], terms.economics)  # of approving, whatever was decided
        return Batch(
            made.decision, made.reason, {lang: made.texts(lang) for lang in LANGUAGES}, made.decision != "approve",
            {"expected_profit": worth},
        )  # fmt: skip

    def favoured(self, batch: Batch) -> NDArray[np.bool_]:
        """Those approved."""
        return np.asarray(batch.decision == "approve")

    def granted(self, batch: Batch) -> NDArray[np.bool_]:
        """Those approved."""
        return np.asarray(batch.decision == "approve")

    def section(
        self, policy: ApprovalPolicy, outputs: Outputs, terms: Terms, truths: Outputs | None, ids: NDArray[Any], *,
        split: str, seed: int,
    ) -> dict[str, Any]:  # fmt: skip
        """Strategy curve, cut-off, worth, swap-set."""
        y = None if truths is None else truths["p"]
        return approval_told.decision_section(policy, self.stated, outputs["p"], terms, y, ids, split=split, seed=seed)

    def lines(self, lang: Language = "en") -> list[str]:
        """The terms of the loan."""
        return terms_lines(self.stated, lang)
