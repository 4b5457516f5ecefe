"""How the lender's borrowers pay: on time, late, by settling early, or by way of collection cases."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from tael.datasets.bank import Drawn
from tael.datasets.bank_calendar import DAY, NEVER, Floats, Ints
from tael.datasets.bank_loans import MOST_TERMS, Loans
from tael.datasets.bank_people import Flags
from tael.datasets.lender_collection import ROUNDS, CaseInput, CaseRound, Situation, draw_round
from tael.datasets.lender_events import Behaviour
from tael.datasets.lender_life import Accounts, Service

WRITE_OFF_DAYS = 210
DECIDED_BEFORE = 5
"""Days before a due date at which it is decided whether the loan is settled on it: what the truth has looked at."""


def principal_left(amount: Floats, rate: Floats, term: Ints, paid: Ints) -> Floats:
    """Principal (CNY) of an annuity loan after `paid` of its `term` monthly instalments at the annual `rate`.

    >>> principal_left(np.array([1000.0]), np.array([0.12]), np.array([2]), np.array([1])).round(2).tolist()
    [502.49]
    """
    growth = 1 + rate / 12
    whole = growth**term
    return amount * (whole - growth**paid) / (whole - 1)


@dataclass
class Repayment:
    """Pays the loans of one lender; given to :func:`~tael.datasets.bank_loans.make_loans` as `repay`.

    The bank's own draw of who defaults stands: a defaulter misses one of the first three instalments by more than 60
    days. What is drawn here instead of the bank's: who settles early (by enquiries, windfalls and the rate), who gets
    into trouble from the fourth instalment on, and how trouble ends (by collection).

    Attributes
    ----------
    rounds : list of CaseRound
        Collection cases, filled by calling.
    settlements : list of tuple
        ``(rows, instalment, decided, probability)`` of every chance to settle early, filled by calling.
    """

    rng: np.random.Generator
    drawn: Drawn
    behaviour: Behaviour
    accounts: Accounts
    service: Service
    rounds: list[CaseRound] = field(default_factory=list)
    settlements: list[tuple[Ints, Ints, Ints, Floats]] = field(default_factory=list)

    def __call__(self, loans: Loans, taken: Ints) -> None:
        """Disburse the loans of the applications `taken` and write how each instalment was paid."""
        rng, applications, calendar = self.rng, self.drawn.applications, self.drawn.calendar
        disbursed = applications.time[taken] + (rng.uniform(0.1, 3.0, len(taken)) * DAY).astype(np.int64)
        taken, disbursed = taken[disbursed < calendar.end], disbursed[disbursed < calendar.end]
        n, term, rate = len(taken), applications.term[taken], applications.rate[taken]
        customer, amount = applications.customer[taken], applications.amount[taken]
        number = np.arange(MOST_TERMS)[None, :]
        exists = number < term[:, None]
        due = (disbursed[:, None] // DAY + 1 + 30 * (number + 1)) * DAY
        default = rng.random(n) < loans.probability[taken]
        fails_at = np.where(default, rng.integers(0, 3, n), MOST_TERMS)
        monthly = rate / 12
        each = np.round(amount * monthly / (1 - (1 + monthly) ** -term.astype(np.float64)), 2)
        paid = due + (self._days(customer, n) * DAY).astype(np.int64)
        amount_due = np.where(exists, each[:, None], 0.0)
        amount_paid = amount_due.copy()
        state = _State(n)
        for k in range(MOST_TERMS):
            alive = exists[:, k] & (due[:, k] < state.write_off) & (state.settled > k)
            waits = alive & (due[:, k] < state.free)
            behind = waits & (due[:, k] < state.opened)
            later = np.where(state.free < NEVER, state.free + rng.integers(600, 30_000, n), NEVER)
            paid[:, k] = np.where(behind, state.free, np.where(waits, later, paid[:, k]))
            amount_paid[:, k] *= np.where(behind, 1.05, 1.0)
            rest = np.flatnonzero(alive & ~waits)
            late = self._mean_late(loans, taken[rest], due[rest], paid[rest], k, due[rest, k])
            fails = (
                fails_at[rest] == k
                if k < 3
                else rng.random(len(rest)) < self._trouble(rest, taken, due, late, state, k)
            )
            pays = ~fails & (fails_at[rest] >= MOST_TERMS)
            self._settle(taken, due, amount, rate, term, state, rest[pays], late[pays], amount_paid, paid, k)
            hit = rest[fails]
            if len(hit) or k == 0:  # once at least, so that there are arrays to join
                situation = Situation(
                    application=taken[hit], customer=customer[hit], due=due[hit, k], each=each[hit],
                    instalments=term[hit] - k, late=late[fails], early=np.full(len(hit), k < 3),
                    principal=principal_left(amount[hit], rate[hit], term[hit], np.full(len(hit), k)), rate=rate[hit],
                )  # fmt: skip
                self._collect(situation, state, hit)
                paid[hit, k] = state.free[hit]
                amount_paid[hit, k] *= 1.05
        exists &= (number <= state.settled[:, None]) & (due < state.write_off[:, None])
        loans.disbursed[taken] = disbursed
        loans.defaulted[taken] = default
        loans.due[taken] = np.where(exists, due, NEVER)
        loans.paid[taken] = np.where(exists, paid, NEVER)
        loans.amount_due[taken], loans.amount_paid[taken] = amount_due, np.round(amount_paid, 2)
        last = np.where(exists, paid, 0).max(axis=1)
        written_off = state.write_off < NEVER
        loans.settled_on[taken] = np.where(written_off, state.write_off, last)
        loans.status[taken] = np.where(written_off, 2, np.where(state.settled < MOST_TERMS, 1, 0))

    def _days(self, customer: Ints, n: int) -> Floats:
        """Days early or late as the bank draws them, at most four weeks: later than that is trouble."""
        tardy = 1 / (1 + np.exp(1.6 - 1.2 * self.drawn.people.discipline[customer]))
        late = self.rng.random((n, MOST_TERMS)) < tardy[:, None]
        days = self.rng.uniform(-3, 0.9, (n, MOST_TERMS))
        delay = self.rng.exponential(1, (n, MOST_TERMS)) * (3 + 9 * tardy)[:, None]
        return np.where(late, 1 + np.minimum(delay, 27), days)

    def _mean_late(self, loans: Loans, rows: Ints, due: Ints, paid: Ints, k: int, now: Ints) -> Floats:
        """Mean days late of the instalments due and paid before `now`, of this loan and earlier ones; NaN if none."""
        seen = (paid[:, :k] < now[:, None]) & (due[:, :k] < now[:, None])
        total = np.where(seen, paid[:, :k] - due[:, :k], 0).sum(axis=1) / DAY
        count = seen.sum(axis=1)
        number = self.drawn.applications.number[rows]
        for back in range(1, int(number.max(initial=0)) + 1):
            has = number >= back
            before, settled = loans.due[rows[has] - back], loans.paid[rows[has] - back]
            seen = (before < now[has, None]) & (settled < now[has, None])
            total[has] += np.where(seen, settled - before, 0).sum(axis=1) / DAY
            count[has] += seen.sum(axis=1)
        return np.divide(total, count, out=np.full(len(rows), np.nan), where=count > 0)

    def _trouble(self, rest: Ints, taken: Ints, due: Ints, late: Floats, state: _State, k: int) -> Floats:
        """The chance to get into trouble at a later instalment: late before, no salary, many enquiries."""
        customer, now = self.drawn.applications.customer[taken[rest]], due[rest, k]
        no_salary = self.behaviour.salaries.recent(customer, now, 75) == 0
        enquired = self.behaviour.enquired.recent(customer, now, 60)
        odds = -4.35 + 0.14 * np.clip(np.nan_to_num(late), -2, 14) + 0.55 * no_salary + 0.12 * np.minimum(enquired, 6)
        return np.asarray(1 / (1 + np.exp(-odds - 0.9 * state.relapse[rest])))

    def _settle(
        self,
        taken: Ints,
        due: Ints,
        amount: Floats,
        rate: Floats,
        term: Ints,
        state: _State,
        rows: Ints,
        late: Floats,
        amount_paid: Floats,
        paid: Ints,
        k: int,
    ) -> None:
        """Let some borrowers pay all that is left on the day of instalment `k`."""
        may = (term[rows] >= 6) & (k >= 1) & (k <= term[rows] - 3) & ~state.relapse[rows]
        rows, late = rows[may], late[may]
        decided = due[rows, k] - DECIDED_BEFORE * DAY
        customer = self.drawn.applications.customer[taken[rows]]
        _, jump = self.accounts.last(customer, decided)
        enquired = self.behaviour.enquired.recent(customer, decided, 60)
        odds = (
            -4.85
            + 0.58 * np.minimum(enquired, 6)
            + 2.0 * np.clip(np.nan_to_num(jump), -0.5, 1.8)
            + 14.0 * (rate[rows] - 0.19)
            - 0.05 * np.clip(np.nan_to_num(late), -2, 10)
        )
        p = 1 / (1 + np.exp(-odds))
        self.settlements.append((taken[rows], np.full(len(rows), k), decided, p))
        chosen = rows[self.rng.random(len(rows)) < p]
        state.settled[chosen] = k
        left = principal_left(amount[chosen], rate[chosen], term[chosen], np.full(len(chosen), k))
        amount_paid[chosen, k] = np.round(left * (1 + rate[chosen] / 12), 2)
        when = due[chosen, k] + (self.rng.uniform(-3, 0.9, len(chosen)) * DAY).astype(np.int64)
        paid[chosen, k] = np.maximum(when, paid[chosen, :k].max(axis=1, initial=0) + 60)

    def _collect(self, situation: Situation, state: _State, hit: Ints) -> None:
        """Work the cases of those in trouble, round by round, until they pay or are written off."""
        visible = CaseInput(self.drawn, self.behaviour, self.accounts, self.service)
        n = len(hit)
        open_, free = np.arange(n), np.full(n, NEVER)
        opened = np.full(n, NEVER)
        partly, upset, nights = np.zeros(n), np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
        for number in range(ROUNDS):
            one = draw_round(self.rng, visible, situation.of(open_), number, partly[open_], upset[open_], nights[open_])
            self.rounds.append(one)
            free[open_] = np.where(one.repaid, one.paid_at, NEVER)
            opened[open_] = one.opened
            partly[open_] += one.part
            upset[open_] += one.complained
            nights[open_] += one.night
            open_ = open_[~one.repaid]
        state.free[hit], state.opened[hit] = free, opened
        state.relapse[hit] = True
        never = free >= NEVER
        state.write_off[hit[never]] = situation.due[never] + WRITE_OFF_DAYS * DAY


class _State:
    """Where each loan stands while its instalments are walked."""

    def __init__(self, n: int) -> None:
        self.settled = np.full(n, MOST_TERMS)  # the instalment with which the loan was settled early
        self.free = np.zeros(n, dtype=np.int64)  # until when the borrower is in trouble
        self.opened = np.zeros(n, dtype=np.int64)  # when the last case of the trouble was opened
        self.write_off = np.full(n, NEVER)
        self.relapse: Flags = np.zeros(n, dtype=bool)
