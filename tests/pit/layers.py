"""Random formulas in layers: aggregates of aggregates, siblings, peers, the cutoff inside an aggregate."""

from __future__ import annotations

from typing import Any

# What can be said of a row of a base table by aggregating further rows; {n} {f} {c} {t} stand on the inner table.
INNER: dict[str, list[tuple[str, str, str]]] = {
    "loans": [
        ("number", "instalments", "sum({n})"),
        ("number", "instalments", 'mean({n}, where={f}, last="35d")'),
        ("number", "instalments", "count(instalments, where={f})"),
        ("number", "instalments", "days_since_last(instalments)"),
        ("time", "instalments", "max({t})"),
        ("category", "instalments", "last({c})"),
        ("number", "loans", 'mean({n}, via="customer_id")'),
        ("number", "loans", 'count(loans, where={f}, via="customer_id")'),
    ],
    "instalments": [
        ("number", "instalments", 'sum({n}, via="loan_id")'),
        ("number", "loans", 'max({n}, via="loan_id.customer_id")'),
        ("category", "instalments", 'mode({c}, via="loan_id")'),
    ],
    "transfers": [
        ("number", "transfers", 'mean({n}, via="receiver.receiver")'),
        ("number", "transfers", 'count(transfers, last="10d", via="receiver.sender")'),
        ("time", "transfers", 'min({t}, via="receiver.receiver")'),
        ("number", "loans", 'sum({n}, via="sender")'),
    ],
    "logins": [
        ("number", "logins", 'count(logins, where={f}, via="device")'),
        ("time", "applications", 'min({t}, via="device")'),
    ],
    "applications": [
        ("number", "applications", 'mean({n}, via="customer_id")'),
        ("number", "loans", "sum({n})"),
        ("number", "logins", "count(logins, where={f})"),
    ],
    "cards": [("number", "loans", "count(loans, where={f})")],
}
SIBLINGS = [
    ("number", "mean({n}, by={c})"),
    ("number", "count({base}, where={f}, by=({c}, {f}))"),
    ("number", "sum({n}, by={f})"),
    ("number", 'share({base}, where={f}, by="all")'),
    ("number", "std({n}, where={f}, by={c})"),
    ("time", "min({t}, by={c})"),
    ("category", "mode({c}, by={f})"),
]
SIBLINGS_IN_TIME = [
    ("number", 'max({n}, by={c}, last="10d")'),
    ("number", "last({n}, by={c})"),
    ("number", "gap_mean({base}, by={f})"),
    ("category", "first({c}, by={f})"),
    ("number", "trend({n}, by={c})"),
]
OUTER = {
    "number": [
        "mean({x})",
        "sum({n} - {x})",
        "max({n} / {x})",
        "count({base}, where={x} > 1)",
        "share({base}, where={x} < 2.5)",
        "std({x})",
        "mean(where({x} > 1, {n}, {x}))",
    ],
    "time": ["max({x})", "mean({t} - {x})", "mean(cutoff - {x})"],
    "category": ["n_unique({x})", "mode({x})", 'share({base}, where={x} == "car")'],
}
OUTER_IN_TIME = {"number": ["last({x})", "trend({x})"]}
CUTOFF = [
    "count({base}, where={t} > cutoff)",
    "mean(days_since({t}))",
    "max(cutoff - {t})",
    "sum({n}, where=days_since({t}) < 10)",
]
# Peers of an application; {n} {f} {c} {t} stand on the application's row.
PEERS = [
    'mean({n}, by={c}, among="as_of")',
    'count(applications, by=({c}, {f}), among="as_of")',
    '{own} / mean({n}, by={c}, where={f}, among="as_of", last="35d")',
    'share(applications, where={f}, by="all", among="as_of")',
    'mode({c}, by={f}, among="as_of")',
    'max({t}, by={c}, among="as_of")',
    'last({n}, by={c}, among="as_of")',
    'gap_mean(applications, by={f}, among="as_of")',
    'std(count(loans), by={c}, among="as_of")',
    'mean(sum(loans.amount, last="35d"), by={f}, among="as_of")',
    'days_since_last(applications, by={c}, among="as_of", last="1mo")',
    'max(mean({n} - mean({n}, via="customer_id"), by={c}, among="as_of"), over=applications, via="customer_id")',
]


def fill(writer: Any, base: str, text: str, depth: int = 1) -> str:
    """Fill in the letters with expressions that stand on a base's rows."""
    return str(writer.fill(base, text.replace("{base}", base), depth))


def layered(writer: Any, entity: str = "applications") -> str:
    """A formula in layers for observations of applications or customers."""
    kind = writer.pick(["nested", "nested", "siblings", "siblings", "cutoff", "peers"])
    if kind == "peers" and entity == "applications":
        text = writer.pick(PEERS[:-1])
        own = writer.pick(writer.own["number"])
        return str(writer.fill("applications", text.replace("{own}", own), 1))
    base = writer.pick([name for name in writer.vias if name in INNER])
    timeless = base == "cards"
    if kind == "cutoff":
        text = writer.pick(CUTOFF)
        return finish(writer, base, fill(writer, base, text), timeless)
    if kind == "siblings":
        type_, inner = writer.pick([*SIBLINGS, *([] if timeless else SIBLINGS_IN_TIME)])
        inner = fill(writer, base, inner)
    else:
        type_, table, inner = writer.pick(INNER[base])
        inner = over(fill(writer, table, inner), table)
    outer = writer.pick([*OUTER[type_], *([] if timeless else OUTER_IN_TIME.get(type_, []))])
    outer = outer.replace("{n}", leaf(writer, base, "number"))
    outer = outer.replace("{t}", leaf(writer, base, "time")).replace("{base}", base)
    return finish(writer, base, outer.replace("{x}", inner), timeless)


def leaf(writer: Any, base: str, kind: str) -> str:
    """A column of the base by its full name, so that it can stand alone in an aggregate."""
    return str(writer.pick(writer.columns(base, kind)))


def finish(writer: Any, base: str, text: str, timeless: bool) -> str:
    """Add a window and the way to an aggregate."""
    options = "" if timeless or writer.rng.random() < 0.5 else f', last="{writer.pick(["10d", "2w", "1mo"])}"'
    via = writer.pick(writer.vias[base])
    if via is not None:
        options += f', via="{via}"'
    return over(text, base)[:-1] + options + ")"


def over(text: str, base: str) -> str:
    """Say over which table is aggregated, where the argument is not that table itself."""
    return text if text.split("(", 1)[1].startswith((f"{base})", f"{base},")) else f"{text[:-1]}, over={base})"
