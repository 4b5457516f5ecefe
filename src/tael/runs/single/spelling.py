"""Spellings of one word: "Yes", "YES" and "yes " are one value, in the label and in categories."""

from __future__ import annotations

import re
import unicodedata

import polars as pl

MANY = 2_000
"""Different texts from which a column is no list of words."""


def folded(text: str) -> str:
    """What spellings of a word have in common: no case, no blanks about it, no wide letters.

    >>> folded(" Self  employed "), folded("ＹＥＳ")
    ('self employed', 'yes')
    """
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text)).strip().casefold()


def spellings(column: pl.Series) -> dict[str, str]:
    """The most frequent spelling of each word, by what its spellings have in common.

    Parameters
    ----------
    column : polars.Series of String

    Returns
    -------
    dict of str to str
        Empty for a column of too many different texts.

    Examples
    --------
    >>> spellings(pl.Series(["Yes", "No", "yes ", "Yes", None]))
    {'yes': 'Yes', 'no': 'No'}
    """
    counts = column.drop_nulls().value_counts(sort=False)
    if counts.height > MANY:
        return {}
    # of equally frequent ones the first by the alphabet, so that the order of the rows says nothing
    ranked = sorted(counts.iter_rows(), key=lambda row: (-row[1], row[0]))
    found: dict[str, str] = {}
    for text, _ in ranked:
        found.setdefault(folded(text), text.strip() or text)
    return found


def respelled(column: pl.Series, words: dict[str, str]) -> pl.Series:
    """A column with each known word as it is spelled there; other texts stay.

    >>> respelled(pl.Series(["YES", "maybe", None]), {"yes": "Yes"}).to_list()
    ['Yes', 'maybe', None]
    """
    different = column.drop_nulls().unique()
    told = {text: words[folded(text)] for text in different if words.get(folded(text), text) != text}
    return column.replace(told) if told else column
