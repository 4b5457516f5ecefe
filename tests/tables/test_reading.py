from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tael.errors import TablesError
from tael.tables import read_tables

CONTENT = 'id,amount,name,at\n007,1.5,张三,2024-01-31\n012,,"a,\nb",2024-02-01 10:00\n'
TOML = "[a]\nfile = '{}'\nkey = 'id'\ntime = 'at'\n"


def zstd(content: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(content)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize(
    ("file", "content", "more"),
    [
        ("a.csv", CONTENT.encode(), ""),
        ("a.txt", CONTENT.encode(), ""),
        ("a.csv", b"\xef\xbb\xbf" + CONTENT.encode(), ""),
        ("a.csv", CONTENT.encode("gb18030"), "encoding = 'gb18030'"),
        ("a.csv", CONTENT.replace("\n", "\r\n").replace("a,\r\n", "a,\n").encode(), ""),
        ("a.csv", ("made by a machine\n\n" + CONTENT).encode(), "skip_lines = 2"),
        ("a.csv", CONTENT.replace(",,", ",NA,").encode(), "missing = ['NA']"),
        ("a.csv.gz", gzip.compress(CONTENT.encode(), mtime=0), ""),
        ("a.csv.zst", zstd(CONTENT.encode()), ""),
        ("deep/a.csv", CONTENT.encode(), ""),
    ],
)
def test_ways_to_store_a_csv(folder: Callable[..., Path], file: str, content: bytes, more: str) -> None:
    tables = read_tables(folder({file: content}, TOML.format(file) + more))
    assert tables["a"]["id"].to_list() == ["007", "012"]
    assert tables["a"]["amount"].to_list() == [1.5, None]
    assert tables["a"]["name"].to_list() == ["张三", "a,\nb"]
    assert str(tables.end) == "2024-02-01 10:00:00"


@pytest.mark.parametrize("separator", [";", "\t", "|", ","])
def test_separators_are_found(folder: Callable[..., Path], separator: str) -> None:
    rows = [["id", "x", "note"], ["1", "2.5", "a b"], ["2", "3", "c, d; e"]]
    out = io.StringIO()
    csv.writer(out, delimiter=separator).writerows(rows)
    tables = read_tables(folder({"a.csv": out.getvalue()}, "[a]\nfile = 'a.csv'\n"))
    assert tables["a"].rows() == [(1.0, 2.5, "a b"), (2.0, 3.0, "c, d; e")]


def test_types_of_text(folder: Callable[..., Path]) -> None:
    content = (
        "whole,point,zeros,huge,word,date,kind,parent\n"
        "1,1e3,007,123456789012345678,x,2024-01-31,1,01\n"
        "2,inf,7,5,y,2024-02-01,2,02\n"
    )
    toml = "[a]\nfile = 'a.csv'\n[a.columns]\nkind = { type = 'category' }\nparent = { to = 'people' }\n"
    row = read_tables(folder({"a.csv": content}, toml))["a"].row(0, named=True)
    assert row.pop("date").year == 2024
    assert row == {
        "whole": 1.0,
        "point": 1000.0,
        "zeros": "007",
        "huge": "123456789012345678",
        "word": "x",
        "kind": "1",
        "parent": "01",
    }


@pytest.mark.parametrize("content", ["id,x\n", "id,x", "id,x\r\n"])
def test_a_header_alone_is_an_empty_table(folder: Callable[..., Path], content: str) -> None:
    tables = read_tables(folder({"a.csv": content}, "[a]\nfile='a.csv'\nkey='id'\n[a.columns]\nx={type='number'}"))
    assert tables["a"].schema == {"id": pl.String, "x": pl.Float64}
    assert tables["a"].is_empty()


def test_the_index_that_pandas_writes_is_ignored(folder: Callable[..., Path]) -> None:
    tables = read_tables(folder({"a.csv": ",x\n0,5\n1,6\n"}, "[a]\nfile = 'a.csv'\n"))
    assert tables["a"]["x"].to_list() == [5.0, 6.0]
    assert tables.schema.tables["a"].columns[""].role == "ignore"


def test_many_parquet_files_are_one_table(folder: Callable[..., Path]) -> None:
    where = folder({}, "[a]\nfile = 'parts/*.parquet'\n[b]\n")
    (where / "parts").mkdir()
    pl.DataFrame({"x": [1, 2]}).write_parquet(where / "parts" / "1.parquet")
    pl.DataFrame({"x": [3.5]}).write_parquet(where / "parts" / "2.parquet")
    pl.DataFrame({"y": [1]}).write_parquet(where / "b.parquet")
    tables = read_tables(where)
    assert tables["a"]["x"].to_list() == [1.0, 2.0, 3.5]
    assert tables["b"]["y"].to_list() == [1.0]
    pl.DataFrame({"z": [3.5]}).write_parquet(where / "parts" / "3.parquet")
    with pytest.raises(TablesError, match="different columns"):
        read_tables(where)


def test_progress_and_a_description_of_another_name(folder: Callable[..., Path]) -> None:
    where = folder({"a.csv": "x\n1\n", "b.csv": "x\n2\n", "bank.toml": "[a]\n[b]\n"})
    seen: list[tuple[str, int, int]] = []
    tables = read_tables(where / "bank.toml", progress=lambda *call: seen.append(call))
    assert seen == [("a", 0, 2), ("b", 1, 2)]
    assert list(tables) == ["a", "b"]


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("a.csv", b"", ["A file is empty"]),
        ("a.csv", b"\nid,x\n1,2\n", ["no header", "skip_lines"]),
        ("a.csv", b"id,x,id\n1,2,3\n", ["same name", "'id'", "line 1"]),
        ("a.csv", b"id,,x,\n1,2,3,4\n", ["have no name", "line 1"]),
        ("a.csv", b"id,x\n1,2\n3,4,5\n", ["too many fields or too few", "2 fields (id, x)", "'3,4,5'", "line 3"]),
        ("a.csv", b"id,x\n1,2\n3\n4,5\n", ["too many fields or too few", "1: '3'", "line 3"]),
        ("a.csv", b'id,x\n1,"2\n3"\n3\n4,5\n', ["'3'", "line 4"]),
        ("a.csv", b"id,x,y\n1,2,3\n4,5", ["ends in the middle of a row", "'4,5'", "line 3", "cut off"]),
        ("a.csv", b'id,x\n1,2\n3,"abc\n4,5\n', ["ends inside quotes", "line 3"]),
        (
            "a.csv",
            "id,x\n1,a\n2,张三\n".encode("gb18030"),
            ["line 3", "gb18030: 2,张三", 'encoding = "gb18030"'],
        ),
        ("a.csv", b"id,x\n1,\xff\xff\n", ["not in the encoding declared", "line 2"]),
        ("a.csv", "id,x\n1,2\n".encode("utf-16"), ["UTF-16"]),
        ("a.csv", b"key,x\n1,2\n", ["A column named in the schema is not in the table", "id", "key, x"]),
        ("a.csv.gz", gzip.compress(b"id\n" + bytes(range(256)) * 99, mtime=0)[:-40], ["cannot be unpacked", "cut off"]),
        ("a.csv.zst", b"id,x\n1,2\n", ["cannot be unpacked"]),
        ("a.parquet", b"PAR1 and then nothing", ["Parquet file cannot be read", "cut off"]),
        ("a.xlsx", b"PK", ["kind of a file is not known", "CSV"]),
    ],
)
def test_broken_files(folder: Callable[..., Path], file: str, content: bytes, words: list[str]) -> None:
    where = folder({file: content}, f"[a]\nfile = '{file}'\nkey = 'id'\n")
    with pytest.raises(TablesError) as error:
        read_tables(where)
    for word in [*words, "table a"]:
        assert word in str(error.value)


def test_a_wrong_declared_encoding_proposes_utf8(folder: Callable[..., Path]) -> None:
    with pytest.raises(TablesError, match='encoding = "utf-8"'):
        read_tables(folder({"a.csv": "id,x\n1,张\n"}, "[a]\nfile='a.csv'\nencoding='gb18030'\n"))
    with pytest.raises(TablesError, match="encoding is not known"):
        read_tables(folder({"a.csv": "id,x\n"}, "[a]\nfile='a.csv'\nencoding='utf-9'\n"))


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        (None, ["no description of the tables", "tael infer"]),
        ("[a\n", ["no valid TOML", "line 1"]),
        ("", ["names no table"]),
        ("[a]\nfile = 'x.csv'\n", ["A file is not there", "x.csv", "a.csv"]),
        ("[x]\n", ["does not say where a table is", "no such file"]),
        ("[a]\nsource = 'mysql://host/db'\n", ["kind that tael does not know", "mysql:"]),
    ],
)
def test_faults_of_the_description(folder: Callable[..., Path], toml: str | None, words: list[str]) -> None:
    where = folder({"a.csv": "id\n1\n"}, toml)
    with pytest.raises(TablesError) as error:
        read_tables(where)
    for word in words:
        assert word in str(error.value)


def test_folders_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(TablesError, match="no such folder"):
        read_tables(tmp_path / "nowhere")
    (tmp_path / "tables.toml").mkdir()
    with pytest.raises(TablesError, match="folder cannot be read"):
        read_tables(tmp_path)


def test_a_file_that_is_a_folder(folder: Callable[..., Path]) -> None:
    where = folder({"a.csv/x": "1"}, "[a]\nfile='a.csv'\n")
    with pytest.raises(TablesError, match="A file cannot be read"):
        read_tables(where)


# The readers of CSV skip empty lines; a lone \r ends a line for some and not for others; NUL ends text.
values = st.text(st.characters(exclude_characters="\r\x00", exclude_categories=("Cs",)), max_size=8)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(values, values, st.floats(allow_nan=False)), min_size=1, max_size=8))
def test_csv_round_trip(tmp_path: Path, rows: list[tuple[str, str, float]]) -> None:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["key", "note", "x"])
    writer.writerows(rows)
    (tmp_path / "a.csv").write_bytes(out.getvalue().encode())
    (tmp_path / "tables.toml").write_text(
        "[a]\nfile='a.csv'\nkey='key'\nseparator=','\n[a.columns]\nnote={type='text'}\nx={type='number'}\n"
    )
    expected = [(key or None, note or None, x) for key, note, x in rows]
    assert read_tables(tmp_path)["a"].rows() == expected
