"""Columns that are named like those that give the outcome away: a question, never a proof."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from tael.validation.leaks import Finding
from tael.validation.words import Words

MOSTLY, LEAST_STEM, LEAST_WORD = 0.75, 2, 3
"""Share of the columns of a stem that are leaks; how many there must be of a stem of one word, and of a word."""


def kin_of_leaks(columns: Sequence[str], leaks: Collection[str]) -> list[Finding]:
    """Which columns bear the name of a family whose other members give the outcome away?

    Files name what is written together alike (``hardship_amount``, ``hardship_dpd``). Where at least three quarters of
    the other columns that begin alike are leaks, the last one is asked about; so is a column whose first word stands in
    three leaks and hardly anywhere else. Names prove nothing, so the level is always ``"ask"``.

    Parameters
    ----------
    columns : sequence of str
        All columns.
    leaks : collection of str
        Those that are named already; need not be among `columns`.

    Returns
    -------
    list of Finding
        ``TAEL-L11``; the strength is the share of leaks in the family.

    Examples
    --------
    >>> [f.column for f in kin_of_leaks(["aid_flag", "aid_sum", "aid_on", "age", "sum"], ["aid_sum", "aid_on"])]
    ['aid_flag']
    """
    words = {name: _words(name) for name in dict.fromkeys([*columns, *leaks])}
    found: dict[str, tuple[str, float, list[str]]] = {}
    while True:
        named = {*leaks, *found}
        fresh = {name: family for name in columns if name not in named and (family := _family(name, words, named))}
        if not fresh:
            break
        found |= fresh
    return [_finding(name, *family) for name, family in found.items()]


def _family(name: str, words: dict[str, list[str]], named: set[str]) -> tuple[str, float, list[str]] | None:
    """The stem or word that a column shares with leaks, their share, and which they are."""
    mine = words[name]
    for length in range(len(mine), 0, -1):
        alike = [other for other, its in words.items() if other != name and its[:length] == mine[:length]]
        leaks = [other for other in alike if other in named]
        # a longer stem says more: one leak of two words in common is a family
        if len(leaks) >= (1 if length > 1 else LEAST_STEM) and len(leaks) >= MOSTLY * len(alike):
            return "_".join(mine[:length]), len(leaks) / len(alike), leaks
    alike = [other for other, its in words.items() if other != name and mine[0] in its]
    leaks = [other for other in alike if other in named]
    if len(leaks) >= LEAST_WORD and len(leaks) >= MOSTLY * len(alike):
        return mine[0], len(leaks) / len(alike), leaks
    return None


def _finding(name: str, stem: str, share: float, leaks: list[str]) -> Finding:
    told = ", ".join(leaks[:3])
    return Finding(
        "TAEL-L11",
        name,
        share,
        Words(
            f'{name} is named like {told} ("{stem}"), which give the outcome away or were filled in later. Was it '
            "known at the cutoff? If not, declare its known_at, or give it the role ignore.",
            f"{name} 与 {told} 同名系（“{stem}”），而后者泄漏了结果或系事后填写。截止时它已知吗？若否，"
            "请声明 known_at，或将其角色设为 ignore。",
        ),
        "ask",
    )


def _words(name: str) -> list[str]:
    """The words of a column's name, in lower case."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return [word for word in re.split(r"[\W_]+", parted.lower()) if word] or [name.lower()]
