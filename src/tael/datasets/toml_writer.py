"""Write a schema as TOML: the few kinds of value that ``tables.toml`` holds, one section a table, one line a column."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from tael.errors import TablesError

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def dump_schema(schema: Mapping[str, Mapping[str, Any]]) -> str:
    """Write a schema dict as the text of a ``tables.toml``.

    Parameters
    ----------
    schema : mapping
        Sections (tables, and ``tael``) of plain values; a table's ``columns`` become a section, one line a column.

    Returns
    -------
    str
        TOML that ``tomllib`` reads back to an equal dict.

    Raises
    ------
    TablesError
        A value that TOML cannot hold.

    Examples
    --------
    >>> print(dump_schema({"loans": {"key": "id", "columns": {"amount": {"unit": "CNY", "min": 0}}}}))
    [loans]
    key = "id"
    <BLANKLINE>
    [loans.columns]
    amount = { unit = "CNY", min = 0 }
    <BLANKLINE>
    """
    blocks = []
    for name, section in schema.items():
        plain = {key: value for key, value in section.items() if key != "columns"}
        lines = [f"[{_key(name)}]", *(f"{_key(key)} = {_value(value)}" for key, value in plain.items())]
        if section.get("columns"):
            lines += ["", f"[{_key(name)}.columns]"]
            lines += [f"{_key(key)} = {_value(value)}" for key, value in section["columns"].items()]
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks)


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _text(key)


def _text(text: str) -> str:
    # JSON's escapes are TOML's, but for DEL, which TOML wants escaped.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else str(value)
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_key(key)} = {_value(item)}" for key, item in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, Sequence):
        return f"[{', '.join(map(_value, value))}]"
    raise TablesError(
        "A schema holds a value that TOML cannot hold.",
        expected="text, number, true or false, list, or mapping",
        got=f"{value!r} ({type(value).__name__})",
        fix="Leave the entry out, or write it as text.",
    )
