"""What a word is: one rule for the text operators, for the terms the search proposes, and for SQL.

A word is a run of letters, their accents and digits (``refund``, ``B2B``, ``возврат``, ``환불``). A Chinese character
or Japanese kana is a word of its own, since no spaces part words there. All else parts words: spaces, punctuation,
``_``, symbols, emoji. Upper and lower case are the same.

The rule is a list of code points, not Unicode's categories: those differ with Python's version and with a database's
locale, and a formula has one meaning.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

CJK = ((0x3005, 0x3007), (0x3041, 0x3096), (0x30A1, 0x30FA), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF))
CJK_BEYOND = (*CJK, (0x20000, 0x3FFFF))
"""Chinese characters and kana, with the rare ones that GB18030 holds beyond the first 65,536 code points."""

LETTERS = (
    (0x30, 0x39), (0x41, 0x5A), (0x61, 0x7A),
    (0xAA, 0xAA), (0xB5, 0xB5), (0xBA, 0xBA), (0xC0, 0xD6), (0xD8, 0xF6), (0xF8, 0x37D),  # Latin and its accents
    (0x37F, 0x386), (0x388, 0x559), (0x560, 0x588), (0x591, 0x5BD), (0x5BF, 0x5F2),  # Greek, Cyrillic to Hebrew
    (0x610, 0x61A), (0x620, 0x669), (0x66E, 0x6D3), (0x6D5, 0x6FF), (0x750, 0x77F),  # Arabic
    (0x900, 0x963), (0x966, 0xDF3), (0xE01, 0xE3A), (0xE40, 0xE4E), (0xE50, 0xE59),  # of India, Thai
    (0x1E00, 0x1FFF), (0xAC00, 0xD7A3), (0xFF10, 0xFF19), (0xFF21, 0xFF3A), (0xFF41, 0xFF5A),  # Hangul, full width
)  # fmt: skip
"""Letters and digits, first and last code point of each range."""

_SPECIAL = frozenset("\\.^$*+?()[]{}|-")


def code_points(ranges: Sequence[tuple[int, int]], style: str = "python") -> str:
    r"""Ranges of code points as the inside of a regular expression's brackets.

    Parameters
    ----------
    ranges : sequence of (int, int)
    style : {"python", "posix", "re2"}
        How a code point is written: ``\u00e9`` (Python, PostgreSQL) or ``\x{e9}`` (DuckDB, Spark).

    Examples
    --------
    >>> code_points([(0x61, 0x7A), (0xE9, 0xE9)]), code_points([(0x20000, 0x3FFFF)], "re2")
    ('a-z\\u00e9', '\\x{20000}-\\x{3ffff}')
    """

    def one(point: int) -> str:
        if point < 128:
            return chr(point)
        if style == "re2":
            return f"\\x{{{point:x}}}"
        return f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"

    return "".join(one(first) if first == last else f"{one(first)}-{one(last)}" for first, last in ranges)


def word_pattern(style: str = "python") -> str:
    """The regular expression of one word."""
    return f"[{code_points(CJK_BEYOND, style)}]|[{code_points(LETTERS, style)}]+"


_WORD = re.compile(word_pattern())
_CJK_RUN = re.compile(f"[{code_points(CJK_BEYOND)}]+")
_LETTER = f"[{code_points(LETTERS)}]"


class _Lower(dict[int, int]):
    """Each character's own lower case, one for one: no context (final sigma) and no growth (dotted I)."""

    def __missing__(self, point: int) -> int:
        lower = chr(point).lower()
        self[point] = ord(lower[0])
        return self[point]


_LOWER = _Lower()


def fold(text: str) -> str:
    """A text in lower case, character by character, so that its length stays.

    >>> fold("REFUND Ärger 退款"), len(fold("İstanbul"))
    ('refund ärger 退款', 8)
    """
    return text.lower() if text.isascii() else text.translate(_LOWER)


def tokens(text: str) -> list[str]:
    """The words of a text in their order, in lower case.

    >>> tokens("POS-Refund #42，退款 B2B")
    ['pos', 'refund', '42', '退', '款', 'b2b']
    """
    return _WORD.findall(fold(text))


def cjk_runs(text: str) -> list[str]:
    """The stretches of Chinese characters and kana in a text.

    >>> cjk_runs("支付宝 refund 退款")
    ['支付宝', '退款']
    """
    return _CJK_RUN.findall(text)


def has_cjk(text: str) -> bool:
    """Whether a text holds a Chinese character or kana: then it is sought anywhere, not as a whole word.

    >>> has_cjk("退款"), has_cjk("refund")
    (True, False)
    """
    return _CJK_RUN.search(text) is not None


def escaped(text: str) -> str:
    r"""A text as a regular expression that means just it, in Python, DuckDB, PostgreSQL and Spark.

    >>> escaped("c++ a.b")
    'c\\+\\+ a\\.b'
    """
    return "".join(f"\\{one}" if one in _SPECIAL else one for one in text)


def parted(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Words in lower case, once each: those sought as whole words, and those sought anywhere.

    >>> parted(["Refund", "退款", "refund"])
    (['refund'], ['退款'])
    """
    folded = list(dict.fromkeys(fold(word) for word in words))
    return [one for one in folded if not has_cjk(one)], [one for one in folded if has_cjk(one)]


@lru_cache(maxsize=1024)
def finder(words: tuple[str, ...]) -> re.Pattern[str]:
    """A pattern, for texts in lower case, that finds any of some words.

    >>> bool(finder(("refund", "退款")).search("a refund")), bool(finder(("refund",)).search("refunded"))
    (True, False)
    """
    whole, anywhere = parted(words)
    ways = [escaped(one) for one in anywhere]
    if whole:
        ways.append(f"(?<!{_LETTER})(?:{'|'.join(map(escaped, whole))})(?!{_LETTER})")
    return re.compile("|".join(ways))
