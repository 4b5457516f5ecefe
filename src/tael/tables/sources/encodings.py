"""Which encoding a file of text is in, told by its bytes: UTF-8, UTF-16, GB18030 or Windows-1252, or an error."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from itertools import islice

from tael.errors import TablesError

UTF8 = "utf-8"
CHINESE = "gb18030"
LATIN = "windows-1252"
# Signs of four bytes in GB18030, such as ¥, hold digits.
_RUN = re.compile(rb"(?:[\x81-\xfe][\x30-\x39][\x81-\xfe][\x30-\x39]|[\x80-\xff])+")
_RUNS = 20_000
_MOST = 0.8
_FEW = 0.2
_OLD = 0.65
_HEAD = 1 << 16
_PAIR = re.compile(rb"[\x81-\xfe](?:[\x30-\x39][\x81-\xfe][\x30-\x39]|[\x40-\x7e\x80-\xfe])")
_COMMON = re.compile(rb"[\xa1-\xfe]{2}|....", re.DOTALL)
_LETTER = re.compile(rb"[A-Za-z]")
# Signs of Windows-1252 that stand in no word: between letters they are letters of another code page.
_SIGN = re.compile(rb"[\xa1-\xa9\xab-\xb4\xb6\xb8\xb9\xbb-\xbf]")


@dataclass(frozen=True)
class _Seen:
    """What the high bytes of a file look like, as shares of their runs."""

    utf8: float
    chinese: float
    latin: float


def encoding_of(content: bytes, where: str) -> str:
    r"""Find the encoding of text.

    Nearly all Chinese text in GB18030 is pairs of bytes from 0xA1 up that come in runs; in Western European text a
    high byte stands alone among letters. A file that is neither, or both, is not guessed at.

    Parameters
    ----------
    content : bytes
    where : str
        Of the file, for the message.

    Returns
    -------
    {"utf-8", "utf-16", "utf-16-le", "utf-16-be", "gb18030", "windows-1252"}
        ``utf-16`` where the bytes begin with a byte-order mark.

    Raises
    ------
    TablesError
        If no encoding fits, or it is in doubt; with the ways in which a line may be read.

    Examples
    --------
    >>> encoding_of("city\nMünster".encode("cp1252"), ""), encoding_of("城市\n北京".encode("gbk"), "")
    ('windows-1252', 'gb18030')
    >>> encoding_of("city\nMünster".encode("utf-16"), ""), encoding_of("city\n1".encode("utf-16-le"), "")
    ('utf-16', 'utf-16-le')
    """
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    wide = _wide(content[:_HEAD])
    if wide is not None:
        return wide
    if _reads(content, UTF8):
        return UTF8
    seen = _seen(content)
    # The old signs of Taiwan and Hong Kong are rarer in GB18030: fewer of their bytes are those of common signs.
    chinese = seen.chinese >= _MOST or (seen.chinese >= _OLD and seen.latin <= 1 - _MOST)
    if chinese and _reads(content, CHINESE):
        return CHINESE
    # No letter that stands alone in a code page of one byte is UTF-8: few such runs are enough.
    if seen.utf8 >= (_FEW if seen.latin >= _MOST else _MOST):
        raise _spoiled(content, where)
    if seen.latin >= _MOST and _reads(content, LATIN):
        return LATIN
    raise _doubtful(content, where)


def _wide(head: bytes) -> str | None:
    """UTF-16 without a mark: every other byte of its digits, separators and line ends is zero."""
    if b"\0" not in head:
        return None
    first, second = head[0::2], head[1::2]
    for zeros, others, name in ((second, first, "utf-16-le"), (first, second, "utf-16-be")):
        if zeros.count(0) >= 0.1 * len(zeros) and others.count(0) <= 0.01 * len(others):
            return name if _reads(head[: len(head) // 2 * 2], name, final=False) else None
    return None


def _reads(content: bytes, encoding: str, *, final: bool = True) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)("strict").decode(content, final)
    except UnicodeDecodeError:
        return False
    return True


def _seen(content: bytes) -> _Seen:
    whole = chinese = latin = runs = 0
    for found in islice(_RUN.finditer(content), _RUNS):
        run, start, end = found.group(), found.start(), found.end()
        runs += 1
        whole += _reads(run, UTF8)
        between = bool(_LETTER.fullmatch(content[max(start - 1, 0) : start]) and _LETTER.match(content[end : end + 1]))
        # Two high bytes in the middle of a word are Größe or l’été; a word of Chinese seldom has letters on both sides.
        if len(run) == 1 or (len(run) <= 3 and between):
            latin += not (between and _SIGN.fullmatch(run))
        else:
            chinese += _pairs(content, start, end)
    return _Seen(whole / runs, chinese / runs, latin / runs) if runs else _Seen(0.0, 0.0, 0.0)


def _pairs(content: bytes, start: int, end: int) -> bool:
    """Whether a run is common signs of GB18030 for the most part; its last sign may reach beyond the run."""
    pairs = _PAIR.findall(content[start : end + 3 if (end - start) % 2 else end])
    common = sum(1 for pair in pairs if _COMMON.fullmatch(pair))
    return bool(pairs) and common >= 0.5 * len(pairs)


def _spoiled(content: bytes, where: str) -> TablesError:
    number, line = _line(content, UTF8)
    return TablesError(
        "A file is in UTF-8, but for some bytes.",
        expected="utf-8",
        got=f"line {number}: {_shown(line, UTF8)}",
        where=where,
        fix="Mend the line, or export the file again: it is cut off, or was put together from two files.",
    )


def _doubtful(content: bytes, where: str) -> TablesError:
    number, line = _line(content, UTF8)
    readings = [f"in {name}: {_shown(line, name)}" for name in (LATIN, CHINESE) if _reads(content, name)]
    one = f"line {number} reads " + ", ".join(readings)
    return TablesError(
        "The encoding of a file is in doubt." if readings else "The encoding of a file could not be found.",
        expected="utf-8, utf-16, gb18030 or windows-1252",
        got=one if readings else f"line {number}: {_shown(line, LATIN)}",
        where=where,
        fix='Save it as UTF-8, or say it: `tael fit --encoding ...`, or encoding = "..." in tables.toml.',
    )


def _line(content: bytes, encoding: str) -> tuple[int, bytes]:
    """The first line that is not of an encoding."""
    lines = content.split(b"\n")
    return next(((k, line) for k, line in enumerate(lines, 1) if not _reads(line, encoding)), (1, lines[0]))


def _shown(line: bytes, encoding: str) -> str:
    """The middle of a line around its first letter that is not ASCII."""
    text = line.decode(encoding, errors="replace").strip()
    at = next((k for k, letter in enumerate(text) if not letter.isascii()), 0)
    return repr(text[max(at - 20, 0) : at + 20])
