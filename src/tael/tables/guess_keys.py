"""How ``infer`` finds keys and the columns that point to them."""

from __future__ import annotations

import re

import polars as pl

from tael.tables.columns import FEW
from tael.tables.guessed import Guessed
from tael.tables.keys import as_text
from tael.tables.overlap import distinct, lost_zeros, share_in
from tael.tables.times import looks_like_time, spells_day

_ID = re.compile(r"(id|ids|_no|_key|_uuid|guid|编号|编码|单号|客户号|账号|卡号|流水号)$", re.IGNORECASE)
_CHINESE_ID = re.compile(r"(?<=..)(编号|编码|号码|代码|号)$")
# Things that several people may share, and that tie them together when they do.
_LINK = re.compile(
    r"(device|phone|mobile|imei|id_?card|bank_?card|e?mail|wifi|fingerprint|手机|设备|身份证|银行卡)", re.IGNORECASE
)
# The two ends of an edge, each holding the key of one table of nodes.
_END = re.compile(
    r"(source|target|src|dst|from|to|orig(in)?|dest|sender|receiver|payer|payee|counterparty|acct|owner|parent|guarantor)"
    r"(_?(id|account|acct|customer|entity))?",
    re.IGNORECASE,
)
_NODES = 100
_HEAD = 2000
NEARLY = 0.95
OVERLAP = 0.9
SAME_NAME = 0.5


def looks_like_id(name: str) -> bool:
    """Whether a column is called like a key.

    >>> looks_like_id("customerid"), looks_like_id("客户编号"), looks_like_id("amount"), looks_like_id("paid")
    (True, True, False, False)
    """
    return bool(_ID.search(name)) and not re.search(
        r"(paid|void|valid|grid|bid|covid|solid|avoid)$", name, re.IGNORECASE
    )


def stem(name: str) -> str:
    """What a name is about: without ``id``, plural and signs.

    >>> stem("customer_id"), stem("Customers"), stem("branches"), stem("客户编号")
    ('customer', 'customer', 'branch', '客户')
    """
    name = _CHINESE_ID.sub("", name)
    plain = re.sub(r"(_?ids?|_no|_key)$", "", name.lower()) or name.lower()
    plain = re.sub(r"[\W_]+", "", plain)
    return re.sub(r"(?<=ch|sh|ss)es$|(?<=[^s])s$", "", plain)


def numbers_rows(series: pl.Series) -> bool:
    """Whether a column counts 0, 1, 2, ... or 1, 2, 3, ...

    >>> numbers_rows(pl.Series([1, 2, 3])), numbers_rows(pl.Series([1, 3, 2]))
    (True, False)
    """
    if not series.dtype.is_integer() or series.null_count() or series[0] not in (0, 1):
        return False
    return bool((series.cast(pl.Int64) == pl.int_range(series[0], series[0] + len(series), eager=True)).all())


def set_keys(tables: list[Guessed]) -> None:
    """Choose the key of each table: unique, never missing, called like one, not another table's."""
    candidates = {table.name: _candidates(table) for table in tables}
    for table in tables:
        chosen = sorted(
            candidates[table.name],
            key=lambda column: (
                not _about(table.name, column),
                _is_another_tables(table, column, tables, candidates),
                not looks_like_id(column),
                table.frame.columns.index(column),
            ),
        )
        if chosen:
            column = chosen[0]
            why = "called like one" if looks_like_id(column) else "the first column"
            table.set("key", column, f"unique, never missing, {why}")
            continue
        near = _nearly(table)
        if near is None:
            table.reasons["key"] = "no key: no column is unique"
            continue
        column, again = near
        table.set("key", column, f"called like a key, and nearly unique: {again} rows repeat one")
        table.set(
            "duplicates",
            "first",
            f'{again} rows repeat a key and only the first is kept; or "last", or mend the file and delete this line',
        )


def _candidates(table: Guessed) -> list[str]:
    frame = table.frame
    found = []
    for i, column in enumerate(frame.columns):
        series = frame[column]
        if not (series.dtype.is_integer() or series.dtype == pl.String) or series.null_count() or series.is_empty():
            continue
        if "header" in table.columns[column] and numbers_rows(series):
            continue
        if (looks_like_id(column) or i == 0 or _about(table.name, column)) and series.n_unique() == len(series):
            found.append(column)
    return found


def _nearly(table: Guessed) -> tuple[str, int] | None:
    for i, column in enumerate(table.frame.columns):
        series = table.frame[column]
        first = i == 0 and looks_like_id(column)
        if (first or _about(table.name, column)) and not series.null_count() and len(series) > 20:
            again = len(series) - series.n_unique()
            if again <= (1 - NEARLY) * len(series) and not series.dtype.is_float():
                return column, again
    return None


def _about(table: str, column: str) -> bool:
    one, other = stem(column), stem(table)
    return looks_like_id(column) and len(one) > 1 and (one == other or (len(one) > 3 and other.startswith(one)))


def _is_another_tables(table: Guessed, column: str, tables: list[Guessed], candidates: dict[str, list[str]]) -> bool:
    mine = distinct(table.frame[column])
    for other in tables:
        if other is table or column not in other.frame.columns:
            continue
        its = candidates[other.name] or ([near[0]] if (near := _nearly(other)) else [])
        if its == [column] and share_in(mine, distinct(other.frame[column])) >= SAME_NAME:
            return True
    return False


def set_relations(tables: list[Guessed]) -> None:
    """Find the columns that hold another table's key, by name and by value, or share things without a table."""
    keys = {table.name: (str(table.section["key"])) for table in tables if "key" in table.section}
    values = {table.name: distinct(table.frame[keys[table.name]]) for table in tables if table.name in keys}
    for table in tables:
        for column in table.frame.columns:
            series = table.frame[column]
            if not (series.dtype.is_integer() or series.dtype == pl.String):
                continue
            best = _target(table, column, keys, values)
            if best is not None:
                target, share = best
                rest = "" if share >= OVERLAP else "; the rest have no row there, which the check will say"
                table.say(column, f"{_found(series, values[target], share)} the keys of {target}{rest}", to=target)
            else:
                _near_miss(table, column, keys, values, tables)
    _set_shared(tables, keys)


def _found(series: pl.Series, keys: pl.Series, share: float) -> str:
    if share == 1:
        return "all values are among"
    there = as_text(series).drop_nulls()
    rows = int(there.is_in(keys.implode()).sum())
    return f"{share:.1%} of the distinct values ({rows / len(there):.1%} of the rows) are among"


def _near_miss(
    table: Guessed, column: str, keys: dict[str, str], values: dict[str, pl.Series], tables: list[Guessed]
) -> None:
    """A column called like the key of another table whose values are not there: for want of zeros, or otherwise."""
    if not looks_like_id(column) or keys.get(table.name) == column:
        return
    for target, key in keys.items():
        if target == table.name or not (column == key or stem(column) == stem(target)):
            continue
        mine = distinct(table.frame[column])
        if mine.is_empty():
            return
        share = share_in(mine, values[target])
        why = f"called like the key of {target}, but {share:.0%} of its distinct values are there"
        zeros = lost_zeros(mine, values[target])
        if zeros is None:
            table.say(column, f"{why}: no relation; if it is one, mend the values", **_no_target(table, column))
            return
        why += f"; {zeros.share:.0%} would be without leading zeros"
        if zeros.width is None:
            table.say(column, f"{why}: write the same zeros in both files", to=target)
        elif zeros.short == "values":
            table.say(column, f"{why}, which are put back", to=target, pad=zeros.width)
        else:
            table.say(column, f"{why}, which are put back in {target}", to=target)
            other = next(one for one in tables if one.name == target)
            other.say(key, f"{table.name}.{column} has {zeros.width} digits: zeros are put back", pad=zeros.width)
        return


def _no_target(table: Guessed, column: str) -> dict[str, object]:
    # Set at once, so that the column is not taken for a name that only ties rows together.
    return {"type": "text" if distinct(table.frame[column]).len() > FEW else "category"}


def _days(text: pl.Series) -> bool:
    head = text.drop_nulls().head(_HEAD)
    return bool((spells_day(head).mean() or 0) >= OVERLAP) or looks_like_time(text)  # type: ignore[operator]


def _target(
    table: Guessed, column: str, keys: dict[str, str], values: dict[str, pl.Series]
) -> tuple[str, float] | None:
    mine: pl.Series | None = None
    best: tuple[str, float] | None = None
    for target, key in keys.items():
        if target == table.name:
            continue
        same = column == key and looks_like_id(column)
        alike = same or stem(column) == stem(target) or (len(stem(key)) > 2 and stem(column) == stem(key) != "")
        long = values[target].dtype == pl.String and bool((values[target].str.len_chars().min() or 0) >= 16)  # type: ignore[operator]
        end = _END.fullmatch(column) and len(values[target]) >= _NODES
        if not (alike or end or (long and table.frame[column].dtype == pl.String)):
            continue
        mine = distinct(table.frame[column]) if mine is None else mine
        share = share_in(mine, values[target])
        # A table's own key that is also another's: only the smaller one points (one row here for each row there).
        own = keys.get(table.name) == column
        if own and (not same or len(mine) >= len(values[target]) or share < OVERLAP):
            continue
        enough = share >= (SAME_NAME if same else OVERLAP)
        if enough and (best is None or share > best[1]):
            best = target, share
    return best


def _set_shared(tables: list[Guessed], keys: dict[str, str]) -> None:
    """Columns that share values under one name and lead to no table: devices, phones, cards."""
    places: dict[str, list[Guessed]] = {}
    for table in tables:
        for column in table.frame.columns:
            named_so = looks_like_id(column) or _LINK.search(column)
            # 手机入网日期 is called like a phone, and holds days.
            fits = table.frame[column].dtype.is_integer() or (
                table.frame[column].dtype == pl.String and not (named_so and _days(table.frame[column]))
            )
            if named_so and fits and not {"to", "type"} & set(table.columns[column]) and keys.get(table.name) != column:
                places.setdefault(column, []).append(table)
    names = {table.name for table in tables}
    for column, holders in places.items():
        target = stem(column)
        if target.isascii():
            target = re.sub(r"([^aeiou])ys$", r"\1ies", f"{target}s")
        target = f"{target}_shared" if target in names else target
        if len(holders) > 1:
            first, second = (distinct(holder.frame[column]) for holder in holders[:2])
            if max(share_in(first, second), share_in(second, first)) < 0.1:
                continue
            why = f"shared by {' and '.join(holder.name for holder in holders)}; there is no table of it"
        else:
            series = holders[0].frame[column].drop_nulls()
            # Each value a few times: people are tied by it. Values that half the rows share are a category.
            if not 20 < series.n_unique() < len(series) or series.n_unique() < 0.05 * len(series):
                continue
            why = "rows share its values; there is no table of it"
        for holder in holders:
            holder.say(column, why, to=target)
