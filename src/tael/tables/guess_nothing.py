"""Words for nothing: 无, n/a, -, and the few words that keep a column from being numbers or dates."""

from __future__ import annotations

import re
from unicodedata import normalize

import polars as pl

from tael.tables.guessed import Guessed
from tael.tables.numbers import PLAIN, form_of
from tael.tables.odd import Kind, Odd
from tael.tables.sources.text import numeric
from tael.tables.times import looks_like_time, spells_day

MARKERS = frozenset(
    {"", "na", "n/a", "nan", "null", "none", "nil", "\\n", "#n/a", "?", "-", ".", "--", "–", "—", "——", "/", "\\"}
    | {"#div/0!", "#value!", "#ref!", "#name?", "#num!", "#null!"}
    | {"无", "没有", "空", "未知", "不详", "缺失", "未填", "暂无"}
)
"""Words that people write for nothing, in lower case: missing where all else is numbers or times."""
_ALWAYS = ("NULL", "\\N", "#N/A", "NaN", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!")
# Where the others are a few words, these are an answer: 有 or 无, yes or none.
_ANSWERS = ("无", "没有", "none", "nil")
_FEW_WORDS = 5
_SHORT = 12
_LONGEST = 32
_SAMPLE = 2000
_NEARLY = 0.9
_ODD = 3
_CODES = 20
_ZERO_DATE = re.compile(r"0{4}[-/]?00?[-/]?00?( .*)?|[-/. ]+")
# A word that holds other digits than zeros may be a value that was mistyped: it is not to be blanked.
_RARE = re.compile(r"[1-9]")


def aside(table: Guessed, header: str, words: list[tuple[str, int]]) -> None:
    """Note words of a column that are read as missing for its sake, and where they stand."""
    if not words:
        return
    mask = table.frame[header].is_in([word for word, _ in words])
    # 无 among counts may mean none of them: it is missing until somebody says so. Among days it means no day.
    dated = spells_day(table.frame[header].filter(~mask).drop_nulls().head(_SHORT)).any()
    kind: Kind = "none" if not dated and _plain(words[0][0]) in _ANSWERS else "missing"
    table.odd.append(Odd(header, header, kind, tuple(words), table.lines(mask)))


def markers_of(table: Guessed) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """Words that stand where all else is numbers or times: of the table, and of columns alone.

    A word is a column's own where another column answers with it.
    """
    frame = table.frame
    found: dict[str, str] = {}
    own: dict[str, dict[str, str]] = {}
    answers = _answers(frame)
    for series in frame.select(pl.col(pl.String)).get_columns():
        there = series.drop_nulls()
        inside = nothings_of(there)
        if not inside:
            continue
        rest = there.filter(~there.is_in(inside))
        if len(rest) and (numeric(rest).dtype.is_numeric() or looks_like_time(rest) or _all_read(rest)):
            for word in inside:
                count = int((there == word).sum())
                place = own.setdefault(series.name, {}) if answers.get(word, set()) - {series.name} else found
                place.setdefault(word, f"{_values(count)} of {series.name}, which are else numbers or times")
                if place is found and _plain(word) in _ANSWERS:
                    aside(table, series.name, [(word, count)])
        for word in inside:
            if word in _ALWAYS:
                found.setdefault(word, f"in {series.name}")
    return found | _odd_words(table, {**found, **{word: "" for words in own.values() for word in words}}), own


def nothings_of(there: pl.Series) -> list[str]:
    """The words of a column that people write for nothing, as they stand there."""
    # No marker is long, and what is short is seldom of many kinds: only these are looked at closely.
    words = there.filter(there.str.len_bytes() <= _LONGEST).unique(maintain_order=True)
    plain = words.str.normalize("NFKC").str.strip_chars().str.to_lowercase()
    return words.filter(plain.is_in(list(MARKERS))).to_list()


def _values(count: int) -> str:
    return "1 value" if count == 1 else f"{count:,} values"


def _plain(word: str) -> str:
    return normalize("NFKC", word).strip().lower()


def _answers(frame: pl.DataFrame) -> dict[str, set[str]]:
    """By word for nothing, the columns in which it is one of a few answers (有 or 无)."""
    found: dict[str, set[str]] = {}
    for series in frame.select(pl.col(pl.String)).get_columns():
        there = series.drop_nulls()
        words = there.unique() if there.n_unique() <= 2 * _FEW_WORDS else there.clear()
        nothing = nothings_of(words)
        rest = words.filter(~words.is_in(nothing))
        # Among several words for nothing 无 is one of them, unless all else is a single word.
        few = len(rest) == 1 or (1 < len(rest) <= _FEW_WORDS and len(nothing) == 1)
        few &= not rest.str.contains(r"\d").any()
        if few and bool((rest.str.len_chars() <= _SHORT).all()):
            for word in nothing:
                if word.strip().lower() in _ANSWERS:
                    found.setdefault(word, set()).add(series.name)
    return found


def _all_read(there: pl.Series) -> bool:
    """Whether a column is all amounts of money, percentages or dates, as people write them."""
    fits, _ = _mostly(there)
    return fits is not None and bool(fits.all())


def _odd_words(table: Guessed, known: dict[str, str]) -> dict[str, str]:
    """The few words that keep a column from being dates, or amounts of money, and stand in no other column."""
    found: dict[str, str] = {}
    columns = table.frame.select(pl.col(pl.String)).get_columns()
    for series in columns:
        there = series.drop_nulls()
        there = there.filter(~there.is_in(list(known)))
        fits, kind = _mostly(there)
        if fits is None or fits.all():
            continue
        rest = there.filter(~fits).value_counts(sort=True).rows()
        others = [one for one in columns if one.name != series.name]
        if len(rest) > _ODD or any(_RARE.search(word) for word, _ in rest):
            continue
        if any(bool((other == word).any()) for other in others for word, _ in rest if not _ZERO_DATE.fullmatch(word)):
            continue
        aside(table, series.name, [(word, count) for word, count in rest if word.strip()])
        for word, count in rest:
            found.setdefault(word, f"{_values(count)} of {series.name}; {fits.sum() / len(fits):.1%} are {kind}")
    return found


def _mostly(there: pl.Series) -> tuple[pl.Series | None, str]:
    """Mark the dates or the quantities of a column that holds little else."""
    head = there.head(_SAMPLE)
    if len(there) == 0:
        return None, ""
    if spells_day(head).mean() >= _NEARLY:  # type: ignore[operator]
        fits = spells_day(there)
        return (fits, "dates") if fits.mean() >= _NEARLY else (None, "")  # type: ignore[operator]
    form, _ = form_of(head)
    if (form or PLAIN).read(head).is_not_null().mean() < _NEARLY:  # type: ignore[operator]
        return None, ""
    numbers = (form or PLAIN).read(there)
    # Few distinct numbers beside a word are the codes of categories, 3次 is none; zeros in front are names.
    counted = form is not None and bool(form.multiply or form.beside)
    quantity = (counted or numbers.n_unique() > _CODES) and not there.str.contains(r"^0\d").any()
    fits = numbers.is_not_null()
    return (fits, "numbers") if quantity and fits.mean() >= _NEARLY else (None, "")  # type: ignore[operator]
