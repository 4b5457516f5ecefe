"""One value alone that gives the outcome away: a category, a number that repeats, being missing or not the usual."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.validation import arrays
from tael.validation.arrays import Floats
from tael.validation.words import Words

NEARLY_ALL, LEAST_SHARE, LEAST_OF_EVENTS = 0.95, 0.02, 0.10
"""A value counts from 2 % of the rows on; where events are rarer than that, from a tenth of the events on."""
CHANCE = 1e-6
"""What chance may explain, before it is shared out among the values looked at and the two directions."""
USUAL = 0.5
"""A value that so many rows have is the usual one; all others together are looked at as one value."""
NAMED = 3


@dataclass(frozen=True, slots=True)
class _Level:
    said: Words
    n: int
    events: int
    strength: float


def single_levels(name: str, kind: str, values: NDArray[Any], y: Floats, weight: Floats) -> tuple[float, Words] | None:
    """Does a single value of a column settle the outcome, though the column as a whole does not?

    Parameters
    ----------
    name : str
        What the column is called.
    kind : {"number", "category"}
    values : array of shape (n,)
    y : array of shape (n,)
        0 or 1.
    weight : array of shape (n,)
        How many rows of the table a row stands for (rows may be a sample that favours one class).

    Returns
    -------
    (float, Words) or None
        AUC of the flag "is this value" of the strongest one, and what was seen; None where nothing is beyond chance.

    Notes
    -----
    A value is suspect if at least 95 % of its rows are events (and the others are at most a tenth as common there as
    elsewhere), or none is, and a binomial test at the overall rate says that chance would not do that once in a
    million, divided by twice the number of values looked at. All that is not the usual value of a column counts as one
    value more. That no row of 2 % is bad at a rate of 10 % is thus
    evidence among 10,000 rows, and none among 1,000. Where events are the more common outcome, "events" are the others.

    Examples
    --------
    >>> y = np.repeat([1.0, 0.0], [100, 900])
    >>> remark = np.array([None] * 1000, dtype=object)
    >>> remark[:60] = "with the agency"
    >>> strength, words = single_levels("remark", "category", remark, y, np.ones(1000))
    >>> round(strength, 2)
    0.8
    >>> words.en.split(":")[0]
    'One value of remark alone gives the label away'
    """
    # the rarer outcome is what a value may give away: of 99.5 % events, 99.95 % is a rate like others
    turned = float(weight @ y) > 0.5 * float(weight.sum())
    y = 1.0 - y if turned else y
    codes, names = arrays.codes(values)
    missing = codes < 0
    groups: list[tuple[Words, NDArray[np.bool_]]] = []
    if missing.any() and not missing.all():
        groups = [(Words("missing", "缺失"), missing), (Words("not missing", "不缺失"), ~missing)]
    total, events = float(weight.sum()), float((weight * y).sum())
    # Counting first: most columns have thousands of values of which none is common enough.
    share = np.bincount(codes[~missing], weight[~missing], minlength=len(names)) / total
    bad = np.bincount(codes[~missing], (weight * y)[~missing], minlength=len(names))
    common = np.flatnonzero(
        (share >= LEAST_SHARE) | ((bad >= LEAST_OF_EVENTS * events) & (bad >= NEARLY_ALL * share * total))
    )
    groups += [(_said(kind, names[code]), codes == code) for code in common]
    if len(names) > 2 and share.max() >= USUAL:
        # what is recovered after a loss is 0 for all others: zero is this column's way to be missing
        usual = int(share.argmax())
        said = _said(kind, names[usual])
        groups.append((Words(f"other than {said.en}", f"不等于{said.zh}"), ~missing & (codes != usual)))
    found = [level for said, rows in groups if (level := _judged(said, rows, y, weight, len(groups))) is not None]
    if not found:
        return None
    found.sort(key=lambda level: -level.strength)
    seen = [(level.said, level.n, level.n - level.events if turned else level.events) for level in found[:NAMED]]
    en = "; ".join(f"{said.en} ({bad:,} of {n:,} rows are events)" for said, n, bad in seen)
    zh = "；".join(f"{said.zh}（{n:,} 行中 {bad:,} 行发生该事件）" for said, n, bad in seen)
    rate = 1 - events / total if turned else events / total
    return found[0].strength, Words(
        f"One value of {name} alone gives the label away: {en}, against {rate:.1%} overall. Was it known at the "
        "cutoff? Declare its known_at, or give it the role ignore.",
        f"{name} 的单个取值就能泄漏标签：{zh}，而总体事件率为 {rate:.1%}。截止时它已知吗？请声明 known_at，"
        "或将其角色设为 ignore。",
    )


def _said(kind: str, name: str) -> Words:
    if kind == "category":
        return Words(f'"{name}"', f"“{name}”")
    return Words(f"{float(name):,.15g}", f"{float(name):,.15g}")


def _judged(said: Words, rows: NDArray[np.bool_], y: Floats, weight: Floats, looked_at: int) -> _Level | None:
    from scipy.stats import binom

    n, bad = int(rows.sum()), int(y[rows].sum())
    heavy, heavy_bad = float(weight[rows].sum()), float((weight * y)[rows].sum())
    total, events = float(weight.sum()), float((weight * y).sum())
    allowed = CHANCE / (2 * looked_at)
    # The test is on the rows as sampled, at the rate as sampled; how many of a value are bad is said of the table.
    base, rate = float(y.mean()), heavy_bad / heavy
    if bad == 0:
        enough = heavy >= LEAST_SHARE * total
        suspect = enough and bool(binom.cdf(0, n, base) < allowed)
    else:
        enough = heavy >= LEAST_SHARE * total or heavy_bad >= LEAST_OF_EVENTS * events
        plain = rate >= NEARLY_ALL and 1 - rate <= 0.1 * (1 - events / total)
        suspect = enough and plain and bool(binom.sf(bad - 1, n, base) < allowed)
    if not suspect:
        return None
    caught, wrong = heavy_bad / events, (heavy - heavy_bad) / (total - events)
    return _Level(said, round(heavy), round(heavy_bad), 0.5 + abs(caught - wrong) / 2)
