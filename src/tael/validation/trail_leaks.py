"""What goes with a column that was filled in later: filled in with it, different with it, a copy of it, told by it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tael.validation import arrays
from tael.validation.arrays import Floats
from tael.validation.leaks import FOLDS, Finding, _best
from tael.validation.pair_leaks import NEARLY, _quick
from tael.validation.words import Words

MAX_ROWS = 5_000
LEAST, MOST_LEVELS = 10, 30
"""Rows on both sides of a yes or no; a later column with more values than that is known by its usual value alone."""
TIE, USUAL, RARELY = 0.90, 0.5, 0.8
"""Precision and recall of a tie; a value so many rows have is usual; a category is mostly one value from here on."""
COPY = 0.9995
TOLD, MOST_TOLD = 0.95, 12
"""AUC from which on a column foretells what happened later too well, as for the label; events looked at."""

Flag = NDArray[np.bool_]


@dataclass(frozen=True)
class _Later:
    """A column that is known to be of later: its name, and its parts as codes."""

    name: str
    codes: NDArray[np.int64]
    sure: bool = True


def trail_of_leaks(
    X: Any,
    leaks: Collection[str],
    *,
    beside: Any = None,
    doubtful: Collection[str] = (),
    block: ArrayLike | None = None,
    names: Mapping[str, str] | None = None,
    seed: int = 0,
) -> list[Finding]:
    """Which columns were written together with those that are known to be of later?

    What was known at the cutoff cannot agree, row by row, with whether something happened afterwards. So a column is
    one of later, too, if it is there (or other than its usual value) exactly where a later column says that something
    happened. A column of many numbers that repeats a leak, or
    foretells nearly without error what happened later, is asked about.

    Parameters
    ----------
    X : pandas, polars or pyarrow frame, or 2-D array
        Columns as they would be used at the cutoff.
    leaks : collection of str
        Columns of X that are reported already.
    beside : frame, optional
        Columns of later that are no features: the outcome itself, what is left out for that reason. They count for what
        agrees with them, not for what foretells them.
    doubtful : collection of str
        Those among `leaks` and the columns beside that are only asked about: what goes with them is, too.
    block : array-like of shape (n,), optional
        Cutoff of each row. A flag that the cutoff tells is no finding: what is filled in changes over the years, and so
        does how much has happened since.
    names : mapping, optional
        What to call a column in the report.
    seed : int
        Seed of the sample of rows.

    Returns
    -------
    list of Finding
        ``TAEL-L10``, for each column once. Level ``"leak"`` where a flag agrees on at least 90 % of its rows both ways,
        ``"ask"`` for copies, for categories of several common values, and for what only foretells.

    Raises
    ------
    ValidationError
        If X is no table, or another table's length is not its own.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> hit = rng.random(900) < 0.05
    >>> table = {"helped_on": np.where(hit, 9.0, np.nan), "help": np.where(hit, 3.0, np.nan), "age": rng.random(900)}
    >>> [(f.code, f.column, f.level) for f in trail_of_leaks(table, ["helped_on"])]
    [('TAEL-L10', 'help', 'leak')]
    """
    table = arrays.frame(X, "leak scan")
    tables = [table]
    if beside is not None:
        tables.append(arrays.frame(beside, "leak scan"))
        arrays.same_length(len(table), len(tables[1]), "rows beside the table")
    when = np.zeros(len(table)) if block is None else arrays.codes(block)[0].astype(np.float64)
    arrays.same_length(len(table), len(when), "cutoffs")
    if len(table) > MAX_ROWS:
        rows = np.sort(np.random.default_rng(seed).choice(len(table), MAX_ROWS, replace=False))
        tables, when = [one[rows.tolist()] for one in tables], when[rows]
    columns = {name: arrays.column(tables[0][name]) for name in table.columns}
    outside = {} if beside is None else {name: arrays.column(tables[1][name]) for name in tables[1].columns}
    fold = np.random.default_rng(seed).permutation(len(when)) % FOLDS
    return _Search(columns, outside, when, fold, dict(names or {}), list(leaks), set(doubtful)).all_found()


class _Search:
    """Rounds of looking: what was found in one is of later, and may tell of more in the next."""

    def __init__(
        self, columns: dict[str, tuple[str, NDArray[Any]]], beside: dict[str, tuple[str, NDArray[Any]]], when: Floats,
        fold: NDArray[np.int64], names: dict[str, str], known: list[str], doubtful: set[str],
    ) -> None:  # fmt: skip
        self.columns, self.beside, self.when, self.fold, self.names = columns, beside, when, fold, names
        self.known, self.doubtful = known, doubtful
        self.found: dict[str, Finding] = {}

    def all_found(self) -> list[Finding]:
        columns = {name: self.columns[name] for name in self.known if name in self.columns} | self.beside
        later = [_Later(self._called(n), _parts(*column), n not in self.doubtful) for n, column in columns.items()]
        outside = [self._called(name) for name in self.beside]
        fresh = later
        while fresh:
            fresh = self._ties(fresh)
            later += fresh
        self._copies()
        # an outcome is foretold by whatever is any good, so that only its exact trail counts
        self._told([one for one in later if one.name not in outside])
        return sorted(self.found.values(), key=lambda f: (f.level == "ask", -f.strength, f.column))

    def _called(self, name: str) -> str:
        return self.names.get(name, name)

    def _open(self) -> list[str]:
        return [name for name in self.columns if name not in self.known and name not in self.found]

    def _ties(self, later: list[_Later]) -> list[_Later]:
        fresh = []
        for name in self._open():
            best: tuple[float, _Later, Words, bool] | None = None
            for said, flag, sure in _flags(*self.columns[name]):
                for one in later:
                    agreed = _agreement(flag, one.codes)
                    better = best is None or (sure and one.sure, agreed) > (best[3], best[0])
                    if agreed >= TIE and better and not self._by_cutoff(flag):
                        best = agreed, one, said, sure and one.sure
            if best is None:
                continue
            agreed, one, said, sure = best
            called = self._called(name)
            en = f"{called} is {said.en} where {one.name} says that something happened later, and nowhere else"
            zh = f"{called} {said.zh}与否取决于 {one.name} 所记录的截止之后的事"
            en, zh = f"{en} ({agreed:.1%} agreement)", f"{zh}（吻合度 {agreed:.1%}）"
            if sure:
                words = Words(
                    f"{en}: it was written then. Declare its known_at, or give it the role ignore.",
                    f"{zh}：它是那时才写入的。请声明 known_at，或将其角色设为 ignore。",
                )
                self.found[name] = Finding("TAEL-L10", called, agreed, words)
            else:
                self.found[name] = self._ask(called, agreed, f"{en}.", f"{zh}。")
            if sure or said.en == "filled in":
                fresh.append(_Later(called, _parts(*self.columns[name]), sure))
        return fresh

    def _by_cutoff(self, flag: Flag) -> bool:
        return len(np.unique(self.when)) > 1 and _best(self.when, flag.astype(np.float64), self.fold) >= TOLD

    def _copies(self) -> None:
        from scipy.stats import rankdata

        def numbers(named: list[str]) -> dict[str, Floats]:
            out = {}
            for name in named:
                kind, values = self.columns[name]
                if kind == "number" and np.isfinite(values).all() and len(np.unique(values)) > MOST_LEVELS:
                    ranks = rankdata(values)
                    out[name] = (ranks - ranks.mean()) / ranks.std()
            return out

        leaks = numbers([n for n in self.columns if n in self.known or n in self.found])
        honest = numbers(self._open())
        if not leaks or not honest:
            return
        L, H = np.column_stack(list(leaks.values())), np.column_stack(list(honest.values()))
        to_leaks, among = np.abs(H.T @ L) / len(L), np.abs(H.T @ H) / len(H)
        np.fill_diagonal(among, 0.0)
        for j, name in enumerate(honest):
            k = int(to_leaks[j].argmax())
            if to_leaks[j, k] >= COPY and to_leaks[j, k] > among[j].max(initial=0.0):
                called, whole = self._called(name), self._called(list(leaks)[k])
                self.found[name] = self._ask(
                    called,
                    float(to_leaks[j, k]),
                    f"{called} says the same as {whole}, which was filled in later (rank correlation "
                    f"{to_leaks[j, k]:.4f}).",
                    f"{called} 与事后填写的 {whole} 几乎相同（秩相关 {to_leaks[j, k]:.4f}）。",
                )

    def _told(self, later: list[_Later]) -> None:
        flags: dict[bytes, tuple[str, Floats]] = {}
        for one in later:
            for level in range(int(one.codes.max(initial=-1)) + 1):
                flag = one.codes == level
                if 2 * LEAST <= flag.sum() <= len(flag) - 2 * LEAST:
                    flag = flag if flag.sum() * 2 <= len(flag) else ~flag
                    flags.setdefault(flag.tobytes(), (one.name, flag.astype(np.float64)))
        looked = sorted(flags.values(), key=lambda said: -said[1].sum())[:MOST_TOLD]
        for name in self._open():
            kind, values = self.columns[name]
            # a kind of product may well say to whom something can happen at all
            if kind != "number" or len(np.unique(values[np.isfinite(values)])) <= MOST_LEVELS:
                continue
            best, told = 0.0, ""
            for said, y in looked:
                if _quick(values, y) < TOLD - NEARLY:
                    continue
                auc = _best(values.astype(np.float64), y, self.fold)
                if auc > max(best, TOLD) and not self._by_cutoff(y > 0):
                    best, told = auc, said
            if best:
                called = self._called(name)
                self.found[name] = self._ask(
                    called,
                    best,
                    f"{called} foretells with AUC {best:.3f} what {told} says of the time after the cutoff.",
                    f"{called} 能以 AUC {best:.3f} 预知 {told} 所记录的截止之后的情况。",
                )

    @staticmethod
    def _ask(name: str, strength: float, en: str, zh: str) -> Finding:
        asked = Words(
            f"{en} Was {name} known at the cutoff? If not, declare its known_at, or give it the role ignore.",
            f"{zh}截止时 {name} 已知吗？若否，请声明 known_at，或将其角色设为 ignore。",
        )
        return Finding("TAEL-L10", name, strength, asked, "ask")


def _parts(kind: str, values: NDArray[Any]) -> NDArray[np.int64]:
    """A later column as codes: its common values, all others, missing; of many values only usual, other and missing."""
    codes, levels = arrays.codes(values)
    n = np.bincount(codes[codes >= 0], minlength=len(levels))
    keep = np.flatnonzero(n >= LEAST) if kind == "category" and len(levels) <= MOST_LEVELS else np.flatnonzero(
        n >= USUAL * max(1, int(n.sum()))
    )  # fmt: skip
    new = np.full(len(levels) + 1, len(keep), dtype=np.int64)
    new[keep] = np.arange(len(keep))
    new[-1] = len(keep) + 1
    return np.asarray(new[codes])


def _flags(kind: str, values: NDArray[Any]) -> list[tuple[Words, Flag, bool]]:
    """What can be yes or no about a column, and whether a tie is proof: filled in; other than usual; one value."""
    codes, levels = arrays.codes(values)
    there = codes >= 0
    out = [(Words("filled in", "有值"), there, True)]
    if levels:
        n = np.bincount(codes[there], minlength=len(levels))
        usual = int(n.argmax())
        share = n[usual] / len(codes)
        if share >= USUAL:
            told = f"{float(levels[usual]):g}" if kind == "number" else levels[usual]
            said = Words(f"other than {told}", f"不等于 {told} ")
            out.append((said, there & (codes != usual), kind == "number" or share >= RARELY))
        if kind == "category" and len(levels) <= MOST_LEVELS:
            rest = [k for k in range(len(levels)) if k != usual]
            out += [(Words(f'"{levels[k]}"', f"为“{levels[k]}”"), codes == k, False) for k in rest]
    return [(said, flag, sure) for said, flag, sure in out if LEAST <= flag.sum() <= len(flag) - LEAST]


def _agreement(flag: Flag, codes: NDArray[np.int64]) -> float:
    """The lesser of precision and recall with which a later column's parts tell the rarer side of a flag."""
    rare = flag if 2 * flag.sum() <= len(flag) else ~flag
    n, yes = np.bincount(codes), np.bincount(codes, rare)
    chosen = yes > 0.5 * n
    caught = float(yes[chosen].sum())
    if not caught or chosen[n > 0].all():
        return 0.0
    return min(caught / float(n[chosen].sum()), caught / float(rare.sum()))
