"""Columns in which one quantity is written in several ways: shares with and without a %, years and months."""

from __future__ import annotations

import polars as pl

from tael.tables.durations import in_months, ways_of, written_so
from tael.tables.guess_nothing import nothings_of
from tael.tables.guessed import Guessed
from tael.tables.numbers import PLAIN, NumberForm
from tael.tables.odd import Kind, Odd
from tael.tables.places import Lines

NEARLY = 0.99
MOSTLY = 0.75
LEAST = 0.9
ROWS = 5
WORDS = 20
WIDTH = 30
_MANY = 2000
_SIGNED = 0.05


def few(rows: int, of: int) -> bool:
    """Whether odd cells are few enough to be read as missing: 1 in 100, or 5 that are no more than a tenth."""
    return rows <= (1 - NEARLY) * of or (rows <= ROWS and rows <= (1 - LEAST) * of)


def counts(there: pl.Series, mask: pl.Series) -> tuple[tuple[str, int], ...]:
    """The words that a mask marks, and how often each stands there, the most frequent first."""
    return tuple((str(word), int(count)) for word, count in there.filter(mask).value_counts(sort=True).rows())


def blank(table: Guessed, column: str, words: list[str]) -> Lines:
    """Read words of a column as missing, and say where they stood."""
    text = pl.col(column)
    lines = table.lines(table.frame[column].is_in(words))
    table.frame = table.frame.with_columns(pl.when(~text.is_in(words)).then(text).alias(column))
    return lines


def in_short(words: tuple[tuple[str, int], ...]) -> str:
    """The first words and how often they stand there, for a reason."""
    text = ", ".join(f"{word[:WIDTH]!r} ({count:,})" for word, count in words[:3])
    return text + (", ..." if len(words) > 3 else "")


def several_ways(table: Guessed, column: str, header: str, there: pl.Series) -> list[Odd]:
    """Bring a column to one way of writing, and say how it is read; nothing where it has one.

    Parameters
    ----------
    table : Guessed
    column, header : str
    there : Series of String
        Its values that are not missing.

    Returns
    -------
    list of Odd
    """
    if not (written_so(there) or there.str.contains("[%％]").any()):
        return []
    nothing = nothings_of(there)
    rest = there.filter(~there.is_in(nothing)) if nothing else there
    found = _durations(table, column, header, rest) or _shares(table, column, header, rest)
    if found and found[0].read and nothing:
        words = counts(there, there.is_in(nothing))
        table.say(column, f"read as missing: {in_short(words)}", missing=nothing)
        found.append(Odd(column, header, "missing", words, blank(table, column, nothing)))
    return found


def _durations(table: Guessed, column: str, header: str, there: pl.Series) -> list[Odd]:
    if not written_so(there) or there.n_unique() > _MANY:
        return []
    ways = {word: ways_of(word) for word in there.unique(maintain_order=True).to_list()}
    all_ways = frozenset().union(*ways.values())
    # 3年 and 10年以上 are numbers of years; < 1 year and 10+ years are more than that.
    latin = any("about" in way and word.isascii() for word, way in ways.items())
    if not ({"year", "month"} <= all_ways or {"below", "half"} & all_ways or latin):
        return []
    bad = in_months(there).is_null()
    if float(bad.mean() or 0) > 1 - MOSTLY:  # type: ignore[arg-type]
        return []
    rest = _rest(table, column, header, there, bad, "durations")
    if rest and not rest[0].read:
        return rest
    table.say(column, "durations written in several ways", type="number", duration="months", unit="months")
    found: list[Odd] = []
    for way in ("below", "about", None):
        words = [word for word, its in ways.items() if its and (way in its if way else not {"below", "about"} & its)]
        if words:
            example = max(words, key=lambda word: len(ways[word]))
            mask = table.frame[column].is_in(words)
            lines = table.lines(mask) if way else Lines()
            found.append(_read_as(column, header, "months", example, in_months(pl.Series([example]))[0], mask, lines))
    return [*found, *rest]


def _shares(table: Guessed, column: str, header: str, there: pl.Series) -> list[Odd]:
    signed = there.str.normalize("NFKC").str.contains(r"%\s*$")
    if not signed.any():
        return []
    plain = PLAIN.read(there)
    bare = (plain.is_not_null() & (plain != 0)).fill_null(False)
    beyond = (plain.abs() > 1).fill_null(False)
    if not bare.any() or (beyond.any() and int(signed.sum()) < max(2, _SIGNED * len(there))):
        return []
    form = NumberForm(percent=True, bare="share")
    bad = form.read(there).is_null() & ~beyond
    if float(bad.mean() or 0) > 1 - MOSTLY:  # type: ignore[arg-type]
        return []
    rest = _rest(table, column, header, there, bad, "numbers")
    if rest and not rest[0].read:
        return rest
    table.say(column, "shares, some with a per cent sign and some without", type="number", **form.fields())
    found: list[Odd] = []
    kinds: tuple[tuple[Kind, pl.Series], ...] = (("share", bare & ~beyond), ("bare", beyond))
    for kind, mask in kinds:
        if mask.any():
            words = there.filter(mask).unique(maintain_order=True)
            rows = table.frame[column].is_in(words.implode()).fill_null(False)
            found.append(
                _read_as(column, header, kind, str(words[0]), float(plain.filter(mask)[0]), rows, table.lines(rows))
            )
    if beyond.any():
        table.say(
            column, f"{int(beyond.sum()):,} beyond 1 without a sign are missing: if they are per cents, bare = 'size'"
        )
    return [*found, *rest]


def _rest(table: Guessed, column: str, header: str, there: pl.Series, bad: pl.Series, kind: Kind) -> list[Odd]:
    """What cannot be read: missing where it is little; else the reason why the column stays text."""
    if not bad.any():
        return []
    words = counts(there, bad)
    texts = [word for word, _ in words]
    if len(words) > WORDS or not few(int(bad.sum()), len(there)):
        return [Odd(column, header, kind, words, table.lines(table.frame[column].is_in(texts)))]
    lines = blank(table, column, texts)
    table.say(column, f"read as missing: {in_short(words)}", missing=texts)
    return [Odd(column, header, "missing", words, lines)]


def _read_as(column: str, header: str, kind: Kind, word: str, value: float, rows: pl.Series, lines: Lines) -> Odd:
    return Odd(column, header, kind, ((word, int(rows.sum())), (f"{value:.10g}", 1), (word, 1)), lines)
