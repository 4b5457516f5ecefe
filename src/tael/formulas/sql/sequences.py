"""Aggregates that look at rows side by side: quantiles, frequencies, runs, bursts, running totals, what follows."""

from __future__ import annotations

from abc import ABC, abstractmethod

from tael.errors import FormulaError
from tael.formulas.bound import Bound, BoundAggregate, BoundLiteral
from tael.formulas.sql.dialects import Dialect, plain_number
from tael.formulas.sql.expressions import Sql
from tael.formulas.sql.rows import ChildRows
from tael.formulas.sql.sources import Join, listed, unlike

Found = tuple[Sql, Join]
"""An aggregate as whoever asked for it names it, and the join that it needs there."""

ROUNDING = "1e-12"
"""Sums that cancel to less than this part of their terms, and numbers closer together, are 0 and equal."""

SLACK = 1e-9
"""How much further than its ratio an amount may lie from another, as a part of it: rounding, not a difference."""


class Sequences(ABC):
    """The part of :class:`tael.formulas.sql.aggregates.Batch` that writes these aggregates.

    Each has a row for each of the batch's keys; what one row of the table says of others is found by window functions
    over the rows with the same keys.
    """

    dialect: Dialect
    rows: ChildRows
    source: str
    keys: tuple[str, ...]

    # -- quantiles
    def _median(self, one: BoundAggregate) -> Found:
        return self._percentile(one, "0.5")

    def _quantile(self, one: BoundAggregate) -> Found:
        return self._percentile(one, plain_number(_constant(one, one.further[0])))

    def _percentile(self, one: BoundAggregate, share: str) -> Found:
        text = f"{self.dialect.percentile(self._value(one), share)}{self._filter(self._counted(one))}"
        return self._item(text, one)

    # -- sums
    def _share_of(self, one: BoundAggregate) -> Found:
        value, every = self._value(one), self._filter(self._counted(one, where=False))
        part = f"COALESCE(SUM({value}){self._filter(self._counted(one))}, 0)"
        total = f"SUM({value}){every}"
        text = f"CASE WHEN ABS({total}) > {ROUNDING} * SUM(ABS({value})){every} THEN {part} / {total} END"
        return self._item(text, one)

    def _slope(self, one: BoundAggregate) -> Found:
        value, second = self._value(one), self._part(one.further[0], number=True)
        only = self._filter([f"{value} IS NOT NULL", f"{second} IS NOT NULL", *self._counted(one)])
        apart = f"MAX({second}){only} - MIN({second}){only} > {ROUNDING} * MAX(ABS({second})){only}"
        return self._item(f"CASE WHEN {apart} THEN REGR_SLOPE({value}, {second}){only} END", one)

    def _balance_after(self, one: BoundAggregate) -> Found:
        value, (balance, lowest) = self._value(one), self._named("balance", "lowest")
        running = f"SUM({value}) OVER ({self._in_order} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)"
        inner = self._selected([f"{running} AS {balance}"], [f"{value} IS NOT NULL", *self._counted(one)])
        lines = self._grouped([f"MIN({balance}) AS {lowest}"], inner, "running_totals")
        return self._own_scan(one, lines, lowest, "The lowest running total")

    # -- frequencies
    def _entropy(self, one: BoundAggregate) -> Found:
        entropy = "CASE WHEN COUNT(*) > 1 THEN -SUM({0} * LN({0})) ELSE 0 END"
        return self._of_shares(one, entropy, "How evenly the values are spread (entropy)")

    def _top_share(self, one: BoundAggregate) -> Found:
        return self._of_shares(one, "MAX({0})", "The share of the most frequent value")

    def _of_shares(self, one: BoundAggregate, text: str, comment: str) -> Found:
        value, (part, result) = self._part(one.value, number=False), self._named("part", one.op)
        share = f"{self.dialect.number('COUNT(*)')} / SUM(COUNT(*)) OVER (PARTITION BY {', '.join(self._keys)})"
        inner = self._selected([f"{share} AS {part}"], [f"{value} IS NOT NULL", *self._counted(one)])
        inner.append(f"GROUP BY {', '.join(dict.fromkeys([*self._keys, value]))}")
        lines = self._grouped([f"{text.format(part)} AS {result}"], inner, "values_seen")
        return self._own_scan(one, lines, result, comment)

    # -- runs and gaps
    def _longest_streak(self, one: BoundAggregate) -> Found:
        meets, keys = self._condition(one.where), ", ".join(self._keys)
        met, run, length, longest = self._named("met", "run", "length", "longest")
        # the rows of a run keep their distance to the number that they have among those that meet the condition
        place = f"ROW_NUMBER() OVER ({self._in_order})"
        among = f"ROW_NUMBER() OVER (PARTITION BY {keys}, {meets} ORDER BY {self._rank})"
        items = [f"{meets} AS {met}", f"{place} - {among} AS {run}"]
        inner = self._selected(items, self._counted(one, where=False))
        runs = ["SELECT", *listed([*self._keys, f"COUNT(*) AS {length}"]), *_from(inner, "numbered")]
        runs += [f"WHERE {met}", f"GROUP BY {keys}, {run}"]
        lines = self._grouped([f"MAX({length}) AS {longest}"], runs, "runs")
        return self._own_scan(one, lines, longest, "Most rows in a row that meet a condition", zero=True)

    def _burst(self, one: BoundAggregate) -> Found:
        assert one.within is not None
        time, (so_many, most) = self.dialect.quote(self.rows.moment()), self._named("so_many", "most")
        frame = f"RANGE BETWEEN CURRENT ROW AND {self.dialect.less_than(one.within)}"
        count = f"COUNT(*) OVER (PARTITION BY {', '.join(self._keys)} ORDER BY {time} {frame})"
        inner = self._selected([f"{self.dialect.tidy(count)} AS {so_many}"], self._counted(one))
        lines = self._grouped([f"MAX({so_many}) AS {most}"], inner, "bursts")
        return self._own_scan(one, lines, most, f"Most rows within any {one.within.words()}", zero=True)

    def _periodicity(self, one: BoundAggregate) -> Found:
        time, keys = self.dialect.quote(self.rows.moment()), ", ".join(self._keys)
        gap, number, n, middle, regular = self._named("gap", "number", "n", "middle", "regular")
        days = self.dialect.micros(time, f"LAG({time}) OVER (PARTITION BY {keys} ORDER BY {time})")
        inner = self._selected([f"{self.dialect.tidy(days)} AS {gap}"], self._counted(one))
        places = [
            f"ROW_NUMBER() OVER (PARTITION BY {keys} ORDER BY {gap}) AS {number}",
            f"COUNT(*) OVER (PARTITION BY {keys}) AS {n}",
        ]
        ordered = ["SELECT", *listed([*self._keys, gap, *places]), *_from(inner, "gaps"), f"WHERE {gap} IS NOT NULL"]
        # the one in the middle, or the mean of the two
        middles = f"CASE WHEN 2 * {number} BETWEEN {n} AND {n} + 2 THEN {gap} END"
        median = f"AVG({middles}) OVER (PARTITION BY {keys}) AS {middle}"
        against = ["SELECT", *listed([*self._keys, gap, median]), *_from(ordered, "ordered")]
        near = self.dialect.number(f"COUNT(CASE WHEN 10 * ABS({gap} - {middle}) <= {middle} THEN 1 END)")
        lines = self._grouped([f"CASE WHEN COUNT(*) > 1 THEN {near} / COUNT(*) END AS {regular}"], against, "compared")
        return self._own_scan(one, lines, regular, "The share of gaps that are within a tenth of their median")

    def _next_event(self, one: BoundAggregate) -> Found:
        time, meets, first = (
            self.dialect.quote(self.rows.moment()),
            self._condition(one.where),
            self._condition(one.after),
        )
        begins, began, following, days = self._named("begins", "began", "following", "days")
        later = f"{self._in_order} ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING"
        soonest = f"MIN(CASE WHEN {meets} THEN {time} END) OVER ({later})"
        items = [f"{first} AS {begins}", f"{time} AS {began}", f"{soonest} AS {following}"]
        inner = self._selected(items, self._counted(one, where=False))
        wait = self.dialect.tidy(self.dialect.days(following, began))
        lines = ["SELECT", *listed([*self._keys, f"AVG({wait}) AS {days}"]), *_from(inner, "followed")]
        return self._own_scan(
            one, [*lines, f"WHERE {begins}", self._group], days, "Days from one event to the next of another kind"
        )

    # -- one after another
    def _matched(self, one: BoundAggregate) -> Found:
        """Rows of a walk in the order of time: what a row takes is gone for those after it."""
        assert one.within is not None
        ratio = _constant(one, one.further[0])
        amount, first, last = (
            self._value(one, number=True), self._condition(one.after), self._condition(one.where)
        )  # fmt: skip
        rank, time = self._rank, self.dialect.quote(self.rows.moment())
        share, place, began, money, begins, ends = self._named("share", "place", "began", "money", "begins", "ends")
        step, may, taken, gone = self._named("step", "may", "taken", "gone")
        items = [f"{rank} AS {place}", f"{time} AS {began}", f"{amount} AS {money}"]
        items += [f"{first} AS {begins}", f"{last} AS {ends}"]
        amounts = self._selected(items, [f"{amount} IS NOT NULL", *self._counted(one, where=False)])
        same = " AND ".join(f"b.{key} = a.{key}" for key in self._keys)
        near = [plain_number(1.0 + sign * ratio + sign * SLACK) for sign in (-1, 1)]
        follows = f"{same} AND b.{ends} AND b.{place} > a.{place}"
        follows += f" AND b.{money} BETWEEN a.{money} * {near[0]} AND a.{money} * {near[1]}"
        until = self.dialect.after(f"a.{began}", one.within)
        follows += "" if until is None else f" AND b.{began} < {self.dialect.tidy(until)}"
        keys = [f"a.{key}" for key in self._keys]
        choices = ["SELECT", *listed([
            *keys, f"a.{money}", f"ROW_NUMBER() OVER (PARTITION BY {', '.join(keys)} ORDER BY a.{place}) AS {step}",
            f"ARRAY_AGG(b.{place}) FILTER (WHERE b.{place} IS NOT NULL) AS {may}",
        ])]  # fmt: skip
        choices += [f"FROM amounts AS a LEFT JOIN amounts AS b ON {follows}", f"WHERE a.{begins} AND a.{money} > 0"]
        choices += [f"GROUP BY {', '.join(keys)}, a.{place}, a.{money}"]
        none = [f"CAST(0 AS BIGINT) AS {step}", f"{self.dialect.number('NULL')} AS {money}"]
        none += [f"CAST(NULL AS BIGINT) AS {taken}", f"CAST(ARRAY[] AS BIGINT[]) AS {gone}"]
        free = f"SELECT MIN(m.p) FROM UNNEST(a.{may}) AS m(p) WHERE NOT m.p = ANY(w.{gone})"
        here = " AND ".join(f"w.{key} = a.{key}" for key in self._keys)
        following = ["SELECT", *listed([*keys, f"a.{step}", f"a.{money}", f"({free}) AS {taken}", f"w.{gone}"])]
        following += [f"FROM walk AS w JOIN choices AS a ON {here} AND a.{step} = w.{step} + 1"]
        left = f"CASE WHEN {taken} IS NULL THEN {gone} ELSE ARRAY_APPEND({gone}, {taken}) END"
        walk = ["SELECT DISTINCT", *listed([*self._keys, *none]), "FROM choices", "UNION ALL"]
        walk += ["SELECT", *listed([*self._keys, step, money, taken, left]), *_from(following, "following")]
        lines = [
            "WITH RECURSIVE",
            *_with("amounts", amounts, ","),
            *_with("choices", choices, ","),
            *_with("walk", walk),
        ]
        passed = f"COALESCE(SUM({money}) FILTER (WHERE {taken} IS NOT NULL), 0)"
        lines += ["SELECT", *listed([*self._keys, f"{passed} / SUM({money}) AS {share}"])]
        lines += ["FROM walk", f"WHERE {step} > 0", self._group]
        return self._own_scan(one, lines, share, "The share that is passed on, each row taking the first that is left")

    # -- parts
    @property
    def _rank(self) -> str:
        return self.dialect.quote(self.rows.rank())

    @property
    def _in_order(self) -> str:
        return f"PARTITION BY {', '.join(self._keys)} ORDER BY {self._rank}"

    def _condition(self, bound: Bound | None) -> str:
        assert bound is not None
        return self.dialect.quote(self.rows.condition(bound))

    def _named(self, *wishes: str) -> list[str]:
        """Names that the keys leave free, for what a scan of its own computes on the way."""
        taken = {key.lower() for key in self.keys}
        return [unlike(wish, taken) for wish in wishes]

    def _selected(self, items: list[str], conditions: list[str]) -> list[str]:
        """Items for each row that counts."""
        where = [f"WHERE {' AND '.join(conditions)}"] if conditions else []
        return ["SELECT", *listed([*self._keys, *items]), f"FROM {self.source}", *where]

    def _grouped(self, items: list[str], inner: list[str], alias: str) -> list[str]:
        """Aggregates of a selection, for each of the keys."""
        return ["SELECT", *listed([*self._keys, *items]), *_from(inner, alias), self._group]

    # -- what a batch has
    @property
    @abstractmethod
    def _keys(self) -> list[str]:
        """The columns of which each aggregate has a row."""

    @property
    @abstractmethod
    def _group(self) -> str:
        """The clause that groups by them."""

    @abstractmethod
    def _part(self, bound: Bound | None, *, number: bool) -> str:
        """An expression on the rows, as a column."""

    @abstractmethod
    def _value(self, one: BoundAggregate, *, number: bool | None = None) -> str:
        """What is aggregated, as a column."""

    @abstractmethod
    def _counted(self, one: BoundAggregate, *, where: bool = True) -> list[str]:
        """The conditions under which a row counts."""

    @abstractmethod
    def _filter(self, conditions: list[str]) -> str:
        """The conditions behind an aggregate."""

    @abstractmethod
    def _item(self, sql: str, one: BoundAggregate, **more: bool) -> Found:
        """An aggregate that shares the scan of others."""

    @abstractmethod
    def _own_scan(
        self, one: BoundAggregate, lines: list[str], column: str, comment: str, *, zero: bool = False
    ) -> Found:
        """An aggregate with a scan of its own."""


def _from(inner: list[str], alias: str) -> list[str]:
    return ["FROM (", *(f"  {line}" for line in inner), f") AS {alias}"]


def _with(name: str, lines: list[str], end: str = "") -> list[str]:
    return [f"{name} AS (", *(f"  {line}" for line in lines), f"){end}"]


def _constant(one: BoundAggregate, bound: Bound) -> float:
    if not isinstance(bound, BoundLiteral):
        raise FormulaError(f"`{one.op}` takes a constant.", got="an expression")
    return float(bound.value)
