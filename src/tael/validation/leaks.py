"""The leak scan: columns, keys and people that give the outcome away before any model is fitted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tael.validation import arrays
from tael.validation.arrays import Floats
from tael.validation.levels import single_levels
from tael.validation.metrics import one_class
from tael.validation.words import Lang, Words

MAX_ROWS = 50_000
Z = 4.0
"""Strengths that chance could show in a sample of this size are no findings; 4 standard errors allow for "
"thousands of columns."""
FOLDS, PRIOR, BINS = 5, 10.0, 20
Level = Literal["leak", "ask"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that gives the outcome away.

    Parameters
    ----------
    code : str
        ``TAEL-L01`` foretells the label too well, ``L02`` missingness alone foretells, ``L03`` filled only for one
        class, ``L04`` the key carries the label, ``L05`` the same people on both sides, ``L06`` one value alone gives
        the label away, ``L07`` two columns together, ``L08`` part of a sum that is such a column, ``L09`` dates after
        the cutoff, ``L10`` written together with a column of later, ``L11`` named like such columns.
    column : str
        Column, or what was looked at.
    strength : float
        AUC of the column alone (0.5 to 1); share of rows for L05 and L09, agreement for L10.
    words : Words
        What was seen and what to do.
    level : {"leak", "ask"}
        Whether it stops a run, or is only asked about.
    """

    code: str
    column: str
    strength: float
    words: Words
    level: Level = "leak"

    def text(self, lang: Lang = "en") -> str:
        """What was seen, and what to do."""
        return self.words.text(lang)

    def to_dict(self) -> dict[str, object]:
        """A plain dict for `run.json`."""
        plain: dict[str, object] = {"code": self.code, "column": self.column, "strength": self.strength}
        return plain | {"level": self.level, "text": self.words.to_dict()}


def scan_columns(
    X: Any,
    y: ArrayLike,
    *,
    threshold_auc: float = 0.95,
    threshold_missing: float = 0.80,
    names: Mapping[str, str] | None = None,
    max_rows: int = MAX_ROWS,
    seed: int = 0,
) -> list[Finding]:
    """Look at each column alone: does it know the outcome?

    Parameters
    ----------
    X : pandas, polars or pyarrow frame, or 2-D array
        Columns as they would be used at the cutoff.
    y : array-like of shape (n,)
        Labels, 0 or 1.
    threshold_auc : float
        A column whose AUC alone reaches this is reported. Numbers are ranked with missing as a level of its own, and
        binned so that no shape escapes; categories and bins get the target mean of the other folds.
    threshold_missing : float
        The same for the flag "is missing".
    names : mapping, optional
        What to call a column in the report.
    max_rows : int
        Rows sampled (with all events as far as they are at most half).
    seed : int
        Seed of the sample and folds.

    Returns
    -------
    list of Finding
        Strongest first; empty where one class is absent.

    Raises
    ------
    ValidationError
        If X is no table, or its length is not that of y.

    Examples
    --------
    >>> y = np.arange(200) % 2
    >>> [f.code for f in scan_columns({"paid": y * 10.0, "age": np.arange(200) // 2}, y)]
    ['TAEL-L01']
    """
    table = arrays.frame(X, "leak scan")
    labels = arrays.labels(y)
    arrays.same_length(len(labels), len(table), "rows of the table")
    if one_class(labels) is not None:
        return []
    rng = np.random.default_rng(seed)
    rows = _sample(labels, max_rows, rng)
    weight = np.ones(len(rows))
    if len(rows) < len(labels):
        for value in (0.0, 1.0):
            weight[labels[rows] == value] = (labels == value).sum() / (labels[rows] == value).sum()
        table, labels = table[rows.tolist()], labels[rows]
    fold = rng.permutation(len(labels)) % FOLDS
    found: list[Finding] = []
    for name in table.columns:
        kind, values = arrays.column(table[name])
        called = (names or {}).get(name, name)
        of_column = _scan(called, kind, values, labels, fold, threshold_auc, threshold_missing)
        # Where the whole column is reported, its values need not be.
        if not of_column and (level := single_levels(called, kind, values, labels, weight)) is not None:
            of_column = [Finding("TAEL-L06", called, *level)]
        found += of_column
    return sorted(found, key=lambda f: (-f.strength, f.column, f.code))


def _scan(
    name: str, kind: str, values: NDArray[Any], y: Floats, fold: NDArray[np.int64], enough: float, enough_missing: float
) -> list[Finding]:
    codes, _ = arrays.codes(values)
    if codes.max(initial=-1) < 0:
        return []
    missing = codes < 0
    found = []
    auc = _best(values.astype(np.float64), y, fold) if kind == "number" else _out_of_fold(codes, y, fold)
    if auc >= enough and _beyond_chance(auc, y):
        found.append(
            Finding(
                "TAEL-L01",
                name,
                auc,
                Words(
                    f"{name} alone foretells the label with AUC {auc:.3f}. Was it known at the cutoff? Declare "
                    "its known_at, or give it the role ignore.",
                    f"仅凭 {name} 就能以 AUC {auc:.3f} 预知标签。截止时它已知吗？请声明 known_at，"
                    "或将其角色设为 ignore。",
                ),
            )
        )
    if not missing.any():
        return found
    flag = _two_sided(missing.astype(np.float64), y)
    if flag >= enough_missing and _beyond_chance(flag, y):
        found.append(
            Finding(
                "TAEL-L02",
                name,
                flag,
                Words(
                    f"Whether {name} is missing foretells the label with AUC {flag:.3f}. It is probably filled "
                    "in after the "
                    "outcome: declare its known_at, or ignore it.",
                    f"{name} 是否缺失就能以 AUC {flag:.3f} 预知标签。它可能在结果发生后才填写：请声明 known_at "
                    "或忽略该列。",
                ),
            )
        )
    filled = ~missing
    for value, en, zh in ((1.0, "events", "坏样本"), (0.0, "non-events", "好样本")):
        only = filled & (y == value)
        # the chance that all filled rows fall into one class though filling has nothing to do with it
        chance = float(np.mean(y == value)) ** int(filled.sum())
        if only.sum() == filled.sum() and chance < 1e-6:
            share = float(only.sum() / (y == value).sum())
            found.append(
                Finding(
                    "TAEL-L03",
                    name,
                    0.5 + share / 2,
                    Words(
                        f"{name} is filled only for {en} ({share:.1%} of them) and never for the others: it "
                        "records the outcome. Declare its known_at, or ignore it.",
                        f"{name} 只在{zh}中有值（占 {share:.1%}），其余全部缺失：它记录的是结果。请声明 "
                        "known_at 或忽略该列。",
                    ),
                )
            )
    return found


def shared_entities(groups_train: Any, groups_test: Any, *, name: str = "person") -> list[Finding]:
    """Are the same people in training and test?

    Parameters
    ----------
    groups_train, groups_test : array-like
        Person of each row; missing ones are not compared.
    name : str
        What a group is called.

    Returns
    -------
    list of Finding
        One finding with the share of test rows, or nothing.

    Examples
    --------
    >>> shared_entities([1, 2], [2, 3, 4, 5])[0].strength
    0.25
    """
    sides = []
    for groups in (groups_train, groups_test):
        code, levels = arrays.codes(groups)
        sides.append(np.array([*levels, ""], dtype=object)[code])
    both = {g for g in sides[0] if g != ""} & {g for g in sides[1] if g != ""}
    if not both:
        return []
    share = float(np.mean([g in both for g in sides[1]]))
    return [
        Finding(
            "TAEL-L05",
            name,
            share,
            Words(
                f"{len(both)} of {name} are in training and in test ({share:.1%} of the test rows). Split by {name}.",
                f"有 {len(both)} 个 {name} 同时出现在训练和测试中（占测试行的 {share:.1%}）。请按 {name} 切分。",
            ),
        )
    ]


def _sample(y: Floats, most: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """At most `most` rows; the rarer class is kept up to half of them (ranks do not depend on the mix)."""
    if len(y) <= most:
        return np.arange(len(y))
    rare = 1.0 if y.mean() <= 0.5 else 0.0
    few, many = np.flatnonzero(y == rare), np.flatnonzero(y != rare)
    few = rng.choice(few, min(len(few), most // 2), replace=False)
    return np.sort(np.concatenate([few, rng.choice(many, most - len(few), replace=False)]))


def _auc(values: Floats, y: Floats) -> float:
    from scipy.stats import rankdata

    events = y.sum()
    others = len(y) - events
    if not events or not others:
        return 0.5
    ranks = rankdata(values)[y == 1].sum()
    return float((ranks - events * (events + 1) / 2) / (events * others))


def _two_sided(values: Floats, y: Floats) -> float:
    auc = _auc(values, y)
    return max(auc, 1.0 - auc)


def _beyond_chance(auc: float, y: Floats) -> bool:
    events = y.sum()
    error = np.sqrt((len(y) + 1) / (12 * events * (len(y) - events)))
    return bool(abs(auc - 0.5) > Z * error)


def _best(values: Floats, y: Floats, fold: NDArray[np.int64]) -> float:
    """AUC of a number alone: ranked, with missing below or above all; or binned, where the relation turns."""
    values = np.where(np.isinf(values), np.sign(values) * np.finfo(np.float64).max, values)
    gone = np.isnan(values)
    known = values[~gone]
    best = 0.5
    for fill in (-np.inf, np.inf) if gone.any() else (0.0,):
        best = max(best, _two_sided(np.where(gone, fill, values), y))
    edges = np.unique(np.quantile(known, np.arange(1, BINS) / BINS, method="inverted_cdf"))
    bins = np.where(gone, -1, np.searchsorted(edges, values, side="left"))
    return max(best, _out_of_fold(bins, y, fold))


def _means(codes: NDArray[np.int64], y: Floats, fold: NDArray[np.int64]) -> Floats:
    """Target mean of each row's code over the other folds, drawn towards the overall mean of those folds."""
    codes = codes - codes.min()
    k = int(codes.max()) + 1
    cell = codes * FOLDS + fold
    n, s = np.bincount(cell, minlength=k * FOLDS), np.bincount(cell, y, minlength=k * FOLDS)
    n_other = np.bincount(codes, minlength=k)[codes] - n[cell]
    s_other = np.bincount(codes, y, minlength=k)[codes] - s[cell]
    # one prior for all folds: a prior of each fold's own would rank folds by their share of events, which is the label
    base = y.mean()
    return np.asarray((s_other + PRIOR * base) / (n_other + PRIOR))


def _out_of_fold(codes: NDArray[np.int64], y: Floats, fold: NDArray[np.int64]) -> float:
    return _auc(_means(codes, y, fold), y)


def _within(values: Floats, y: Floats, block: NDArray[np.int64], *, one_sided: bool = False) -> float:
    """AUC within blocks, averaged by their pairs of event and non-event."""
    total, pairs = 0.0, 0.0
    for b in np.unique(block):
        inside = block == b
        events = y[inside].sum()
        size = float(events * (inside.sum() - events))
        total += size * _auc(values[inside], y[inside])
        pairs += size
    auc = total / pairs if pairs else 0.5
    return auc if one_sided else max(auc, 1 - auc)
