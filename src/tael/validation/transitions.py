"""Roll rates: where the accounts of one bucket stand a month later, and from which bucket on few come back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from tael.errors import ValidationError
from tael.validation import _accounts as read
from tael.validation.arrays import Floats
from tael.validation.calibration import wilson
from tael.validation.delinquency import BUCKET, BUCKET_WORDS, BUCKETS
from tael.validation.words import Words

OPEN = BUCKETS[:5]
"""The buckets of a running loan; the other two are left by nobody."""


@dataclass(frozen=True)
class RollRates:
    """Transitions from one month to the next.

    Parameters
    ----------
    matrix : polars.DataFrame
        One row for a pair of buckets: from, to, n, share (of those in `from`), low, high.
    rolled : polars.DataFrame
        One row for an open bucket: bucket, n (transitions), accounts, and the shares better, same, worse, settled and
        written_off with the limits better_low ... worse_high. Settled counts as better, written off as worse.
    flows : polars.DataFrame
        Share that went to a worse bucket, month by month: month (the later one), bucket, n, worse, low, high.
    months : int
        Pairs of months.
    """

    matrix: pl.DataFrame
    rolled: pl.DataFrame
    flows: pl.DataFrame
    months: int

    @property
    def point_of_no_return(self) -> str | None:
        """The mildest bucket from which more than half go on to a worse one within a month, beyond chance.

        Taken together with `bad_definitions` it backs the definition of bad.
        """
        late = self.rolled.filter((pl.col("bucket") != "current") & (pl.col("worse_low") > 0.5))
        return str(late["bucket"][0]) if late.height else None

    def sentences(self) -> list[Words]:
        """What there is to say about each late bucket."""
        said = []
        for row in self.rolled.filter(pl.col("bucket") != "current").iter_rows(named=True):
            if not row["n"]:
                continue
            name = BUCKET_WORDS[row["bucket"]]
            if row["bucket"] == OPEN[-1]:
                said.append(
                    Words(
                        f"Of the accounts {name.en} late, {row['written_off']:.1%} were written off within a month and "
                        f"{row['better']:.1%} got better.",
                        f"逾期{name.zh}的账户中，次月 {row['written_off']:.1%} 核销，{row['better']:.1%} 好转。",
                    )
                )
                continue
            said.append(
                Words(
                    f"Of the accounts {name.en} late, {row['worse']:.1%} ({row['worse_low']:.1%} to "
                    f"{row['worse_high']:.1%}) were in a worse bucket a month later, and {row['better']:.1%} in a "
                    "better one.",
                    f"逾期 {name.zh}的账户中，次月 {row['worse']:.1%}（{row['worse_low']:.1%} 至 "
                    f"{row['worse_high']:.1%}）恶化，{row['better']:.1%} 好转。".replace("逾期 超", "逾期超"),
                )
            )
        point = self.point_of_no_return
        if point:
            name = BUCKET_WORDS[point]
            said.append(
                Words(
                    f"The mildest bucket from which more than half go on to a worse one within a month: {name.en}.",
                    f"次月半数以上继续恶化的最轻分段：{name.zh}。",
                )
            )
        return said

    def to_dict(self) -> dict[str, Any]:
        """Plain data for `run.json`."""
        return {
            "buckets": [{"code": code, "title": BUCKET_WORDS[code].to_dict()} for code in BUCKETS],
            "matrix": self.matrix.cast({"from": pl.String, "to": pl.String}).to_dicts(),
            "rolled": self.rolled.cast({"bucket": pl.String}).to_dicts(),
            "flows": self.flows.cast({"bucket": pl.String, "month": pl.String}).to_dicts(),
            "months": self.months,
            "point_of_no_return": self.point_of_no_return,
            "sentences": [words.to_dict() for words in self.sentences()],
        }


def roll_rates(panel: Any, *, level: float = 0.95) -> RollRates:
    """Count the transitions between buckets from one month to the next.

    Parameters
    ----------
    panel : frame
        One row for an account and a month: ``account``, ``month`` (any day of it), ``bucket`` (one of `BUCKETS`), as
        `delinquency_panel` makes it. Only pairs of neighbouring months count.
    level : float
        Coverage of the intervals.

    Returns
    -------
    RollRates
        All buckets are there, with n of 0 and missing shares where nothing was seen.

    Raises
    ------
    ValidationError
        If a column is absent, a bucket is unknown, or an account stands twice in one month.

    Notes
    -----
    One account counts in several months, and its months are alike. The limits are Wilson's of the effective number of
    transitions: their number over the design effect of accounts as clusters (where a share is 0 or 1, which leaves
    the effect unknown, the number of accounts).

    References
    ----------
    Kish, L. (1965). Survey Sampling, chapter 5 (design effect of clusters). Siddiqi, N. (2017). Intelligent Credit
    Scoring, 2nd ed. (roll rate analysis, under the definition of bad).

    Examples
    --------
    >>> from datetime import date
    >>> panel = pl.DataFrame({
    ...     "account": [1, 1, 2, 2], "month": [date(2024, 1, 1), date(2024, 2, 1)] * 2,
    ...     "bucket": ["1-30", "31-60", "1-30", "current"],
    ... })
    >>> roll_rates(panel).rolled.filter(pl.col("bucket") == "1-30").select("n", "better", "worse").rows()
    [(2, 0.5, 0.5)]
    """
    table = _panel(panel)
    later = table.select("account", to="bucket", k=pl.col("k") - 1)
    pairs = (
        table.rename({"bucket": "from"})
        .join(later, on=["account", "k"], how="inner")
        .filter(pl.col("from").cast(pl.String).is_in(OPEN))
    )
    source = pairs["from"].to_physical().to_numpy().astype(np.int64)
    target = pairs["to"].to_physical().to_numpy().astype(np.int64)
    account = pairs["account"].rank("dense").to_numpy().astype(np.int64) if pairs.height else np.empty(0, np.int64)
    better = ((target < source) | (target == BUCKETS.index("settled"))).astype(np.float64)
    worse = ((target > source) & (target != BUCKETS.index("settled"))).astype(np.float64)
    cells, rolled = [], []
    for i, code in enumerate(OPEN):
        rows = source == i
        who, n = account[rows], int(rows.sum())
        for j, name in enumerate(BUCKETS):
            k, share, low, high = _share(target[rows] == j, who, level)
            cells.append({"from": code, "to": name, "n": k, "share": share, "low": low, "high": high})
        line: dict[str, Any] = {"bucket": code, "n": n, "accounts": len(np.unique(who))}
        for key, hit in (("better", better[rows]), ("worse", worse[rows])):
            _, share, low, high = _share(hit, who, level)
            line |= {key: share, f"{key}_low": low, f"{key}_high": high}
        for key in ("settled", "written_off"):
            line[key] = _share(target[rows] == BUCKETS.index(key), who, level)[1]
        line["same"] = _share(target[rows] == i, who, level)[1]
        rolled.append(line)
    shares = (
        "better",
        "better_low",
        "better_high",
        "same",
        "worse",
        "worse_low",
        "worse_high",
        "settled",
        "written_off",
    )
    matrix = pl.DataFrame(
        cells,
        schema={"from": BUCKET, "to": BUCKET, "n": pl.Int64, **dict.fromkeys(("share", "low", "high"), pl.Float64)},
    )
    summary = pl.DataFrame(
        rolled, schema={"bucket": BUCKET, "n": pl.Int64, "accounts": pl.Int64, **dict.fromkeys(shares, pl.Float64)}
    )
    return RollRates(matrix, summary, _flows(pairs, worse, level), pairs["k"].n_unique())


def _panel(panel: Any) -> pl.DataFrame:
    table = read.read(panel, ("account", "month", "bucket"), "panel")
    table = read.complete(table, ("account", "month", "bucket"), "panel")
    table = read.as_times(table, ("month",), "panel")
    unknown = sorted(set(table["bucket"].cast(pl.String).unique().to_list()) - set(BUCKETS))
    if unknown:
        raise ValidationError(
            "A bucket is unknown.", expected=", ".join(BUCKETS), got=", ".join(unknown[:5]), where="panel.bucket"
        )
    table = table.select("account", pl.col("bucket").cast(pl.String).cast(BUCKET), k=read.month_index("month"))
    again = table.height - table.select("account", "k").n_unique()
    if again:
        raise ValidationError(
            "An account stands twice in one month.",
            expected="one row for an account and a month",
            got=f"{again} rows too many",
            where="panel",
        )
    return table


def _share(hit: Any, account: Any, level: float) -> tuple[int, float | None, float | None, float | None]:
    """Count, share and limits of what happened in some of these transitions, accounts being clusters."""
    n = len(hit)
    if not n:
        return 0, None, None, None
    x = np.asarray(hit, dtype=np.float64)
    share = float(x.mean())
    low, high = wilson(share * _effective(x, account), _effective(x, account), level)
    return int(x.sum()), share, float(low), float(high)


def _effective(x: Floats, account: Any) -> float:
    n, share = len(x), float(x.mean())
    _, place = np.unique(account, return_inverse=True)
    clusters = int(place.max()) + 1
    if share in (0.0, 1.0) or clusters < 2:
        return float(clusters)
    total = np.bincount(place, x - share)
    variance = float(total @ total) / n**2 * clusters / (clusters - 1)
    return n / max(variance / (share * (1 - share) / n), 1.0)


def _flows(pairs: pl.DataFrame, worse: Floats, level: float) -> pl.DataFrame:
    flows = (
        pairs.with_columns(worse=pl.Series(worse))
        .group_by("k", "from")
        .agg(pl.len().cast(pl.Int64).alias("n"), pl.col("worse").sum())
        .sort("k", "from")
    )
    n, k = flows["n"].to_numpy().astype(np.float64), flows["worse"].to_numpy()
    low, high = wilson(k, n, level)  # within one month an account counts once
    return flows.select(
        month=read.month_start(pl.col("k") + 1).cast(pl.Date),
        bucket="from",
        n="n",
        worse=pl.col("worse") / pl.col("n"),
        low=pl.Series(low, dtype=pl.Float64),
        high=pl.Series(high, dtype=pl.Float64),
    )
