"""From what a user has to the arrays of the solver, with every check and no copy of what is float already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.decisions._arrays import Floats
from tael.decisions.allocation_problem import Limit, Problem
from tael.decisions.allocation_rules import GroupRule
from tael.errors import DecisionError, did_you_mean
from tael.kernels import allocate as kernel
from tael.kernels.allocate import address

INF = float("inf")


def build(
    value: Any,
    resources: Mapping[str, Any],
    mask: Any,
    *,
    budgets: Mapping[str, Any],
    capacities: Mapping[str | int, Any],
    groups: Sequence[GroupRule],
    options: Sequence[str] | None,
    nothing: str | int,
    units: Mapping[str, str],
    currency: str,
    n_threads: int,
) -> tuple[Problem, dict[str, int]]:
    """Check everything; returns the problem, and how many customers each mask leaves with nothing but `nothing`."""
    worth = _matrix(value, "value")
    n, k = worth.shape
    if not n or not k:
        raise DecisionError("There is nothing to allocate.", expected="customers and options", got=f"shape ({n}, {k})")
    names = _names(options, k)
    legal, masked = _mask(mask, n, k, index_of(nothing, names, "nothing"))
    _all_have_one(legal, n, k)
    _refuse_faults(worth, legal, "value", names, negative=False)

    sources: list[NDArray[Any]] = [worth]
    place: dict[str, tuple[int, Floats]] = {}
    for name, given in resources.items():
        array = _array(given, f'resource "{name}"')
        if array.ndim == 1 and len(array) == k:
            row = array.astype(float)
            _refuse_faults(row[None], None, f'resource "{name}"', names, negative=True)
            place[name] = (-1, row)
        elif array.shape == (n, k):
            array = _contiguous(array)
            _refuse_faults(array, legal, f'resource "{name}"', names, negative=True)
            sources.append(array)
            place[name] = (len(sources) - 1, np.ones(k))
        else:
            raise DecisionError(
                "A resource does not fit the value.",
                expected=f"shape ({n}, {k}), or ({k},) for the same use by every customer",
                got=f"shape {array.shape}",
                where=f'resource "{name}"',
            )
    one = len(sources)
    place = {name: (one if s < 0 else s, row) for name, (s, row) in place.items()}

    cells, patterns = _cells(groups, n)
    everyone = np.ones((len(patterns), 1))
    limits: list[Limit] = []
    for name in budgets:
        if name not in place:
            raise DecisionError("A budget for no resource.", got=name, where="budgets", fix=did_you_mean(name, place))
    for name, (source, row) in place.items():
        low, high = _pair(budgets.get(name), f'budget "{name}"')
        limits.append(Limit(name, "budget", source, everyone * row, low, high, units.get(name, "")))
    for option, given in capacities.items():
        j = index_of(option, names, "capacities")
        low, high = _pair(given, f'capacity of "{names[j]}"')
        row = (np.arange(k) == j).astype(float)
        limits.append(Limit(names[j], "capacity", one, everyone * row, _up(low), _down(high)))
    for g, rule in enumerate(groups):
        limits += _group(rule, patterns[:, g], names, place, one, units)
    seen: set[str] = set()
    for limit in limits:
        if (key := f"{limit.name}{limit.side}") in seen:
            raise DecisionError("Two constraints have one name.", got=limit.name, fix="Rename one of them.")
        seen.add(key)
    made = Problem(tuple(sources), legal, cells, tuple(limits), names, len(patterns), n_threads, currency)
    return made, masked


def _array(given: Any, where: str) -> NDArray[Any]:
    array = np.asarray(given.to_numpy() if hasattr(given, "to_numpy") else given)
    if array.dtype.kind not in "iufb":
        raise DecisionError("These are not numbers.", expected="an array of numbers", got=str(array.dtype), where=where)
    return array


def _contiguous(array: NDArray[Any]) -> NDArray[Any]:
    kept = array.dtype if array.dtype in (np.float32, np.float64) else np.dtype(float)
    return np.ascontiguousarray(array, dtype=kept)


def _matrix(given: Any, where: str) -> NDArray[Any]:
    array = _array(given, where)
    if array.ndim != 2:
        raise DecisionError(
            "The value is a table of customers by options.", expected="shape (n, k)", got=str(array.shape), where=where
        )
    if array.shape[1] > np.iinfo(np.int16).max:
        raise DecisionError("Too many options.", expected="at most 32767", got=str(array.shape[1]), where=where)
    return _contiguous(array)


def _names(options: Sequence[str] | None, k: int) -> tuple[str, ...]:
    if options is None:
        return tuple(f"option {j}" for j in range(k))
    names = tuple(str(o) for o in options)
    if len(names) != k or len(set(names)) != k:
        raise DecisionError(
            "The names of the options do not fit.",
            expected=f"{k} different names",
            got=str(names)[:80],
            where="options",
        )
    return names


def index_of(option: str | int, names: Sequence[str], where: str) -> int:
    """Place of an option that is given by name or index."""
    if isinstance(option, str):
        if option not in names:
            raise DecisionError("No such option.", got=option, where=where, fix=did_you_mean(option, names))
        return names.index(option)
    if isinstance(option, bool) or not isinstance(option, int | np.integer) or not 0 <= option < len(names):
        raise DecisionError("No such option.", expected=f"0 to {len(names) - 1}", got=repr(option), where=where)
    return int(option)


def _mask(mask: Any, n: int, k: int, nothing: int) -> tuple[NDArray[np.bool_] | None, dict[str, int]]:
    """All masks in one, and how many customers each of them alone leaves with at most the option `nothing`."""
    if mask is None:
        return None, {}
    parts = mask if isinstance(mask, Mapping) else {"mask": mask}
    legal: NDArray[np.bool_] | None = None
    masked = {}
    for name, given in parts.items():
        array = np.asarray(given.to_numpy() if hasattr(given, "to_numpy") else given)
        where = f'mask "{name}"'
        if array.dtype != bool:
            raise DecisionError("A mask is true (legal) and false.", got=str(array.dtype), where=where)
        if array.shape == (n, k):
            full = array
        elif array.ndim == 1 and len(array) == n and n != k:
            full = np.broadcast_to(array[:, None], (n, k)).copy()
            full[:, nothing] = True
        elif array.ndim == 1 and len(array) == k and n != k:
            full = np.broadcast_to(array, (n, k))
        else:
            raise DecisionError(
                "A mask does not fit the value.",
                expected=f"shape ({n}, {k}), or ({n},) for customers, ({k},) for options (not where n = k)",
                got=f"shape {array.shape}",
                where=where,
            )
        others = full.sum(axis=1) - full[:, nothing]
        masked[name] = int(np.sum(others == 0))
        legal = full if legal is None else legal & full
    return None if legal is None else np.ascontiguousarray(legal), masked


def _all_have_one(legal: NDArray[np.bool_] | None, n: int, k: int) -> None:
    if legal is None:
        return
    found = np.empty(3, dtype=np.int64)
    kernel.first_without(0, n, k, address(legal), found)
    if found[0]:
        raise DecisionError(
            f"{found[0]} of {n} customers have no legal option.",
            expected="at least one for everybody",
            where=f"mask, first at row {found[1]}",
            fix='Leave the option "nothing" (no offer, no new limit) unmasked.',
        )


def _refuse_faults(
    array: NDArray[Any], legal: NDArray[np.bool_] | None, where: str, names: Sequence[str], *, negative: bool
) -> None:
    found = np.empty(3, dtype=np.int64)
    n, k = array.shape
    kernel.first_fault(0, n, k, address(array), array.dtype.itemsize, address(legal), negative, found)
    if found[0]:
        row, j = int(found[1]), int(found[2])
        wrong = "missing, infinite or negative" if negative else "missing or infinite"
        raise DecisionError(
            f"{found[0]} numbers of legal options are {wrong}.",
            expected="finite numbers" + (" of 0 or more" if negative else ""),
            got=str(array[row, j]),
            where=f'{where}, first at row {row}, option "{names[j]}"',
            fix="Mask the options that a customer cannot have; what is masked is not read.",
        )


def _pair(given: Any, where: str) -> tuple[float, float]:
    """Bounds of an upper bound alone, a pair (lower, upper) with None for no bound, or nothing."""
    low, high = given if isinstance(given, tuple | list) and len(given) == 2 else (None, given)
    ends = []
    for bound, none in ((low, -INF), (high, INF)):
        if bound is not None and (isinstance(bound, bool) or not isinstance(bound, int | float | np.number)):
            raise DecisionError(
                "A bound makes no sense.", expected="a number, or a pair (lower, upper)", got=repr(given), where=where
            )
        ends.append(none if bound is None else float(bound))
    if np.isnan(ends).any() or ends[0] > ends[1] or ends[0] == INF or ends[1] == -INF:
        raise DecisionError("The bounds make no sense.", expected="lower <= upper", got=repr(given), where=where)
    return ends[0], ends[1]


def _cells(groups: Sequence[GroupRule], n: int) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Cell of each customer, and which groups each cell belongs to: shape (n_cells, n_groups)."""
    if not groups:
        return np.empty(0, dtype=np.int32), np.ones((1, 0), dtype=bool)
    cells = np.zeros(n, dtype=np.int64)
    patterns = np.zeros((1, 0), dtype=bool)
    for rule in groups:
        if len(rule.member) != n:
            raise DecisionError(
                "A group does not fit the customers.",
                expected=f"{n} rows",
                got=f"{len(rule.member)} rows",
                where=f'rule "{rule.name}"',
            )
        found, codes = np.unique(cells * 2 + rule.member, return_inverse=True)
        patterns = np.column_stack([patterns[found // 2], found % 2 == 1])
        cells = codes.reshape(n)
    return cells.astype(np.int32), patterns


def _up(bound: float) -> float:
    """The least whole number of customers that is not below a bound; 0.3 x 10 may miss 3 by a rounding."""
    return float(np.ceil(bound - 1e-9 * max(1.0, abs(bound)))) if np.isfinite(bound) else bound


def _down(bound: float) -> float:
    return float(np.floor(bound + 1e-9 * max(1.0, abs(bound)))) if np.isfinite(bound) else bound


def _group(
    rule: GroupRule,
    inside: NDArray[np.bool_],
    names: Sequence[str],
    place: Mapping[str, tuple[int, Floats]],
    one: int,
    units: Mapping[str, str],
) -> list[Limit]:
    """The linear constraints of a rule: one, or one a side where the bound is in the coefficients."""
    where = f'rule "{rule.name}"'
    given = [rule.options] if isinstance(rule.options, str | int | np.integer) else list(rule.options)
    if not given:
        raise DecisionError("A group rule counts no option.", where=where)
    counted = np.zeros(len(names))
    counted[[index_of(o, names, where) for o in given]] = 1.0
    source = one
    if rule.of is not None:
        if rule.of not in place:
            raise DecisionError("No such resource.", got=rule.of, where=where, fix=did_you_mean(rule.of, place))
        source, row = place[rule.of]
        counted = counted * row
    member = np.asarray(rule.member)
    size, rest = int(member.sum()), int((~member).sum())
    if not size or (rule.measure == "ratio" and not rest):
        raise DecisionError(
            "A group is empty.", got=f"{size} customers inside, {rest} outside", where=where, fix="Leave the rule out."
        )
    unit = units.get(rule.of, "") if rule.of else ""
    low = -INF if rule.at_least is None else float(rule.at_least)
    high = INF if rule.at_most is None else float(rule.at_most)
    own = inside[:, None] * counted
    if rule.measure in ("volume", "share"):
        scale = size if rule.measure == "share" else 1
        ends = (low * scale, high * scale)
        if rule.of is None:
            ends = (_up(ends[0]), _down(ends[1]))
        return [Limit(rule.name, "group", source, own, *ends, unit, rule, "", (size, rest), counted)]
    made = []
    for side, bound in (("lower", rule.at_least), ("upper", rule.at_most)):
        if bound is None:
            continue
        if rule.measure == "part":
            table = own - float(bound) * counted
        else:
            # multiplied by both sizes, whole numbers stay whole and an exact tie is kept
            table = rest * own - float(bound) * size * (~inside[:, None] * counted)
        ends = (0.0, INF) if side == "lower" else (-INF, 0.0)
        made.append(Limit(rule.name, "group", source, table, *ends, unit, rule, side, (size, rest), counted))
    return made
