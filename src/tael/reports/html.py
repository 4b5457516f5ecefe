"""Markup that is escaped unless it says otherwise: a text becomes HTML only through ``el``, which escapes it."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable
from typing import Any

VOID = frozenset({"meta", "link", "input", "br", "hr", "col"})


class Safe(str):
    """Markup made by this module; every other text is escaped when it enters a page."""

    __slots__ = ()


def raw(text: str) -> Safe:
    """Take a text as markup. For package files and for what ``script_json`` made; never for anything out of data."""
    return Safe(text)


def esc(value: object) -> Safe:
    """Escape one value.

    >>> esc("<b>"), esc(el("b", "x"))
    ('&lt;b&gt;', '<b>x</b>')
    """
    return value if isinstance(value, Safe) else Safe(html.escape(str(value), quote=True))


def join(*children: Any) -> Safe:
    """Put children (texts, markup, nested lists of them, None) one after another."""
    return Safe("".join(_flat(children)))


def _flat(children: Iterable[Any]) -> Iterable[str]:
    for child in children:
        if child is None:
            continue
        if isinstance(child, (str, int, float)):
            yield esc(child)
        else:
            yield from _flat(child)


def el(tag: str, /, *children: Any, **attributes: Any) -> Safe:
    """One element.

    Parameters
    ----------
    tag : str
    *children : str, Safe, number, None or iterables of these
        Plain texts are escaped.
    **attributes
        ``class_`` is written ``class``, underscores become hyphens; None and False leave the attribute out,
        True writes it empty.

    Returns
    -------
    Safe

    Examples
    --------
    >>> el("td", "a < b", class_="num", data_k=1)
    '<td class="num" data-k="1">a &lt; b</td>'
    """
    written = []
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        label = key.rstrip("_").replace("_", "-")
        written.append(f' {label}="{"" if value is True else esc(value)}"')
    head = f"<{tag}{''.join(written)}>"
    return Safe(head) if tag in VOID else Safe(f"{head}{join(*children)}</{tag}>")


def script_json(value: Any) -> Safe:
    """JSON that may stand inside a ``<script>``: no ``<`` is left that could close it.

    >>> script_json({"name": "</script>"})
    '{"name":"\\\\u003c/script\\\\u003e"}'
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Safe(text)
