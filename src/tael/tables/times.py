"""Times in all the ways in which tables hold them, brought to naive microseconds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import polars as pl

from tael.errors import TablesError
from tael.tables.months import MONTH, at_their_ends, first_days
from tael.tables.places import Place, examples, toml

TIME = pl.Datetime("us")
_ZONE = r"(?:\s?(?:Z|UTC|[+-]\d{2}(?::?\d{2})?))"
# One digit or two, since spreadsheets drop the leading zero; chrono reads both.
_DATES = (
    (r"\d{4}-\d{1,2}-\d{1,2}", ("%Y-%m-%d",)),
    (r"\d{4}/\d{1,2}/\d{1,2}", ("%Y/%m/%d",)),
    (r"\d{4}\.\d{1,2}\.\d{1,2}", ("%Y.%m.%d",)),
    (r"\d{4}年\d{1,2}月\d{1,2}日", ("%Y年%m月%d日",)),
    (r"\d{8}", ("%Y%m%d",)),
    (r"\d{1,2}\.\d{1,2}\.\d{4}", ("%d.%m.%Y",)),
    (r"\d{1,2}/\d{1,2}/\d{4}", ("%d/%m/%Y", "%m/%d/%Y")),
    (r"\d{1,2}-\d{1,2}-\d{4}", ("%d-%m-%Y", "%m-%d-%Y")),
    (r"\d{1,2}-[A-Za-z]{3}-\d{4}", ("%d-%b-%Y",)),
    (r"\d{1,2} [A-Za-z]{3,9} \d{4}", ("%d %B %Y",)),
    (r"[A-Za-z]{3,9} \d{1,2}, \d{4}", ("%B %d, %Y",)),
)
_CLOCKS = (
    (r"", ""),
    (r"\s+\d{1,2}:\d{2}:\d{2}(?:\.\d+)?", " %H:%M:%S%.f"),
    (r"\s+\d{1,2}:\d{2}", " %H:%M"),
    (r"\s+\d{1,2}:\d{2}:\d{2} ?[AaPp][Mm]", " %I:%M:%S %p"),
    (r"\s+\d{1,2}:\d{2} ?[AaPp][Mm]", " %I:%M %p"),
)
_SHAPES = [
    (re.compile(date + clock), tuple(one + hand for one in formats), bool(hand))
    for date, formats in _DATES
    for clock, hand in _CLOCKS
] + [(re.compile(r"\d{14}"), ("%Y%m%d%H%M%S",), True)]
_DAY = r"\d{4}(?:-\d{1,2}-\d{1,2}|/\d{1,2}/\d{1,2}|年\d{1,2}月\d{1,2}日)"
_ISO = re.compile(MONTH + "|" + _DAY + r"(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?" + _ZONE + r"?)?")
_SHORT = r"^(\d{1,2}\.\d{1,2}\.|\d{1,2}/\d{1,2}/|\d{1,2}-\d{1,2}-)(\d{2})$"
_LONG = r"^(?:\d{1,2}[./-]\d{1,2}[./-]|\d{1,2}[ -][A-Za-z]{3,9}[ -]|[A-Za-z]{3,9} \d{1,2}, )(\d{4})\b"
EPOCHS = {"epoch s": 1_000_000, "epoch ms": 1_000, "epoch us": 1}


@dataclass(frozen=True)
class Times:
    """Times read from one column.

    Attributes
    ----------
    values : Series of Datetime("us")
        Without a zone; in UTC if ``zoned``.
    zoned : bool
        Whether the values carried a zone, or the table declares one.
    """

    values: pl.Series
    zoned: bool


def to_time(
    series: pl.Series,
    place: Place,
    *,
    format: str | None = None,
    time_zone: str | None = None,
    month: Literal["end"] | None = None,
) -> Times:
    """Read a column as times.

    Parameters
    ----------
    series : Series
        Dates, times, text, or whole numbers that spell a date (20240131).
    place : Place
        For the messages.
    format : str, optional
        How text or numbers are written, in the letters of ``strptime``; or ``epoch s``, ``epoch ms``, ``epoch us``.
    time_zone : str, optional
        The zone in which values without one are written.
    month : {"end"}, optional
        Text that names a month alone stands for its last microsecond; left out: for its first day.

    Raises
    ------
    TablesError
        Values that are no times, that may be read in two ways, or of which some have a zone and some have none.

    Examples
    --------
    >>> to_time(pl.Series(["2024-01-31", "2024-02-01 10:30"]), Place("t", "c")).values.to_list()
    [datetime.datetime(2024, 1, 31, 0, 0), datetime.datetime(2024, 2, 1, 10, 30)]
    """
    kind = series.dtype
    if kind == pl.Null:
        return Times(series.cast(TIME), zoned=False)
    if isinstance(kind, pl.Datetime):
        if kind.time_zone is not None:
            return Times(series.dt.convert_time_zone("UTC").dt.replace_time_zone(None).cast(TIME), zoned=True)
        return _localised(series.cast(TIME), time_zone, place)
    if kind == pl.Date:
        return _localised(series.cast(TIME), time_zone, place)
    if kind.is_numeric():
        return _localised(_from_numbers(series, place, format), time_zone if format not in EPOCHS else "UTC", place)
    if kind in (pl.Categorical, pl.Enum):
        series = series.cast(pl.String)
    if series.dtype != pl.String:
        raise TablesError(
            "A time column holds something else.",
            expected="dates, times, or text that spells them",
            got=str(kind),
            where=str(place),
            fix="Take another column for the time, or convert it before.",
        )
    return _from_text(series, place, format, time_zone, month)


def looks_like_time(series: pl.Series, sample: int = 1000) -> bool:
    """Whether all text values are dates or times with the year first (``2024-01-31``, ``2024/1/31 10:30``).

    >>> looks_like_time(pl.Series(["2024-01-31", None])), looks_like_time(pl.Series(["2024-01-31", "soon"]))
    (True, False)
    """
    there = series.drop_nulls()
    if there.is_empty() or not all(_ISO.fullmatch(value.strip()) for value in there.head(sample)):
        return False
    # The regular expression sees a sample; the parser sees everything, and a column that fails is merely no time.
    try:
        to_time(there, Place("", ""))
    except TablesError:
        return False
    return True


def spells_day(series: pl.Series) -> pl.Series:
    """Mark the text that begins with a day of the calendar, the year first; 0000-00-00 is none.

    >>> spells_day(pl.Series(["2024-01-31", "0000-00-00", "soon"])).to_list()
    [True, False, False]
    """
    day = series.str.strip_chars().str.extract(rf"^({_DAY})(?:$|[ T]\d)")
    parts = day.str.extract_groups(r"^(?<y>\d+)\D(?<m>\d+)\D(?<d>\d+)").struct.unnest().cast(pl.Int32)
    real = pl.col("y").is_between(1600, 9999) & pl.col("m").is_between(1, 12) & pl.col("d").is_between(1, 31)
    return parts.select(real.fill_null(False)).to_series()


def _localised(naive: pl.Series, time_zone: str | None, place: Place) -> Times:
    if time_zone is None:
        return Times(naive, zoned=False)
    if time_zone == "UTC":
        return Times(naive, zoned=True)
    try:
        local = naive.dt.replace_time_zone(time_zone, ambiguous="earliest", non_existent="null")
    except pl.exceptions.PolarsError as error:
        raise TablesError(
            "The time zone is not known.",
            expected='an IANA name such as "Asia/Shanghai"',
            got=repr(time_zone),
            where=str(place),
            fix="Correct `time_zone` in the description of the tables.",
        ) from error
    skipped = local.is_null() & naive.is_not_null()
    if skipped.any():
        # The clock was put forward past these moments: read them with the offset that held an hour before.
        before = pl.select(naive - pl.duration(hours=1)).to_series()
        before = before.dt.replace_time_zone(time_zone, ambiguous="earliest", non_existent="null")
        shifted = pl.select(before + pl.duration(hours=1)).to_series()
        local = pl.select(pl.coalesce(local, shifted)).to_series()
    return Times(local.dt.convert_time_zone("UTC").dt.replace_time_zone(None).rename(naive.name), zoned=True)


def _from_numbers(series: pl.Series, place: Place, format: str | None) -> pl.Series:
    there = series.drop_nulls().drop_nans() if series.dtype.is_float() else series.drop_nulls()
    whole = series.cast(pl.Int64, strict=False)
    if format in EPOCHS:
        return (whole * EPOCHS[format]).cast(TIME)
    bad = series.is_not_null() & (whole.is_null() | (whole.cast(pl.Float64) != series.cast(pl.Float64)))
    if series.dtype.is_float():
        bad &= series.is_not_nan()
    digits = 0 if there.is_empty() else len(str(abs(int(there.max()))))  # type: ignore[arg-type]
    if format is None and digits in (8, 14):
        format = "%Y%m%d" if digits == 8 else "%Y%m%d%H%M%S"
    elif format is None and digits:
        bad = series.is_not_null()
    if bad.any() or (format is None and digits):
        raise TablesError(
            "Numbers in a time column do not spell times.",
            expected="whole numbers such as 20240131 or 20240131235959, or a `format`",
            got=examples(series, bad, place),
            where=str(place),
            fix='Say how they are written: format = "%y%m%d", or "epoch s", "epoch ms", "epoch us".',
        )
    if format is None:
        return whole.cast(TIME)
    # Numbers lose leading zeros: 000131 in %y%m%d came as 131.
    width = {"%y%m%d": 6, "%d%m%y": 6, "%m%d%y": 6, "%d%m%Y": 8, "%m%d%Y": 8}.get(format, 0)
    return _strict(whole.cast(pl.String).str.zfill(width) if width else whole.cast(pl.String), place, format)


def _strict(text: pl.Series, place: Place, format: str) -> pl.Series:
    parsed = _parsed(text, format, place)
    bad = parsed.is_null() & text.is_not_null()
    if bad.any():
        raise TablesError(
            "Some values are no times in the format declared.",
            expected=f'format = "{format}"',
            got=examples(text, bad, place),
            where=str(place),
            fix="Mend the values, name them in `missing`, or correct `format`.",
        )
    return parsed


def _parsed(text: pl.Series, format: str, place: Place) -> pl.Series:
    has_clock = re.search(r"%[-_]?[HIMSpsTRXr+c]", format) is not None
    try:
        if not has_clock:
            return text.str.to_date(format, strict=False).cast(TIME)
        parsed = text.str.to_datetime(format, strict=False, time_unit="us", ambiguous="earliest")
    except pl.exceptions.ComputeError as error:
        raise TablesError(
            "The format of a time cannot be understood.",
            got=f'format = "{format}" ({error})',
            where=str(place),
            fix='Write it in the letters of strptime, such as "%Y-%m-%d %H:%M:%S".',
        ) from error
    return parsed


def _from_text(
    series: pl.Series, place: Place, format: str | None, time_zone: str | None, month: Literal["end"] | None
) -> Times:
    text = series.str.strip_chars()
    if text.str.contains("[０-９]").any():
        text = text.str.normalize("NFKC")
    if (text == "").any():
        text = text.set(text == "", None)
    if format in EPOCHS:
        return _localised(_from_numbers(text.cast(pl.Int64, strict=False), place, format), "UTC", place)
    if format is not None:
        parsed = _strict(text, place, format)
        if isinstance(parsed.dtype, pl.Datetime) and parsed.dtype.time_zone is not None:
            return Times(parsed.dt.convert_time_zone("UTC").dt.replace_time_zone(None), zoned=True)
        return _localised(parsed, time_zone, place)
    zoned = text.str.contains(r":\d{2}(?:\.\d+)?" + _ZONE + "$")
    if zoned.any():
        if not zoned.all():
            raise TablesError(
                "Some times have a time zone and some have none.",
                expected="all with a zone, or none",
                got=f"with: {examples(text, zoned.fill_null(False), place, 2)}; "
                f"without: {examples(text, ~zoned.fill_null(True), place, 2)}",
                where=str(place),
                fix="Write all of them in one way where the file is made.",
            )
        return Times(_zoned(text, place), zoned=True)
    parsed = _guessed(text, place)
    if month == "end":
        parsed = at_their_ends(parsed, text)
    return _localised(parsed, time_zone, place)


def _zoned(text: pl.Series, place: Place) -> pl.Series:
    plain = (
        text.str.replace(r"(\d)T(\d)", "${1} ${2}")
        .str.replace(r"\s?(?:Z|UTC)$", "+0000")
        .str.replace(r"\s?([+-]\d{2}):?(\d{2})$", "${1}${2}")
        .str.replace(r"(:\d{2}(?:\.\d+)?)\s?([+-]\d{2})$", "${1}${2}00")
    )
    offset = plain.str.tail(5)
    clock = _guessed(plain.str.head(-5), place)
    minutes = offset.str.slice(1, 2).cast(pl.Int64) * 60 + offset.str.slice(3, 2).cast(pl.Int64)
    signed = minutes * (offset.str.starts_with("-").cast(pl.Int64) * -2 + 1)
    return (clock.cast(pl.Int64) - signed * 60_000_000).cast(TIME)


def no_times(series: pl.Series, most: int = 20) -> list[str] | None:
    """The texts of a column of times that are none; None where there are more different ones than ``most``.

    Raises
    ------
    TablesError
        If it is not clear whether the day or the month comes first.

    >>> no_times(pl.Series(["2024-01-31", "tbd", "2024-13-45", "31.12.2024"]))
    ['tbd', '2024-13-45']
    """
    aside: list[str] = []
    text = series.str.strip_chars()
    try:
        _guessed(text.set(text == "", None), Place("", ""), aside, most)
    except _TooManyError:
        return None
    return series.filter(text.is_in(aside)).unique(maintain_order=True).to_list()


class _TooManyError(Exception):
    """More texts are no times than were to be set aside."""


def _guessed(text: pl.Series, place: Place, aside: list[str] | None = None, most: int = 0) -> pl.Series:
    """Parse by the shape of the first value that is left, until none is left; what is no time goes aside."""
    plain = with_centuries(first_days(text).str.replace(r"(\d)T(\d)", "${1} ${2}"))
    found: pl.Series | None = None
    left = plain
    while left.null_count() < len(left):
        first = left[left.is_not_null().arg_max()]  # type: ignore[index]
        formats = next((formats for shape, formats, _ in _SHAPES if shape.fullmatch(first)), None)
        parsed = None if formats is None else _either(left, formats, place, plain)
        if parsed is None or parsed[left.is_not_null().arg_max()] is None:  # type: ignore[index]
            if aside is not None:
                aside.append(text[left.is_not_null().arg_max()])  # type: ignore[index]
                if len(aside) > most:
                    raise _TooManyError
                left = left.set(left == first, None)
                continue
            bad = plain.is_not_null() & (left.is_not_null() if found is None else found.is_null())
            raise TablesError(
                "Some values in a time column are no times that tael can read.",
                expected="such as 2024-01-31, 2024-01-31 23:59:59, 2024/1/31, 20240131, 2024年1月31日, or a `format`",
                got=examples(text, bad, place),
                where=str(place),
                fix=f"Say how they are written, in [{place.table}.columns]: "
                f'{place.column} = {{ format = "%d-%m-%y" }}; '
                f"or, if they mean missing, write in [{place.table}]: "
                f"missing = {toml(text.filter(bad).unique(maintain_order=True).head(3).to_list())}.",
            )
        found = parsed if found is None else pl.select(pl.coalesce(found, parsed)).to_series()
        left = left.set(found.is_not_null(), None)
    return (text.clear(len(text)).cast(TIME) if found is None else found).rename(text.name)


def with_centuries(text: pl.Series) -> pl.Series:
    """Years of two digits made four where other days of the column have four and the year comes last too.

    The century is Python's (69 to 99 are of the last one), or the one before where only that lies among the others.

    >>> with_centuries(pl.Series(["18/09/23", "31.12.2024", "01.02.1950", "03.04.55", "tbd"])).to_list()
    ['18/09/2023', '31.12.2024', '01.02.1950', '03.04.1955', 'tbd']
    >>> with_centuries(pl.Series(["23/09/18", "2023/09/18"])).to_list()
    ['23/09/18', '2023/09/18']
    """
    short = text.str.extract(_SHORT, 2).cast(pl.Int32)
    if short.null_count() == len(short):
        return text
    years = text.str.extract(_LONG, 1).cast(pl.Int32)
    # Where the year comes first elsewhere, 23/09/18 may begin with its year.
    if years.null_count() == len(years) or text.str.contains(r"^\d{4}\D").any():
        return text
    year = short + pl.select(pl.when(short < 69).then(2000).otherwise(1900)).to_series()
    early = (year > years.max()) & (year - 100 >= years.min())
    year = pl.select(pl.when(early).then(year - 100).otherwise(year)).to_series()
    made = text.str.extract(_SHORT, 1) + year.cast(pl.String)
    return pl.select(pl.coalesce(made, text)).to_series().rename(text.name)


def _either(text: pl.Series, formats: tuple[str, ...], place: Place, column: pl.Series) -> pl.Series | None:
    """Parse by the one format that reads most; the day may come before the month, or after."""
    if len(formats) == 1:
        return _parsed(text, formats[0], place)
    day_first, month_first = (_parsed(text, format, place) for format in formats)
    lost_day, lost_month = day_first.null_count(), month_first.null_count()
    if lost_day == lost_month and not day_first.equals(month_first, null_equal=True):
        # 31.12.2024 elsewhere in the column says how its writer thinks.
        if column.str.contains(r"^\d{1,2}\.\d{1,2}\.\d{4}").any():
            return day_first
        differ = (day_first != month_first).fill_null(True) & text.is_not_null()
        raise TablesError(
            "It is not clear whether the day or the month comes first.",
            got=examples(text, differ, place),
            where=str(place),
            fix=f'Say it: format = "{formats[0]}" or format = "{formats[1]}".',
        )
    return day_first if lost_day <= lost_month else month_first
