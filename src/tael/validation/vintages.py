"""Vintage curves: what share of the accounts opened in one period had gone bad by each age."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

import numpy as np
import polars as pl

from tael.errors import ValidationError, did_you_mean
from tael.validation import _accounts as read
from tael.validation._compare import effective_size, holm, two_rates, two_sided
from tael.validation.calibration import wilson
from tael.validation.words import Words

Every = Literal["month", "quarter", "year"]
_EVERY = {"month": "1mo", "quarter": "1q", "year": "1y"}


@dataclass(frozen=True)
class Vintages:
    """Curves of all vintages.

    Parameters
    ----------
    curves : polars.DataFrame
        One row for a vintage and an age: vintage, age (whole months), n, bad, rate, low, high.
    cohorts : polars.DataFrame
        One row a vintage: vintage, n, first, last (openings), observed (the age that its youngest account has reached),
        and bad, rate, low, high at that age.
    days_past_due : int
        What counts as bad: so many days late.
    every : {"month", "quarter", "year"}
    by_amount : bool
        Whether rates are shares of amounts instead of accounts.
    """

    curves: pl.DataFrame
    cohorts: pl.DataFrame
    days_past_due: int
    every: Every
    by_amount: bool
    _sizes: dict[str, float]

    @property
    def age(self) -> int:
        """The age that at least half of the vintages have reached: the one at which to compare them."""
        observed = sorted(self.cohorts["observed"].to_list(), reverse=True)
        return int(observed[(len(observed) - 1) // 2]) if observed else 0

    def at(self, age: int | None = None, *, level: float = 0.95) -> pl.DataFrame:
        """The vintages side by side, each against all others that have reached the same age.

        Parameters
        ----------
        age : int, optional
            Months (default: of each vintage the age that it has reached, but no more than `age`, so that the young ones
            are judged as well).
        level : float
            1 - the share of false alarms among all vintages of the table.

        Returns
        -------
        polars.DataFrame
            vintage, age, n, bad, rate, low, high, others (rate of the others), p_value (two-sided, raised by Holm's
            method for the number of vintages), differs ("higher", "lower" or null).
        """
        wanted = pl.min_horizontal(pl.lit(self.age), "observed") if age is None else pl.lit(age, dtype=pl.Int64)
        one = self.cohorts.select("vintage", age=wanted.cast(pl.Int64))
        found = one.join(self.curves, on=["vintage", "age"], how="inner", maintain_order="left")
        others, deviates = [], []
        for row in found.iter_rows(named=True):
            rest = self.curves.filter((pl.col("age") == row["age"]) & (pl.col("vintage") != row["vintage"]))
            heavy = rest["amount" if self.by_amount else "n"].to_numpy().astype(np.float64)
            size = sum(self._sizes[v] for v in rest["vintage"])
            rate = float(heavy @ rest["rate"].to_numpy() / heavy.sum()) if len(heavy) else np.nan
            own = self._sizes[row["vintage"]]
            others.append(rate)
            deviates.append(float(two_rates(row["rate"] * own, own, rate * size, size)))
        chance = holm(two_sided(deviates))
        higher = found["rate"].to_numpy() > np.array(others, dtype=np.float64)
        differs = [
            ("higher" if up else "lower") if c < 1 - level else None for up, c in zip(higher, chance, strict=True)
        ]
        return found.with_columns(
            pl.Series("others", others, dtype=pl.Float64).fill_nan(None),
            pl.Series("p_value", chance, dtype=pl.Float64).fill_nan(None),
            pl.Series("differs", differs, dtype=pl.String),
        )

    def sentences(self) -> list[Words]:
        """What there is to say: the range at the common age, and who stands out."""
        age, compared = self.age, self.at()
        if not compared.height:
            return [Words("No vintage has been followed for a month yet.", "尚无任何批次观察满一个月。")]
        age = age or int(compared["age"].max())  # type: ignore[arg-type]
        table = self.curves.filter(pl.col("age") == age)
        lowest, highest = table.sort("rate").row(0, named=True), table.sort("rate").row(-1, named=True)
        said = [
            Words(
                f"At an age of {age} months, between {lowest['rate']:.1%} ({lowest['vintage']}) and "
                f"{highest['rate']:.1%} ({highest['vintage']}) of a vintage had been {self.days_past_due} days late.",
                f"账龄 {age} 个月时，各批次逾期达 {self.days_past_due} 天的比例介于 {lowest['rate']:.1%}"
                f"（{lowest['vintage']}）与 {highest['rate']:.1%}（{highest['vintage']}）之间。",
            )
        ]
        for row in compared.filter(pl.col("differs").is_not_null()).iter_rows(named=True):
            en, zh = {"higher": ("worse", "差于"), "lower": ("better", "好于")}[row["differs"]]
            said.append(
                Words(
                    f"{row['vintage']} is {en} than the others by more than chance: {row['rate']:.1%} against "
                    f"{row['others']:.1%} at an age of {row['age']} months.",
                    f"{row['vintage']} {zh}其他批次，超出偶然：账龄 {row['age']} 个月时 {row['rate']:.1%} 对 "
                    f"{row['others']:.1%}。",
                )
            )
        if len(said) == 1:
            said.append(Words("No vintage stands out by more than chance.", "没有批次的差异超出偶然。"))
        return said

    def to_dict(self) -> dict[str, Any]:
        """Plain data for `run.json`."""
        return {
            "days_past_due": self.days_past_due,
            "every": self.every,
            "by_amount": self.by_amount,
            "age": self.age,
            "curves": self.curves.to_dicts(),
            "cohorts": self.cohorts.with_columns(pl.col("first", "last").dt.date().cast(pl.String)).to_dicts(),
            "compared": self.at().to_dicts(),
            "sentences": [words.to_dict() for words in self.sentences()],
        }


def vintage_curves(
    accounts: Any,
    events: Any,
    *,
    as_of: date | datetime,
    days_past_due: int = 90,
    every: Every = "quarter",
    ages: int = 24,
    by_amount: bool = False,
    level: float = 0.95,
) -> Vintages:
    """Share of each vintage that had gone bad by each age.

    Parameters
    ----------
    accounts : frame
        One row an account: ``account``, ``opened``, and ``amount`` where `by_amount`. Accounts opened at `as_of` or
        later are left out.
    events : frame
        One row a delinquency: ``account``, ``reached`` (when it was reached), ``days_past_due``. Events of other
        accounts, and events at `as_of` or later, are left out. `delinquency_events` makes it of a payment schedule.
    as_of : date or datetime
        End of the data.
    days_past_due : int
        An account is bad from the day on which it is so many days late.
    every : {"month", "quarter", "year"}
        Length of a vintage.
    ages : int
        Largest age in months.
    by_amount : bool
        Rates as shares of the amounts. Intervals are then of the effective number of accounts (Kish 1965).
    level : float
        Coverage of Wilson's intervals.

    Returns
    -------
    Vintages

    Raises
    ------
    ValidationError
        If a column is absent or has gaps, an account stands there twice, an account was late before it was opened, or
        amounts are not positive.

    Notes
    -----
    An account is bad at age m if it was so late before it was m calendar months old. A vintage's curve ends where its
    youngest account's age ends, so that each point rests on all of its accounts: nothing is censored, and the plain
    share is the Aalen-Johansen estimate with settlement as the other way to leave. A settled account stays in the
    denominator.

    References
    ----------
    Siddiqi, N. (2017). Intelligent Credit Scoring, 2nd ed. (vintage analysis).

    Examples
    --------
    >>> from datetime import date
    >>> accounts = pl.DataFrame({"account": [1, 2], "opened": [date(2024, 1, 5), date(2024, 1, 20)]})
    >>> late = pl.DataFrame({"account": [2], "reached": [date(2024, 3, 1)], "days_past_due": [30]})
    >>> found = vintage_curves(accounts, late, as_of=date(2024, 4, 25), days_past_due=30)
    >>> found.curves.select("vintage", "age", "rate").rows()
    [('2024-Q1', 1, 0.0), ('2024-Q1', 2, 0.5), ('2024-Q1', 3, 0.5)]
    """
    if every not in _EVERY:
        raise ValidationError("Unknown length of a vintage.", got=str(every), fix=did_you_mean(str(every), _EVERY))
    if ages < 1:
        raise ValidationError("There is no age to look at.", expected="ages of 1 month or more", got=str(ages))
    end = read.moment(as_of)
    book = read.read_accounts(accounts, amount=by_amount).filter(pl.col("opened") < end)
    if not book.height:
        raise ValidationError("No account was opened before the end of the data.", got=f"as_of {end}", where="accounts")
    if not by_amount:
        book = book.with_columns(amount=pl.lit(1.0))
    amounts = book["amount"].cast(pl.Float64)
    if not bool((amounts.is_finite() & (amounts > 0)).all()):
        raise ValidationError(
            "Amounts are positive numbers.", got="zero, negative or infinite amounts", where="accounts"
        )
    late = read.read_events(events, book, end).filter(pl.col("days_past_due") >= days_past_due)
    book = book.join(late.group_by("account").agg(pl.col("reached").min()), on="account", how="left")
    early = book.filter(pl.col("reached") < pl.col("opened"))
    if early.height:
        raise ValidationError(
            f"{early.height} accounts were late before they were opened.",
            got=f"account {early['account'][0]}: opened {early['opened'][0]}, late {early['reached'][0]}",
            fix="See what the time of opening means here, or leave these accounts out.",
        )
    book = book.with_columns(
        age=_months("opened", pl.col("reached")) + 1,
        followed=_months("opened", pl.lit(end)),
        vintage=_name(every),
    )
    return _curves(book, days_past_due, every, ages, by_amount, level)


def _months(start: str, stop: pl.Expr) -> pl.Expr:
    """Whole calendar months from one time to another."""
    rough = (stop.dt.year().cast(pl.Int64) - pl.col(start).dt.year().cast(pl.Int64)) * 12 + (
        stop.dt.month().cast(pl.Int64) - pl.col(start).dt.month().cast(pl.Int64)
    )
    # "12mo" after the 31st is the last day of a shorter month, as everywhere in the language of formulas
    there = pl.col(start).dt.offset_by(pl.format("{}mo", rough))
    return rough - (there > stop).cast(pl.Int64)


def _name(every: Every) -> pl.Expr:
    opened = pl.col("opened")
    if every == "month":
        return opened.dt.strftime("%Y-%m")
    if every == "quarter":
        return pl.format("{}-Q{}", opened.dt.year(), opened.dt.quarter())
    return opened.dt.strftime("%Y")


def _curves(book: pl.DataFrame, days: int, every: Every, ages: int, by_amount: bool, level: float) -> Vintages:
    rows, cohorts, sizes = [], [], {}
    for (name,), part in sorted(book.group_by("vintage"), key=lambda item: str(item[0][0])):
        vintage, n = str(name), part.height
        w = part["amount"].cast(pl.Float64).to_numpy()
        observed = min(int(part["followed"].min()), ages)  # type: ignore[arg-type]
        age = part["age"].fill_null(ages + 1).to_numpy()
        inside = age <= observed
        counts = np.cumsum(np.bincount(age[inside], minlength=observed + 1))
        heavy = np.cumsum(np.bincount(age[inside], w[inside], minlength=observed + 1))
        size, rate = effective_size(w), heavy / w.sum()
        low, high = wilson(rate * size, np.full(len(rate), size), level)
        sizes[vintage] = size
        of = [
            {
                "vintage": vintage, "age": m, "n": n, "bad": int(counts[m]), "amount": float(w.sum()),
                "rate": float(rate[m]), "low": float(low[m]), "high": float(high[m]),
            }
            for m in range(1, observed + 1)
        ]  # fmt: skip
        rows += of
        last = of[-1] if of else dict.fromkeys(("bad", "rate", "low", "high"))
        cohorts.append(
            {"vintage": vintage, "n": n, "first": part["opened"].min(), "last": part["opened"].max(),
             "observed": observed} | {key: last[key] for key in ("bad", "rate", "low", "high")}
        )  # fmt: skip
    floats = dict.fromkeys(("rate", "low", "high"), pl.Float64)
    whole = dict.fromkeys(("age", "n", "bad"), pl.Int64)
    curves = pl.DataFrame(rows, schema={"vintage": pl.String, **whole, "amount": pl.Float64, **floats})
    table = pl.DataFrame(
        cohorts,
        schema={
            "vintage": pl.String, "n": pl.Int64, "first": pl.Datetime("us"), "last": pl.Datetime("us"),
            "observed": pl.Int64, "bad": pl.Int64, **floats,
        },
    )  # fmt: skip
    curves = curves if by_amount else curves.drop("amount")
    return Vintages(curves, table, days, every, by_amount, sizes)
