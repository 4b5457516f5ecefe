"""What backs the definition of bad: of those whom each candidate calls bad, how many came back, how many were lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl

from tael.errors import ValidationError
from tael.validation import _accounts as read
from tael.validation.calibration import wilson
from tael.validation.words import Words

_SHARES = ("rate", "rolled", "cured", "written_off")


@dataclass(frozen=True)
class BadDefinitions:
    """Candidates side by side.

    Parameters
    ----------
    table : polars.DataFrame
        One row a candidate: days_past_due, within (months), n (accounts followed that long), bad, rate, followed (bad
        ones seen for the whole follow-up), and of these the shares rolled (went on to the worst level), cured and
        written_off, each share with its _low and _high. `rolled` is 1 for the worst level itself; `cured` is null
        without a panel.
    follow : int
        Months of follow-up from the day on which an account became bad.
    worst : int
        The worst level, in days past due.
    """

    table: pl.DataFrame
    follow: int
    worst: int

    def sentences(self) -> list[Words]:
        """One sentence a candidate of the longest window whose bad accounts could be followed."""
        said = []
        seen = self.table.filter(pl.col("followed") > 0)
        for row in seen.filter(pl.col("within") == pl.col("within").max()).iter_rows(named=True):
            en = [f"{row['rolled']:.1%} went on to {self.worst} days"] if row["days_past_due"] < self.worst else []
            zh = [f"{row['rolled']:.1%} 恶化至 {self.worst} 天"] if row["days_past_due"] < self.worst else []
            if row["cured"] is not None:
                en.append(f"{row['cured']:.1%} were current or settled again")
                zh.append(f"{row['cured']:.1%} 恢复正常或结清")
            if row["written_off"] is not None:
                en.append(f"{row['written_off']:.1%} had been written off")
                zh.append(f"{row['written_off']:.1%} 核销")
            said.append(
                Words(
                    f"{row['days_past_due']} days late within {row['within']} months: {row['rate']:.1%} of the "
                    f"accounts. Of {row['followed']:,} of them, {self.follow} months later {', '.join(en)}.",
                    f"{row['within']} 个月内逾期达 {row['days_past_due']} 天：占账户的 {row['rate']:.1%}。其中 "
                    f"{row['followed']:,} 户在 {self.follow} 个月后：{'，'.join(zh)}。",
                )
            )
        return said

    def to_dict(self) -> dict[str, Any]:
        """Plain data for `run.json`."""
        return {
            "table": self.table.to_dicts(),
            "follow": self.follow,
            "worst": self.worst,
            "sentences": [words.to_dict() for words in self.sentences()],
        }


def bad_definitions(
    accounts: Any,
    events: Any,
    *,
    as_of: date | datetime,
    panel: Any = None,
    levels: Sequence[int] = (30, 60, 90),
    within: Sequence[int] = (6, 9, 12),
    follow: int = 6,
    level: float = 0.95,
) -> BadDefinitions:
    """Compare candidates for the definition of bad: so many days late within so many months of opening.

    Parameters
    ----------
    accounts : frame
        One row an account: ``account``, ``opened``, and ``written_off`` where it is known.
    events : frame
        One row a delinquency: ``account``, ``reached``, ``days_past_due``.
    as_of : date or datetime
        End of the data.
    panel : frame, optional
        Buckets by month of `delinquency_panel`. It tells who was cured: current at the end of the last month that was
        over by the end of the follow-up, or settled before it.
    levels, within : sequence of int
        Days past due and months.
    follow : int
        Months for which an account that became bad is followed. Only those seen for all of them count.
    level : float
        Coverage of Wilson's intervals.

    Returns
    -------
    BadDefinitions
        A good definition is one whose bad accounts mostly go on to be lost, and seldom cure.

    Raises
    ------
    ValidationError
        If a column is absent or has gaps, or there is nothing to compare.

    References
    ----------
    Siddiqi, N. (2017). Intelligent Credit Scoring, 2nd ed. (current versus worst delinquency).

    Examples
    --------
    >>> from datetime import date
    >>> accounts = pl.DataFrame({"account": [1, 2], "opened": [date(2023, 1, 1)] * 2})
    >>> late = pl.DataFrame({
    ...     "account": [1, 1, 2], "reached": [date(2023, 4, 1), date(2023, 5, 1), date(2023, 4, 1)],
    ...     "days_past_due": [30, 60, 30],
    ... })
    >>> found = bad_definitions(accounts, late, as_of=date(2024, 6, 1), levels=(30, 60), within=(6,))
    >>> found.table.select("days_past_due", "bad", "rolled").rows()
    [(30, 2, 0.5), (60, 1, 1.0)]
    """
    if not levels or not within or min(levels) < 1 or min(within) < 1 or follow < 1:
        raise ValidationError(
            "There is no definition to compare.",
            expected="levels, within and follow of 1 or more",
            got=f"levels={tuple(levels)}, within={tuple(within)}, follow={follow}",
        )
    end = read.moment(as_of)
    book = read.read_accounts(accounts).filter(pl.col("opened") < end)
    tells_loss = book["written_off"].null_count() < book.height
    late = read.read_events(events, book, end)
    worst = max(levels)
    lost = late.filter(pl.col("days_past_due") >= worst).group_by("account").agg(worst_at=pl.col("reached").min())
    rows = []
    for days in sorted(set(levels)):
        first = late.filter(pl.col("days_past_due") >= days).group_by("account").agg(hit=pl.col("reached").min())
        state = book.join(first, on="account", how="left").join(lost, on="account", how="left")
        state = _followed(state, end, follow, panel)
        for months in sorted(set(within)):
            seen = state.filter(pl.col("opened").dt.offset_by(f"{months}mo") <= end)
            bad = seen.filter(pl.col("hit") < pl.col("opened").dt.offset_by(f"{months}mo"))
            whole = bad.filter(pl.col("until") <= end)
            counts = {
                "rate": (bad.height, seen.height),
                "rolled": (whole.filter(pl.col("worst_at") < pl.col("until")).height, whole.height),
                "cured": (int(whole["cured"].sum()), whole.height if panel is not None else 0),
                "written_off": (
                    whole.filter(pl.col("written_off") < pl.col("until")).height, whole.height if tells_loss else 0
                ),
            }  # fmt: skip
            row: dict[str, Any] = {
                "days_past_due": days, "within": months, "n": seen.height, "bad": bad.height, "followed": whole.height,
            }  # fmt: skip
            for key, (k, n) in counts.items():
                low, high = wilson(k, n, level)
                row |= {key: k / n if n else None, f"{key}_low": float(low), f"{key}_high": float(high)}
            rows.append(row)
    floats = {f"{key}{end_}": pl.Float64 for key in _SHARES for end_ in ("", "_low", "_high")}
    schema = dict.fromkeys(("days_past_due", "within", "n", "bad", "followed"), pl.Int64) | floats
    table = pl.DataFrame(rows, schema=schema).with_columns(pl.col(list(floats)).fill_nan(None))
    return BadDefinitions(table, follow, worst)


def _followed(state: pl.DataFrame, end: datetime, follow: int, panel: Any) -> pl.DataFrame:
    """When the follow-up of each account ends (`until`), and whether it was cured by then."""
    state = state.with_columns(until=pl.col("hit").dt.offset_by(f"{follow}mo"))
    if panel is None:
        return state.with_columns(cured=pl.lit(False))
    months = read.read(panel, ("account", "month", "bucket"), "panel")
    read.same_keys(months, state, "panel.account")
    months = read.as_times(months, ("month",), "panel").select(
        pl.col("account").cast(state.schema["account"]),
        over=pl.col("month").dt.truncate("1mo").dt.offset_by("1mo"),
        bucket=pl.col("bucket").cast(pl.String),
    )
    hit = state.filter(pl.col("until").is_not_null()).select("account", "until").sort("until")
    last = hit.join_asof(
        months.sort("over"), left_on="until", right_on="over", by="account", check_sortedness=False
    ).select("account", cured=pl.col("bucket").is_in(["current", "settled"]).fill_null(False))
    return state.join(last, on="account", how="left").with_columns(pl.col("cured").fill_null(False))
