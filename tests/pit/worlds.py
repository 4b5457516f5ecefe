"""Random linked tables full of traps, and random formulas for every operator on them.

Times lie on a grid of half days, so that rows fall on cutoffs, window ends and one another.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from tael.tables import Tables

START = datetime(2024, 1, 20)
STEPS = 100
HALF_DAY = timedelta(hours=12)
EARLY = {"customers": 30, "applications": 60}  # others happen up to step STEPS
SCHEMA: dict[str, Any] = {
    "regions": {"key": "region_id", "columns": {
        "wealth": {"type": "number", "special": [-9]}, "kind": {"type": "category"}}},
    "customers": {"key": "customer_id", "time": "joined", "known_at": "listed", "columns": {
        "region_id": {"to": "regions"}, "income": {"type": "number", "special": [-9, -8]}, "born": {"type": "time"},
        "vip": {"type": "flag"}, "grade": {"type": "category", "known_at": "graded"},
        "graded": {"type": "time", "known_at": "graded"}}},
    "applications": {"key": "application_id", "time": "applied", "columns": {
        "customer_id": {"to": "customers"}, "device": {"to": "devices"}, "asked": {"type": "number", "special": [-9]},
        "online": {"type": "flag"}, "goal": {"type": "category"}, "note": {"type": "text"},
        "defaulted": {"type": "flag", "role": "label"}, "fee": {"type": "number", "known_at": "decided"},
        "decided": {"type": "time", "known_at": "decided"}}},
    "loans": {"key": "loan_id", "time": "opened", "known_at": "reported", "columns": {
        "customer_id": {"to": "customers"}, "amount": {"type": "number", "special": [-9]},
        "purpose": {"type": "category"}, "remark": {"type": "text"}, "insured": {"type": "flag"},
        "settled": {"type": "time", "known_at": "settled"}, "loss": {"type": "number", "known_at": "written_off"},
        "fate": {"type": "category", "known_at": "settled"}, "written_off": {"type": "time"}}},
    "instalments": {"time": "due", "columns": {
        "loan_id": {"to": "loans", "known_at": "booked"}, "booked": {"type": "time"}, "paid": {"type": "number"},
        "paid_on": {"type": "time", "known_at": "paid_on"}, "channel": {"type": "category"},
        "cash": {"type": "flag"}, "memo": {"type": "text"}}},
    "logins": {"time": "at", "known_at": "seen", "columns": {
        "device": {"to": "devices"}, "seconds": {"type": "number"}, "failed": {"type": "flag"},
        "browser": {"type": "category"}, "agent": {"type": "text", "known_at": "parsed"}, "parsed": {"type": "time"}}},
    "transfers": {"time": "at", "columns": {
        "sender": {"to": "customers"}, "receiver": {"to": "customers"}, "sum": {"type": "number"},
        "cleared": {"type": "flag"}, "currency": {"type": "category"}, "value_date": {"type": "time"},
        "purpose": {"type": "text"}}},
    "cards": {"known_at": "issued", "columns": {
        "customer_id": {"to": "customers"}, "limit": {"type": "number"}, "gold": {"type": "flag"},
        "brand": {"type": "category"}, "expires": {"type": "time"}, "print": {"type": "text"}}},
}  # fmt: skip
NUMBERS = [
    None,
    -9.0,
    -8.0,
    0.0,
    0.5,
    1.0,
    1.0,
    2.25,
    2.25,
    3.0,
    3.0,
    -4.5,
    7.0,
    100.0,
    1e4,
    float("inf"),
    float("nan"),
]
TEXTS = [None, "car", "car", "home", "car home", "Car", "", "房", "car-12 Car房car, cars 房B2B"]
CATEGORIES = [None, "car", "car", "home", "home", "trip", "房"]


def world(seed: int, *, clean: bool = False, scale: int = 1) -> Tables:
    """Tables of random rows; ``clean`` ones break no contract: unique keys, no gaps in them."""
    rng = np.random.default_rng([seed, clean])
    n = {"regions": 2, "customers": 4, "applications": 12, "loans": 20, "instalments": 70, "logins": 40,
         "transfers": 30, "cards": 12}  # fmt: skip
    n = {name: size * (1 if name == "regions" else scale) for name, size in n.items()}
    if not clean and rng.random() < 0.15:
        n[str(rng.choice(list(n)))] = int(rng.integers(0, 2))
    keys = {name: list(range(1, n[name] + 1)) for name in ("regions", "customers", "applications", "loans")}
    keys["devices"] = list("abc") if scale == 1 else [f"d{i}" for i in range(3 * scale)]
    frames = {}
    for name, promise in SCHEMA.items():
        columns: dict[str, pl.Series] = {}
        key = promise.get("key")
        if key is not None:
            own = list(rng.permutation(keys[name]))
            if not clean and rng.random() < 0.3 and len(own) > 2:
                own[0] = own[-1]
                own[1] = None
            columns[key] = pl.Series(own, dtype=pl.Int64)
        for column in [promise.get("time"), promise.get("known_at")]:
            if column is not None:
                columns[column] = _times(rng, n[name], 0.04, EARLY.get(name, STEPS))
        if {"time", "known_at"} <= promise.keys() and rng.random() < 0.7:  # mostly known soon after, sometimes before
            late = [timedelta(days=int(d)) for d in rng.choice([0, 0, 0, 0, 1, 5, 30, -3], n[name])]
            known = columns[promise["time"]] + pl.Series(late, dtype=pl.Duration("us"))
            columns[promise["known_at"]] = known.set(pl.Series(rng.random(n[name]) < 0.1, dtype=pl.Boolean), None)
        for column, detail in promise["columns"].items():
            columns[column] = _column(rng, detail, n[name], keys, clean)
        frames[name] = pl.DataFrame(columns)
    return Tables(frames, SCHEMA)


def _times(rng: np.random.Generator, n: int, gaps: float, most: int = STEPS) -> pl.Series:
    steps = rng.integers(0, most, n)
    times = [None if rng.random() < gaps else START + int(step) * HALF_DAY for step in steps]
    return pl.Series(times, dtype=pl.Datetime("us"))


def _column(rng: np.random.Generator, detail: dict[str, Any], n: int, keys: dict[str, list], clean: bool) -> pl.Series:
    if "to" in detail:
        known: list[Any] = [*keys[detail["to"]] * 3, None]
        known = known if clean else [*known, "z" if detail["to"] == "devices" else 999]
        return pl.Series([known[i] for i in rng.integers(0, len(known), n)], strict=False)
    if detail["type"] == "time":
        return _times(rng, n, 0.25)
    if detail["type"] == "flag":
        return pl.Series([[None, True, False, False][i] for i in rng.integers(0, 4, n)], dtype=pl.Boolean)
    if detail["type"] == "number":
        return pl.Series([NUMBERS[i] for i in rng.integers(0, len(NUMBERS), n)], dtype=pl.Float64)
    choices = TEXTS if detail["type"] == "text" else CATEGORIES
    return pl.Series([choices[i] for i in rng.integers(0, len(choices), n)], dtype=pl.String)


def observations(seed: int, entity: str = "applications", *, unknown: bool = True) -> pl.DataFrame:
    """Several cutoffs for each entity, in no order; keys that no table knows, and none."""
    rng = np.random.default_rng([seed, 7])
    n = 12 if entity == "applications" else 4
    keys = [int(k) for k in rng.integers(1, n + 1, 16)] + ([None, 77] if unknown else [])
    cutoffs = [START + int(step) * HALF_DAY for step in rng.integers(15, STEPS + 4, len(keys))]
    return pl.DataFrame(
        {SCHEMA[entity]["key"]: pl.Series(keys, dtype=pl.Int64), "cutoff": pl.Series(cutoffs, dtype=pl.Datetime("us"))}
    )


# ------------------------------------------------------------------ formulas
# For each base: how a formula over it is written, the `via` that it needs, and its columns by type.
BASES: dict[str, dict[str, Any]] = {
    "loans": {"up": "customers", "via": [None]},
    "instalments": {"up": "loans", "via": [None]},
    "logins": {"up": None, "via": [None]},
    "transfers": {"up": "receiver", "via": ["customer_id.sender", "customer_id.receiver"]},
    "cards": {"up": "customers", "via": [None]},
    "applications": {"up": "customers", "via": ["customer_id", "device"]},
}
# The same for observations of customers: their rows are children at once, and transfers have two ways.
VIAS = {
    "applications": {base: one["via"] for base, one in BASES.items()},
    "customers": {"loans": [None], "instalments": [None], "transfers": ["sender", "receiver"], "cards": [None],
                  "applications": [None]},
}  # fmt: skip
OWN_OF_CUSTOMERS = {
    "number": ["income", "regions.wealth", "region_id.wealth"],
    "flag": ["vip"],
    "category": ["grade", "regions.kind"],
    "time": ["born", "graded", "joined", "listed", "cutoff"],
    "text": ["coalesce(grade, regions.kind)"],
}
OWN = {
    "number": ["asked", "fee", "customers.income", "customer_id.region_id.wealth", "customers.regions.wealth"],
    "flag": ["online", "customers.vip"],
    "category": ["goal", "customers.grade", "customers.regions.kind"],
    "time": ["applied", "decided", "customers.born", "customers.graded", "cutoff"],
    "text": ["note"],
}
WINDOWS = ["36h", "10d", "10d", "2w", "1mo", "1mo", "35d"]
# How each row operator is written: {n} {f} {c} {t} {x} stand for expressions of the types.
ROW_CASES: dict[str, list[tuple[str, str]]] = {
    "add": [("number", "({n} + {n})")],
    "sub": [("number", "({n} - {n})"), ("number", "({t} - {t})"), ("number", '({t} - "2024-02-01 06:00")')],
    "mul": [("number", "({n} * {n})")],
    "div": [("number", "({n} / {n})"), ("number", "({n} / 0)")],
    "pow": [("number", "(({n}) ** 2)"), ("number", "(({n}) ** -1)"), ("number", "(({n}) ** 0.5)")],
    "neg": [("number", "(-({n}))")],
    "log": [("number", "log({n})")],
    "log1p": [("number", "log1p({n})")],
    "exp": [("number", "exp({n})")],
    "sqrt": [("number", "sqrt({n})")],
    "abs": [("number", "abs({n})")],
    "sign": [("number", "sign({n})")],
    "floor": [("number", "floor({n})")],
    "round": [("number", "round({n})"), ("number", "round({n}, 1)")],
    "clip": [("number", "clip({n}, -1, 2.5)")],
    "minimum": [("number", "minimum({n}, {n})"), ("time", "minimum({t}, {t})")],
    "maximum": [("number", "maximum({n}, {n})"), ("time", 'maximum({t}, "2024-02-10")')],
    "eq": [("flag", '({c} == "car")'), ("flag", "({n} == 1)"), ("flag", '({x} == "car")'), ("flag", "({t} == {t})"),
           ("flag", "({c} == {x})"), ("flag", "({f} == {f})"), ("flag", '({c} == "no such")')],
    "ne": [("flag", '({c} != "car")'), ("flag", "({c} != {c})"), ("flag", "({n} != {n})")],
    "lt": [("flag", "({n} < {n})"), ("flag", '({t} < "2024-02-15")')],
    "le": [("flag", "({n} <= 1)"), ("flag", "({t} <= {t})")],
    "gt": [("flag", "({n} > 0.5)"), ("flag", "({t} > {t})")],
    "ge": [("flag", "({n} >= {n})"), ("flag", '({t} >= "2024-02-15")')],
    "in": [("flag", '({c} in ("car", "房"))'), ("flag", "({n} in (1, 3))"), ("flag", '({x} in ("car", ""))')],
    "and": [("flag", "({f} and {f})")],
    "or": [("flag", "({f} or {f})")],
    "not": [("flag", "(not {f})")],
    "days_since": [("number", "days_since({t})")],
    "year": [("number", "year({t})")],
    "month": [("number", "month({t})")],
    "day": [("number", "day({t})")],
    "weekday": [("number", "weekday({t})")],
    "hour": [("number", "hour({t})")],
    "day_of_year": [("number", "day_of_year({t})")],
    "is_weekend": [("flag", "is_weekend({t})")],
    "is_night": [("flag", "is_night({t})")],
    "length": [("number", "length({x})"), ("number", "length({c})")],
    "contains": [("flag", 'contains({x}, "car")'), ("flag", 'contains({c}, "r")')],
    "starts_with": [("flag", 'starts_with({x}, "car")'), ("flag", "starts_with({x}, {c})")],
    "occurrences": [("number", 'occurrences({x}, "a")'), ("number", 'occurrences({c}, "房")')],
    "digits": [("number", "digits({x})")],
    "n_words": [("number", "n_words({x})"), ("number", "n_words({c})")],
    "keyword": [("flag", 'keyword({x}, "CAR")'), ("flag", 'keyword({x}, "home", "房", "b2b")'),
                ("flag", 'keyword({c}, "ca", "trip")')],
    "term_share": [("number", 'term_share({x}, "car")'), ("number", 'term_share({x}, "房") * 3.2')],
    "minute": [("number", "minute({t})")],
    "quarter": [("number", "quarter({t})")],
    "week": [("number", "week({t})")],
    "is_month_start": [("flag", "is_month_start({t})")],
    "is_month_end": [("flag", "is_month_end({t})")],
    "days_to_month_end": [("number", "days_to_month_end({t})")],
    "months_between": [("number", "months_between({t}, {t})"),
                       ("number", 'months_between(minimum({t}, "2023-12-31"), {t})')],
    "years_between": [("number", "years_between({t}, {t})"),
                      ("number", 'years_between(minimum({t}, "1960-02-29 06:00"), {t})')],
    # what is not known yet may lie in years whose holidays nobody knows yet
    "is_holiday": [("flag", 'is_holiday(minimum({t}, "2024-12-31"), "CN")')],
    "is_workday": [("flag", 'is_workday(minimum({t}, "2024-12-31"), "CN")')],
    "where": [("number", "where({f}, {n}, {n})"), ("category", "where({f}, {c}, {c})"),
              ("time", "where({f}, {t}, {t})")],
    "coalesce": [("number", "coalesce({n}, {n}, 0)"), ("category", 'coalesce({c}, "none")'),
                 ("time", "coalesce({t}, {t})"), ("text", "coalesce({x}, {c})")],
    "is_missing": [("flag", "is_missing({n})"), ("flag", "is_missing({t})"), ("flag", "is_missing({c})")],
}  # fmt: skip
AGGREGATE_CASES: dict[str, list[str]] = {
    "count": ["", "{n}", "{c}", "{t}", "{x}", "{f}"],
    "sum": ["{n}", "{f}"],
    "mean": ["{n}", "{f}"],
    "min": ["{n}", "{t}", "{f}"],
    "max": ["{n}", "{t}", "{f}"],
    "std": ["{n}", "{f}"],
    "share": [""],
    "first": ["{n}", "{c}", "{t}", "{f}"],
    "last": ["{n}", "{c}", "{t}", "{f}"],
    "days_since_first": ["", "{t}"],
    "days_since_last": ["", "{t}"],
    "gap_mean": [""],
    "gap_std": [""],
    "trend": ["{n}", "{f}"],
    "n_unique": ["{n}", "{c}", "{t}", "{x}", "{f}"],
    "mode": ["{n}", "{c}", "{t}", "{f}"],
    "median": ["{n}", "{f}"],
    "quantile": ["{n}", "{f}"],
    "entropy": ["{n}", "{c}", "{t}", "{x}", "{f}"],
    "top_share": ["{n}", "{c}", "{t}", "{x}", "{f}"],
    "longest_streak": [""],
    "burst": [""],
    "periodicity": [""],
    "balance_after": ["{n}", "{f}"],
    "slope": ["{n}", "{f}"],
    "share_of": ["{n}", "{f}"],
    "next_event": [""],
    "matched": ["{n}"],
}
# Arguments after the first, and options that an aggregate must have.
FURTHER: dict[str, list[str]] = {
    "quantile": ["0.9", "0.25", "0", "1", "0.5"],
    "slope": ["{n}", "{f}"],
    "matched": ["0.1", "0", "0.5", "1"],
}
NEEDS_WHERE = {"share", "longest_streak", "share_of", "next_event", "matched"}
NEEDS_AFTER = {"next_event", "matched"}
NEEDS_WITHIN = {"burst", "matched"}
TIMED = {"first", "last", "days_since_first", "days_since_last", "gap_mean", "gap_std", "trend", "longest_streak",
         "burst", "periodicity", "balance_after", "next_event", "matched"}  # fmt: skip
SHORT = {"n": "number", "f": "flag", "c": "category", "t": "time", "x": "text"}


class Writer:
    """Writes random formulas for observations of applications or of customers."""

    def __init__(self, seed: int, entity: str = "applications") -> None:
        self.rng = np.random.default_rng([seed, 3])
        self.vias = VIAS[entity]
        self.own = OWN if entity == "applications" else OWN_OF_CUSTOMERS

    def pick(self, choices: Any) -> Any:
        return choices[int(self.rng.integers(len(choices)))]

    def columns(self, base: str | None, kind: str) -> list[str]:
        if base is None:
            return self.own[kind]
        promise = SCHEMA[base]
        own = [f"{base}.{name}" for name, c in promise["columns"].items()
               if c.get("type") == kind and c.get("role") is None]  # fmt: skip
        if kind == "time":
            own += [f"{base}.{promise[name]}" for name in ("time", "known_at") if name in promise]
        return own

    def above(self, base: str, kind: str) -> list[str]:
        up = BASES[base]["up"]
        table = {"receiver": "customers"}.get(up, up)
        if table is None:
            return []
        names = [name for name, c in SCHEMA[table]["columns"].items() if c.get("type") == kind]
        # both name the same column; with the base in front it can stand alone in an aggregate
        return [f"{way}{up}.{name}" for name in names for way in ("", f"{base}.")]

    def leaf(self, base: str | None, kind: str) -> str:
        known = self.columns(base, kind)
        if base is not None and self.rng.random() < 0.25:
            known = self.above(base, kind) or known
        return self.pick(known or self.own[kind])

    def fill(self, base: str | None, text: str, depth: int) -> str:
        for letter, kind in SHORT.items():
            while f"{{{letter}}}" in text:
                text = text.replace(f"{{{letter}}}", self.expression(base, kind, depth - 1), 1)
        return text

    def expression(self, base: str | None, kind: str, depth: int = 1) -> str:
        """A column, or an operator of one's choice on columns."""
        if depth <= 0 or self.rng.random() < 0.4:
            return self.leaf(base, kind)
        fitting = [
            case
            for op, cases in ROW_CASES.items()
            for result, case in cases
            if result == kind and not (base is not None and op == "days_since")
        ]
        return self.fill(base, self.pick(fitting), depth)

    def aggregate(self, op: str, inside: str | None = None, *, forward: bool = False) -> str:
        """A formula whose root is an aggregate; ``inside`` is a text to fill, else one of the operator's own."""
        bases = [base for base in self.vias if base != "cards" or not (forward or op in TIMED)]
        base = self.pick(bases)
        text = self.pick(AGGREGATE_CASES[op]) if inside is None else inside
        argument = base if text == "" else self.fill(base, text, 2)
        if argument != base and f"{base}." not in argument:
            kinds = {f"{{{letter}}}": kind for letter, kind in SHORT.items()}
            argument = self.columns(base, kinds.get(text, "number"))[0] if text in kinds else argument
            if f"{base}." not in argument:
                argument = self.fill(base, text, 0) if "{" in text else argument
            if f"{base}." not in argument:
                return self.aggregate(op, inside, forward=forward)
        parts = [argument]
        if op in FURTHER:
            parts.append(self.fill(base, self.pick(FURTHER[op]), 1))
        if op in NEEDS_WHERE or self.rng.random() < 0.5:
            parts.append(f"where={self.expression(base, 'flag', 2)}")
        if op in NEEDS_AFTER:
            parts.append(f"after={self.expression(base, 'flag', 2)}")
        if op in NEEDS_WITHIN:
            parts.append(f'within="{self.pick(["12h", "1d", "36h", "10d"])}"')
        timeless = base == "cards"
        if forward:
            parts.append(f'next="{self.pick(WINDOWS)}"')
            if self.rng.random() < 0.3:
                parts.append('gap="3d"')
        elif not timeless and self.rng.random() < 0.6:
            parts.append(f'last="{self.pick(WINDOWS)}"')
        via = self.pick(self.vias[base])
        if via is not None:
            parts.append(f'via="{via}"')
        return f"{op}({', '.join(parts)})"

    def row(self, op: str) -> str:
        """A formula that uses a row operator: on the observation's own row, or on child rows, in value or condition."""
        kind, case = self.pick(ROW_CASES[op])
        if op == "days_since" or self.rng.random() < 0.34:
            return self.fill(None, case, 2)
        over = {
            "number": ["sum", "mean", "max", "std", "last", "n_unique", "trend"],
            "flag": ["sum", "mean", "last", "mode"],
            "category": ["n_unique", "mode", "last"],
            "time": ["max", "first", "mode"],
            "text": ["n_unique"],
        }
        return self.aggregate(self.pick(over[kind]), case)

    def one(self, op: str) -> str:
        """A formula for an operator of the language."""
        return self.row(op) if op in ROW_CASES else self.aggregate(op)
