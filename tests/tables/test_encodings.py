"""The encoding of a file is told by its bytes; where it is in doubt, it is asked about."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tael.errors import TablesError
from tael.tables import read_tables
from tael.tables.infer import infer
from tael.tables.sources.encodings import encoding_of

CHINESE = "客户编号,姓名,城市\n1,张三,北京\n2,朱镕基,上海市浦东新区\n3,李喆,广州\n"
GERMAN = "Nr;Größe;Stadt\n1;2;München\n2;3;Köln\n3;4;Łódź\n".replace("Łódź", "Besançon")


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (b"a,b\n1,2\n", "utf-8"),
        (CHINESE.encode(), "utf-8"),
        ("\ufeff" + GERMAN, "utf-8"),
        (CHINESE.encode("gbk"), "gb18030"),
        ("金额\n¥1\n¥2\n".encode("gb18030"), "gb18030"),
        ("性别\n男\n女\n".encode("gbk"), "gb18030"),
        ("代码,类\n1,A股\n2,B股\n".encode("gbk"), "gb18030"),
        ("客戶編號,姓名,城市,備註\n1,張三,臺北,已結清還款\n".encode("gbk"), "gb18030"),
        (GERMAN.encode("cp1252"), "windows-1252"),
        ("id;Größe\n1;2\n".encode("cp1252"), "windows-1252"),
        ("x\nl’été\n– 5 €\n".encode("cp1252"), "windows-1252"),
        (GERMAN.encode("utf-16"), "utf-16"),
        (CHINESE.encode("utf-16-le"), "utf-16-le"),
        (CHINESE.encode("utf-16-be"), "utf-16-be"),
    ],
)
def test_told_by_the_bytes(content: bytes | str, encoding: str) -> None:
    assert encoding_of(content.encode() if isinstance(content, str) else content, "") == encoding


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("city\nMünster\n".encode("cp1252") + "北京\n".encode("gbk"), ["in doubt", "'Münster'", "'M黱ster'", "line 2"]),
        ("city\nŁódź\nzłoty\nżółw\n".encode("cp1250"), ["in doubt", "'£ódŸ'", "--encoding"]),
        ("город\nМосква\nСанкт-Петербург\n".encode("cp1251"), ["windows-1252: 'ãîðîä'"]),
        ("客戶編號,姓名,城市\n1,張三,臺北\n".encode("big5"), ["in doubt", "gb18030"]),
        ("city\nMünster\nKöln\n".encode() + b"\xfc\n", ["UTF-8, but for some bytes", "line 4"]),
        (CHINESE.encode() + b"4,\xff\n", ["UTF-8, but for some bytes", "line 5"]),
    ],
)
def test_doubt_is_said_with_both_readings(content: bytes, said: list[str]) -> None:
    with pytest.raises(TablesError) as error:
        encoding_of(content, "file a.csv")
    for word in (*said, "file a.csv"):
        assert word in str(error.value)


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-16-le"])
def test_a_draft_holds_the_encoding_and_reads_by_it(folder: Callable[..., Path], encoding: str) -> None:
    where = folder({"a.csv": GERMAN.encode(encoding)})
    draft = infer(where)
    assert draft.schema.tables["a"].encoding == encoding.replace("cp", "windows-")
    draft.write(where)
    assert read_tables(where)["a"]["Stadt"].to_list() == ["München", "Köln", "Besançon"]


def test_utf_16_that_is_cut_off(folder: Callable[..., Path]) -> None:
    where = folder({"a.csv": GERMAN.encode("utf-16")[:-1]}, "[a]\nfile = 'a.csv'\nencoding = 'utf-16'\n")
    with pytest.raises(TablesError, match="not in the encoding declared"):
        read_tables(where)
