"""One column: what type it has, and its values brought to that type."""

from __future__ import annotations

import polars as pl

from tael.errors import TablesError
from tael.tables.durations import in_months
from tael.tables.keys import EXACT, as_text
from tael.tables.numbers import PLAIN, NumberForm, form_of
from tael.tables.personal import shown
from tael.tables.places import Place, clipped, examples, toml
from tael.tables.schema import ColumnSchema, Type
from tael.tables.times import TIME, looks_like_time

FEW = 50
SHARE = 0.05
TRUE = frozenset({"true", "t", "yes", "y", "1", "是"})
FALSE = frozenset({"false", "f", "no", "n", "0", "否"})
DTYPES: dict[Type, pl.DataType] = {
    Type.NUMBER: pl.Float64(),
    Type.FLAG: pl.Boolean(),
    Type.CATEGORY: pl.String(),
    Type.TEXT: pl.String(),
    Type.TIME: TIME,
}


def guess(series: pl.Series, promise: ColumnSchema, place: Place) -> Type:
    """Guess the type of a column from its values, where the schema does not say.

    Truth values are flags; numbers are numbers, 0 and 1 too, except integers beyond 2**53, which no decimal number
    holds and which are therefore kept as text; text is a time if all of it is ISO dates, a category if it has at most
    50 distinct values or 5 % as many as rows, else text.

    >>> guess(pl.Series(["a", "b", "a"]), ColumnSchema(), Place("t", "c"))
    <Type.CATEGORY: 'category'>
    >>> guess(pl.Series([2**60, 1]), ColumnSchema(), Place("t", "c"))
    <Type.TEXT: 'text'>
    """
    kind = series.dtype
    if promise.true:
        return Type.FLAG
    if promise.spelled or promise.zero:
        return Type.NUMBER
    if promise.values is not None:
        return Type.CATEGORY
    if promise.format is not None or isinstance(kind, pl.Datetime) or kind == pl.Date:
        return Type.TIME
    if kind == pl.Boolean:
        return Type.FLAG
    if kind.is_integer() and not promise.special and huge(series).any():
        return Type.TEXT
    if kind.is_numeric():
        return Type.NUMBER
    # Without any value: what a column of text without values is too, so that every library's frame gives the same.
    if kind in (pl.Categorical, pl.Enum, pl.Null):
        return Type.CATEGORY
    if kind == pl.Time:
        return Type.TEXT
    if kind != pl.String:
        raise unsupported(series, place)
    if series.null_count() == len(series):
        return Type.CATEGORY
    if looks_like_time(series):
        return Type.TIME
    return Type.CATEGORY if series.n_unique() <= max(FEW, SHARE * len(series)) else Type.TEXT


def huge(series: pl.Series) -> pl.Series:
    """Mark the integers that a 64-bit decimal number cannot hold exactly."""
    if series.dtype not in (pl.Int64, pl.UInt64, pl.Int128):
        return pl.repeat(False, len(series), eager=True)
    mask = series > EXACT
    if not series.dtype.is_unsigned_integer():
        mask |= series < -EXACT
    return mask.fill_null(False)


def unsupported(series: pl.Series, place: Place) -> TablesError:
    """The error for lists, structures, bytes and durations."""
    return TablesError(
        "A column holds something that is no number, flag, category, time or text.",
        got=str(series.dtype),
        where=str(place),
        fix='Convert it before, or set role = "ignore" to leave it out.',
    )


def converted(series: pl.Series, type: Type, promise: ColumnSchema, place: Place) -> pl.Series:
    """Bring a column that is neither a key nor a time to its type; what is right already is not copied.

    Raises
    ------
    TablesError
        Naming rows and values that are not of the type.
    """
    if series.dtype == pl.Null:
        return series.cast(DTYPES[type])
    if series.dtype.is_nested() or series.dtype in (pl.Binary, pl.Object, pl.Duration):
        raise unsupported(series, place)
    match type:
        case Type.NUMBER:
            if promise.duration is not None and series.dtype == pl.String:
                return _to_months(series, place)
            return to_number(series, place, NumberForm.of(promise))
        case Type.FLAG:
            return to_flag(series, promise, place)
        case _:
            return as_text(series)


def to_number(series: pl.Series, place: Place, form: NumberForm = PLAIN) -> pl.Series:
    """Bring a column to Float64: NaN becomes missing, infinities stay (the contract check reports them).

    Brackets are a minus. ``form`` says how text is written; what is a number already stands as it is.

    >>> to_number(pl.Series(["1.5", " 2 ", None]), Place("t", "c")).to_list()
    [1.5, 2.0, None]
    """
    kind = series.dtype
    if kind.is_integer():
        mask = huge(series)
        if mask.any():
            raise TablesError(
                "Integers beyond 2**53 cannot be kept exactly as numbers.",
                expected="numbers up to 9007199254740992, or text",
                got=examples(series, mask, place),
                where=str(place),
                fix='If they are names, set type = "text" or `to`; else divide them by their unit.',
            )
        return series.cast(pl.Float64)
    if kind.is_float() or kind.is_decimal() or kind == pl.Boolean:
        floats = series.cast(pl.Float64)
        return floats.fill_nan(None) if floats.is_nan().any() else floats
    text = as_text(series).str.strip_chars() if kind in (pl.String, pl.Categorical, pl.Enum) else None
    if text is None:
        raise TablesError(
            "A number column holds something else.",
            expected="numbers",
            got=str(kind),
            where=str(place),
            fix='Correct its `type` (dates are type = "time").',
        )
    floats, bad = read_numbers(text, form)
    if bad.any():
        raise _no_numbers(series, text, bad, form, place)
    return floats.fill_nan(None) if floats.is_nan().any() else floats


def read_numbers(text: pl.Series, form: NumberForm) -> tuple[pl.Series, pl.Series]:
    """Text as Float64, and a mask of what is there and no number in that form.

    >>> [one.to_list() for one in read_numbers(pl.Series(["1.5", "x", ""]), PLAIN)]
    [[1.5, None, None], [False, True, False]]
    """
    text = text.str.strip_chars()
    floats = text.cast(pl.Float64, strict=False) if form.plain else form.read(text)
    bad = floats.is_null() & text.is_not_null() & (text != "")
    if form.plain and bad.any():
        # Few values are written by hand, and reading them is slower: brackets, digits of full width.
        floats = pl.select(pl.coalesce(floats, form.read(text.set(~bad, None)))).to_series().rename(text.name)
        bad &= floats.is_null()
    return floats, (bad & ~form.unclear(text)).fill_null(False)


def _to_months(series: pl.Series, place: Place) -> pl.Series:
    months = in_months(series)
    bad = months.is_null() & series.is_not_null() & (series.str.strip_chars() != "")
    if bad.any():
        raise TablesError(
            "Some values in a column of durations are none.",
            expected="years and months, such as 1年3个月, 18 months, < 1 year",
            got=examples(series, bad, place),
            where=str(place),
            fix=f"Write the unit beside the number, or, if they mean missing, in [{place.table}.columns]: "
            f"{place.column} = {{ missing = [...] }}.",
        )
    return months


def _no_numbers(series: pl.Series, text: pl.Series, bad: pl.Series, form: NumberForm, place: Place) -> TablesError:
    """Say which fields would read the column, or which words stand in the way."""
    found, _ = form_of(text)
    if found is not None and found != form and int((found.read(text).is_null() & text.is_not_null()).sum()) < bad.sum():
        fields = ", ".join(f"{name} = {toml(value)}" for name, value in found.fields().items())
        fix = f"Say how they are written, in [{place.table}.columns]: {place.column} = {{ {fields} }}."
    else:
        rest = [shown(str(one), place.column) for one in series.filter(bad).unique(maintain_order=True).head(3)]
        fix = f"Mend them in the file, or, if they mean missing, write in [{place.table}]: missing = {toml(rest)}."
    written = ", ".join(f"{name} = {toml(value)}" for name, value in form.fields().items())
    return TablesError(
        "Some values in a number column are no numbers.",
        expected=f"numbers written with {written}"
        if written
        else "such as 1234.5 (a point, no separators of thousands)",
        got=examples(series, bad, place),
        where=str(place),
        fix=fix,
    )


def to_flag(series: pl.Series, promise: ColumnSchema, place: Place) -> pl.Series:
    """Bring a column to true and false.

    >>> to_flag(pl.Series(["Good", "Bad", None]), ColumnSchema(true=("Bad",)), Place("t", "c")).to_list()
    [False, True, None]
    """
    if series.dtype == pl.Boolean:
        return series
    text = as_text(series)
    if promise.true:
        return text.is_in(list(promise.true))
    words = text.str.strip_chars().str.to_lowercase()
    flags = pl.select(
        pl.when(words.is_in(list(TRUE))).then(True).when(words.is_in(list(FALSE))).then(False)
    ).to_series()
    bad = flags.is_null() & text.is_not_null()
    if bad.any():
        counts = text.drop_nulls().value_counts(sort=True).head(6).rows()
        odd = text.filter(bad).unique(maintain_order=True).head(3).to_list()
        held = ", ".join(f"{clipped(word, 20)} ({count:,})" for word, count in counts)
        known = bool(flags.is_not_null().any())
        true = f"[{place.table}.columns] {place.column} = {{ true = {toml([counts[0][0]])} }} says what counts as true"
        fix = f"Write in [{place.table}]: missing = {toml(odd)}; or {true}, all else being false."
        raise TablesError(
            "Some values in a flag column are neither true nor false.",
            expected="true/false, t/f, yes/no, y/n, 是/否, 1/0, or what `true` names",
            got=f"{examples(series, bad, place)}; the column holds {held}",
            where=str(place),
            fix=fix if known else f"Say it: {true}, all else being false.",
        )
    return flags.rename(series.name)
