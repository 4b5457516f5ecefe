"""A simulated lender in memory: the bank's, with more tables and more truth, and any part of its tables."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import polars as pl

from tael.datasets.simulated import PlantedTruth, SimulatedBank
from tael.errors import TablesError, did_you_mean

DRIVERS: dict[str, dict[str, str]] = {
    "churn": {
        "en": "a balance that falls below that of the last three months, complaints left unresolved in the last 90 "
        "days, no login for long; nobody leaves with a loan open",
        "zh": "余额低于近三个月均值、近 90 天有未解决的投诉、长时间未登录; 有未结清借款者不会销户",
    },
    "purchase": {
        "en": "age, income and balance; products held; screens seen in the last 45 days; spending of the last 90 days",
        "zh": "年龄、收入与余额; 已持有产品; 近 45 天浏览的页面; 近 90 天的消费类型",
    },
    "settlement": {
        "en": "enquiries at other lenders in the last 60 days, a balance above that of the months before, a high rate",
        "zh": "近 60 天在其他机构的征信查询、余额高于前几个月、利率偏高",
    },
    "campaign": {
        "en": "calls bring back those who repaid a loan and have gone quiet, messages those half gone; who was in the "
        "app lately applies anyway, and who complained within the year is driven away",
        "zh": "电话对已结清借款且沉寂的客户有效, 短信对半沉睡客户有效; "
        "近期登录者本就会申请, 一年内投诉过的客户越打扰越流失",
    },
    "collection": {
        "en": "salary seen in the last 60 days, within reach, days late before, enquiries, what is overdue against "
        "income, how old the case is; agencies help with the hard ones, legal steps with large balances",
        "zh": "近 60 天有工资入账、可联系、以往逾期天数、征信查询、逾期金额与收入之比、案件账龄; "
        "委外对难案有效, 法务对大额有效",
    },
    "complaint": {
        "en": "earlier complaints, age, night calls in earlier rounds, agencies; gentle handling helps with those who "
        "have complained before or are under 27",
        "zh": "以往投诉、年龄、此前的夜间催收、委外渠道; 温和处理对曾投诉或 27 岁以下的客户有效",
    },
}
"""What drives each outcome, in words."""


@dataclass(frozen=True)
class LenderTruth(PlantedTruth):
    """What really drives the outcomes in a simulated lender: for judging models and policies, never for building them.

    Attributes
    ----------
    frame, words
        The bank's: see :class:`PlantedTruth`.
    campaign : polars.DataFrame
        ``contact_id``; ``p_none``, ``p_sms``, ``p_call``: chance to apply again within 60 days under each arm.
    collection : polars.DataFrame
        ``case_id``; ``repay_<channel>``: chance to repay within 60 days; ``complaint_<channel>_<handling>``: chance to
        complain within 60 days.
    churn : polars.DataFrame
        ``customer_id``, ``month`` (a snapshot of ``balances``), ``probability`` to leave before the next.
    purchase : polars.DataFrame
        ``purchase_id``; ``p_<product>``: chance of each product, given that something is bought.
    settlement : polars.DataFrame
        ``loan_id``, ``number`` of the instalment, ``decided`` (what was known then was looked at), ``probability`` to
        settle early with this instalment, given that the loan runs until then.
    lines : polars.DataFrame
        ``line_id``; ``need`` (CNY), from which the mean use of a line of any size follows:
        ``need / limit * (1 - exp(-limit / need))``; ``expected_utilisation`` of the limit granted.
    drivers : dict
        Outcome to ``{"en", "zh"}``: what drives it, in words.
    """

    campaign: pl.DataFrame
    collection: pl.DataFrame
    churn: pl.DataFrame
    purchase: pl.DataFrame
    settlement: pl.DataFrame
    lines: pl.DataFrame

    @property
    def drivers(self) -> dict[str, dict[str, str]]:
        """What drives each outcome, in words."""
        return {name: dict(words) for name, words in DRIVERS.items()}


@dataclass(frozen=True)
class SimulatedLender(SimulatedBank):
    """Linked tables of a lender that does not exist.

    Attributes
    ----------
    frames, schema
        As for :class:`SimulatedBank`.
    truth : LenderTruth
        What was planted. Never part of `frames`, never written by ``write``.
    """

    truth: LenderTruth

    def __repr__(self) -> str:
        return "SimulatedLender" + super().__repr__().removeprefix("SimulatedBank")

    def only(self, tables: Iterable[str]) -> SimulatedLender:
        """Keep some of the tables.

        Columns that point to a table left out keep saying so: rows that share the value are related all the same.

        Parameters
        ----------
        tables : iterable of str

        Returns
        -------
        SimulatedLender
            With the whole truth.

        Raises
        ------
        TablesError
            There is no such table, or none is kept.

        Examples
        --------
        >>> from tael.datasets import simulate_lender
        >>> simulate_lender(100, months=12).only(["customers", "closures"])
        SimulatedLender(customers: 100, closures: ...)
        """
        wanted = [tables] if isinstance(tables, str) else list(tables)
        for name in wanted:
            if name not in self.frames:
                raise TablesError(
                    "The lender has no such table.",
                    expected=", ".join(self.frames),
                    got=repr(name),
                    where="only(tables=)",
                    fix=did_you_mean(str(name), self.frames),
                )
        if not wanted:
            raise TablesError("No table is kept.", expected="at least one table", got="none", where="only(tables=)")
        frames = {name: frame for name, frame in self.frames.items() if name in wanted}
        schema = {name: section for name, section in self.schema.items() if name == "tael" or name in frames}
        return replace(self, frames=frames, schema=schema)
