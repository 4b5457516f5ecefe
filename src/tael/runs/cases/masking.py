"""What identifies a person is masked: account numbers keep four digits, the rest becomes a name within the case."""

from __future__ import annotations

import re
from typing import Any

from tael.reports.cases import Text
from tael.tables.schema import Schema, Type

_PERSONAL = re.compile(
    r"(?:^|_)(?:full_?name|first_?name|last_?name|surname|name|phones?|mobile|tel|telephone|e_?mail|address(?:es)?|addr|street|"
    r"ips?|ip_address|devices?|imei|mac|id_?card|id_?no|id_?number|identity|passport|ssn|birth\w*|dob|plate|licen[cs]e|"
    r"wechat|qq|contact)(?:_|$)|姓名|名字|电话|手机|住址|地址|证件|身份证|护照|邮箱|生日|出生|车牌|微信|联系",
    re.IGNORECASE,
)
HIDDEN = {"en": "hidden", "zh": "已隐藏"}
_PLAIN = re.compile(r"country|city|province|region|^(?:number|count|share|kind|type|time|date) of", re.IGNORECASE)
_MARK = "****"


class Masking:
    """Masks the values of one case, the same value always in the same way.

    Parameters
    ----------
    schema : Schema
    entity : str
        The table of the cases: dated rows that point to it are events, whose own ids name nobody.
    off : bool
        Show everything as it is.

    Examples
    --------
    >>> schema = Schema.from_dict({"accounts": {"key": "id", "columns": {"phone": {"type": "category"}}}})
    >>> mask = Masking(schema, "accounts")
    >>> mask.value("accounts", "id", 6222021234), mask.value("accounts", "phone", "13800001111")
    ('****1234', {'en': 'phone no. 1', 'zh': 'phone 1 号'})
    """

    def __init__(self, schema: Schema, entity: str, *, off: bool = False) -> None:
        self.schema, self.off = schema, off
        self.events = {
            name
            for name, table in schema.tables.items()
            if name != entity and table.time is not None and any(c.to == entity for c in table.columns.values())
        }
        self._names: dict[tuple[str, str], Text] = {}
        self._taken: dict[str, int] = {}

    def personal(self, table: str, column: str) -> bool:
        """Whether a column is personal by its name or title: names, phones, addresses, documents, devices."""
        title = self.schema.title_of(table, column, "en")
        if _PLAIN.search(title) or _PLAIN.search(column):
            return False
        told = (column, title.replace(" ", "_"), self.schema.title_of(table, column, "zh"))
        return any(_PERSONAL.search(text) for text in told)

    def linked(self, table: str, column: str) -> bool:
        """Whether a column names a row: a key, or what points to one."""
        promise = self.schema.tables[table]
        return column == promise.key or promise.column(column).to is not None

    def value(self, table: str, column: str, value: Any) -> Text:
        """A value as it may be shown."""
        text = str(value)
        if self.off:
            return text
        promise = self.schema.tables[table]
        target = promise.column(column).to or (table if column == promise.key else None)
        if target in self.events:
            return text
        named = target in self.schema.tables if target else False
        if named and not self._thing(str(target)):
            return self.short(str(target), text)
        if target is not None or self.personal(table, column):
            return self._numbered(target or f"{table}.{column}", table, column, text)
        return HIDDEN if promise.column(column).type is Type.TEXT else text

    def short(self, target: str, text: str) -> Text:
        """The last four characters of a key, and a number where two keys end alike."""
        if self.off:
            return text
        at = (target, text)
        if at not in self._names:
            short = _MARK + text[-min(4, max(1, len(text) // 2)) :]
            count = self._taken[short] = self._taken.get(short, 0) + 1
            self._names[at] = short if count == 1 else f"{short}·{count}"
        return self._names[at]

    def _thing(self, target: str) -> bool:
        """Whether a table is of phones, devices and the like."""
        return bool(_PERSONAL.search(target))

    def _numbered(self, kind: str, table: str, column: str, text: str) -> Text:
        at = (kind, text)
        if at not in self._names:
            count = self._taken[kind] = self._taken.get(kind, 0) + 1
            told = {lang: self.schema.title_of(table, column, lang) for lang in ("en", "zh")}
            self._names[at] = {"en": f"{told['en']} no. {count}", "zh": f"{told['zh']} {count} 号"}
        return self._names[at]
