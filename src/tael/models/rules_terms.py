"""What a mined rule is made of: conditions on columns, and what is known of the rule on given rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tael.models.logistic import Floats

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class RuleTerm:
    """One condition: ``low < x <= high``, or the value is missing.

    Parameters
    ----------
    column : int
    low, high : float
        Minus and plus infinity where there is no such bound; ``low`` of plus infinity leaves missing values alone.
    missing : bool
        Whether rows whose value is missing fulfil it.

    Examples
    --------
    >>> RuleTerm(0, low=2.0).holds(np.array([[1.0], [2.0], [3.0], [np.nan]])).tolist()
    [False, False, True, False]
    """

    column: int
    low: float = -np.inf
    high: float = np.inf
    missing: bool = False

    @property
    def kind(self) -> str:
        """One of above, at_most, between, missing, known."""
        if self.low == np.inf:
            return "missing"
        if self.low == -np.inf:
            return "known" if self.high == np.inf else "at_most"
        return "above" if self.high == np.inf else "between"

    def holds(self, X: Floats) -> Flags:
        """For each row of X, shape (n,)."""
        x = X[:, self.column]
        inside = (x > self.low) & (x <= self.high)
        return np.asarray(inside | np.isnan(x) if self.missing else inside)


@dataclass(frozen=True)
class RuleFigures:
    """A rule on some rows; rows, hits and their shares count sample weights where there are any.

    Parameters
    ----------
    rows, hits : float
        Rows that fulfil the rule, and the positive ones among them.
    support : float
        Share of all rows.
    precision, low, high : float
        Share of hits, with Wilson's 95 % interval. NaN where no row fulfils the rule.
    recall : float
        Share of all positive rows. NaN where there is none.
    lift, lift_low, lift_high : float
        Precision and its interval over the base rate of these rows.
    new_rows, new_hits : float
        What the rules before it do not flag already.
    money : float or None
        Amount of the hits; None where fit got no amounts.
    money_share : float or None
        Of the amount of all positive rows.
    """

    rows: float
    hits: float
    support: float
    precision: float
    low: float
    high: float
    recall: float
    lift: float
    lift_low: float
    lift_high: float
    new_rows: float
    new_hits: float
    money: float | None = None
    money_share: float | None = None


@dataclass(frozen=True)
class RulePeriod:
    """A rule in one period of time.

    Parameters
    ----------
    start, end : str
        First and last time of the period's rows.
    rows, hits, precision, lift : float
        As in `RuleFigures`.
    """

    start: str
    end: str
    rows: float
    hits: float
    precision: float
    lift: float


@dataclass(frozen=True)
class MinedRule:
    """Conditions that must all hold, what they found, and how sure one may be of it.

    Parameters
    ----------
    terms : tuple of RuleTerm
    mined : RuleFigures
        On the rows that it was mined on: flattering, for it was chosen there.
    judged : RuleFigures or None
        On later rows that the mining did not see; None where fit got no times.
    expected : float
        The precision to go by: that on the later rows, or else the mined one less the fall that cross-validation saw.
    strength : float
        Signed root of the likelihood ratio of the rows it adds against all rows that the rules before it leave, in
        standard deviations.
    p_value : float
        Chance of such strength in a whole mining of shuffled labels (of the strength of all its rows, where fit was
        asked for a recall).
    periods : tuple of RulePeriod
        Empty where fit got no times.
    """

    terms: tuple[RuleTerm, ...]
    mined: RuleFigures
    judged: RuleFigures | None
    expected: float
    strength: float
    p_value: float
    periods: tuple[RulePeriod, ...] = ()

    @property
    def stable(self) -> bool | None:
        """Whether its precision was above the base rate in each period in which it flagged rows; None without times."""
        seen = [p.lift > 1.0 for p in self.periods if p.rows > 0]
        return all(seen) if seen else None

    def fires(self, X: Floats) -> Flags:
        """Whether each row fulfils all terms, shape (n,)."""
        out = np.ones(len(X), dtype=bool)
        for term in self.terms:
            out &= term.holds(X)
        return out
