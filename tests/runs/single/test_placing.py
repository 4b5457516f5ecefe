"""A file is brought to where it can be read: in UTF-8, without titles, every line where it was."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tael.errors import RunError, TablesError
from tael.reports.errors_zh import chinese_error
from tael.runs.single.again import read_again
from tael.runs.single.placing import encoding_in, place
from tael.runs.single.reading import read_source
from tael.runs.single.table import read_single

HEAD = "Report – Größe;;\nno;city;sum\n"


def rows(n: int = 40) -> str:
    return "".join(f"{k};{('München', 'Köln')[k % 2]};{k * 3.5:.2f}\n" for k in range(n))


@pytest.mark.parametrize("encoding", ["windows-1252", "utf-16", "utf-8"])
@pytest.mark.parametrize("suffix", [".csv", ".txt"])
def test_a_title_and_an_encoding(tmp_path: Path, encoding: str, suffix: str) -> None:
    path = tmp_path / f"loans{suffix}"
    path.write_bytes((HEAD + rows()).encode(encoding))
    read = read_source(path)
    assert read.frame["city"].to_list()[:2] == ["München", "Köln"]
    above = ("Lines above the header left out: 1 ('Report – Größe')", "表头上方的 1 行未读取 ('Report – Größe')")
    assert read.told == (*(() if encoding == "utf-8" else ((f"Encoding: {encoding}", f"编码：{encoding}"),)), above)
    # Another file of these columns is read by its own encoding.
    other = tmp_path / "new.csv"
    other.write_bytes(rows(4).join(["no;city;sum\n", ""]).encode("utf-16"))
    assert read_again(other, read.promise).frame["city"].to_list() == ["München", "Köln"] * 2


def test_lines_are_those_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "loans.csv"
    path.write_text(HEAD + rows(10) + "1;2\n" + rows(10), encoding="utf-8")
    with pytest.raises(TablesError, match="line 13") as error:
        read_source(path)
    assert "separator`" not in str(error.value)


def test_an_encoding_in_doubt_is_told(tmp_path: Path) -> None:
    path = tmp_path / "loans.csv"
    path.write_bytes("no;city;sum\n1;Łódź;2\n2;Gdańsk;3\n3;żółw;5\n".encode("cp1250"))
    with pytest.raises(TablesError, match="in doubt") as error:
        read_source(path)
    assert "--encoding" in str(error.value)
    assert "tables.toml" not in str(error.value)
    assert read_source(path, "cp1250").frame["city"].to_list() == ["Łódź", "Gdańsk", "żółw"]
    packed = tmp_path / "loans.csv.gz"
    packed.write_bytes(gzip.compress(path.read_bytes(), mtime=0))
    assert read_source(packed, "cp1250").frame["city"].to_list() == ["Łódź", "Gdańsk", "żółw"]


def test_what_is_no_table(tmp_path: Path) -> None:
    path = tmp_path / "loans.xlsx"
    path.write_bytes(b"PK\x03\x04\x00\x00 a b c\n d e f\n")
    with pytest.raises(TablesError, match="spreadsheet") as error:
        place(path, tmp_path, encoding_in(path))
    assert "CSV UTF-8" in str(error.value)


def test_an_encoding_that_was_said_wrongly_is_mended_on_the_command_line(tmp_path: Path) -> None:
    path = tmp_path / "loans.csv"
    path.write_bytes(("编号,城市,金额\n" + "".join(f"{k},上海浦东新区,{k * 7}\n" for k in range(40))).encode("gb18030"))
    with pytest.raises(TablesError, match="not in the encoding declared") as error:
        read_source(path, "utf-8")
    assert error.value.fix == "Say --encoding gb18030."


def test_a_name_of_the_line_above_leads_to_its_column(tmp_path: Path) -> None:
    path = tmp_path / "clients.csv"
    columns = ",".join(f"c{k}" for k in range(24))
    row = ",".join(["1"] * 24)
    path.write_text("," + ",".join(f"X{k}" for k in range(1, 25)) + f",Y\nid,{columns},pays late next\n7,{row},0\n")
    with pytest.raises(RunError, match="line above the header") as caught:
        read_single(path, "Y", None)
    assert str(caught.value.fix).endswith("write 'pays late next'.")
    with pytest.raises(RunError, match="no column 'pays'") as caught:
        read_single(path, "pays", None)
    assert str(caught.value.expected).startswith("pays late next, ")
    assert chinese_error(caught.value).splitlines()[-1].startswith("  建议：已有：pays late next, ")
