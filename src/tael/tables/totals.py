"""Rows of totals that a spreadsheet wrote among the rows of a table: 合计, 小计, Total, Grand total."""

from __future__ import annotations

import re
from unicodedata import normalize

import polars as pl

from tael.tables.numbers import PLAIN, form_of

WORDS = frozenset(
    ("合计", "总计", "小计", "共计", "总合计", "本页合计", "本页小计", "累计", "总和", "汇总", "total", "totals")
) | {"subtotal", "sub total", "sub-total", "grand total", "sum", "sum total", "overall total"}
"""What such a row is called, in lower case."""
_FIRST = 3
_MANY = 0.4
_SAMPLE = 200
_USUAL = 0.9
_EMPTY = 1 / 3
_NEAR = 0.005


def plain_word(text: str) -> str:
    """The word of a total without blanks, colons and brackets about it.

    >>> plain_word(" 合 计："), plain_word("Grand  Total:"), plain_word("合计（2,000户）")
    ('合计', 'grand total', '合计')
    """
    word = re.sub(r"\(.*\)$", "", normalize("NFKC", text).strip()).strip(" :*-\t").casefold()
    word = re.sub(r"\s+", " ", word)
    return word if word.isascii() else word.replace(" ", "")


def called(frame: pl.DataFrame, words: frozenset[str] | set[str], key: str | None = None) -> pl.Series:
    """Mark the rows that hold one of the words in their key, in one of the first columns, or in the first of texts.

    Parameters
    ----------
    frame : DataFrame
    words : set of str
        As `plain_word` gives them.
    key : str, optional

    Examples
    --------
    >>> called(pl.DataFrame({"id": ["1", "合计"], "x": [2, 2]}), WORDS).to_list()
    [False, True]
    """
    texts = [name for name in frame.columns if frame[name].dtype == pl.String]
    worded = next((name for name in texts if _worded(frame[name])), None)
    looked = [name for name in texts if name in (*frame.columns[:_FIRST], worded, key)]
    found = pl.repeat(False, frame.height, eager=True)
    for name in looked:
        short = frame[name].filter(frame[name].str.len_chars() <= 24).unique().to_list()
        mine = [text for text in short if text is not None and plain_word(text) in words]
        if mine:
            found |= frame[name].is_in(mine).fill_null(False)
    return found


def _worded(text: pl.Series) -> bool:
    """Whether a text column holds words: read from a file, numbers may stand in one too."""
    head = text.drop_nulls().head(_SAMPLE)
    return len(head) > 0 and bool(head.str.contains(r"^[\s\d.,+%-]+$").mean() < 0.5)  # type: ignore[operator]


def totals_of(frame: pl.DataFrame) -> tuple[pl.Series, list[str]] | None:
    """Find the rows of totals: called so, and empty where others are filled, or holding the sum of others.

    A company that is called Total has a date and a category like all others, and its numbers add nothing up.

    Parameters
    ----------
    frame : DataFrame
        As read; text where it is written by hand.

    Returns
    -------
    (mask, words) or None
        The words as `plain_word` gives them.

    Examples
    --------
    >>> frame = pl.DataFrame({"id": ["1", "2", "合计"], "x": [2, 5, 7], "kind": ["a", "b", None]})
    >>> totals_of(frame)[0].to_list()
    [False, False, True]
    """
    named = called(frame, WORDS)
    if not named.any() or named.all() or int(named.sum()) > max(1.0, _MANY * len(named)):
        return None
    usual = [name for name in frame.columns if frame[name].filter(~named).is_not_null().mean() >= _USUAL]  # type: ignore[operator]
    sums = _sums(frame, named)
    total = [
        row
        for row in named.arg_true().to_list()
        if sum(frame[name][row] is None for name in usual) >= _EMPTY * max(len(usual) - 1, 1) or row in sums
    ]
    if len(total) <= int(named.sum()) / 2:
        return None
    words: dict[str, None] = {}
    for name in frame.columns:
        if frame[name].dtype == pl.String:
            for row in total:
                word = plain_word(frame[name][row] or "")
                if word in WORDS:
                    words[word] = None
    mask = called(frame, set(words))
    return mask, list(words)


def _sums(frame: pl.DataFrame, named: pl.Series) -> set[int]:
    """Rows in which some number is the sum of the rows since the last total, or of all."""
    found: set[int] = set()
    rows = named.arg_true().to_list()
    for series in frame.get_columns():
        if series.dtype == pl.String:
            form, _ = form_of(series)
            series = (form or PLAIN).read(series)
        if not series.dtype.is_numeric() or series.null_count() == len(series):
            continue
        others = series.cast(pl.Float64).set(named, None)
        for row, last in zip(rows, [-1, *rows], strict=False):
            value = series[row]
            spans = [span.drop_nulls() for span in (others[last + 1 : row], others[:row], others)]
            sums = [float(span.sum()) for span in spans if len(span) > 1]
            if value is not None and any(one and abs(value - one) <= _NEAR * abs(one) for one in sums):
                found.add(row)
    return found
