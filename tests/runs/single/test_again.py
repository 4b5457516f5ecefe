"""Rows that are scored are read as the first were: odd cells missing, totals left out, unknown values said."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from tael.errors import TablesError
from tael.runs.single import fit, load_fit
from tael.runs.single.again import read_again
from tael.runs.single.reading import read_source

ROWS = 240


def page(rows: int, *extra: str, label: bool = True, title: str = "") -> str:
    kinds = ("trade", "works", "farm")
    cells = [
        f"K{k:04d},{k % 7 * 1000 + k}.5,{k % 60 + 1}.5%,{kinds[k % 3]},2023-{k % 12 + 1:02d}-{k % 28 + 1:02d}"
        + (f",{'yes' if (k % 7 > 3) ^ (k % 11 == 0) else 'no'}" if label else "")
        for k in range(rows)
    ]
    head = "id,income,rate,kind,opened" + (",bad" if label else "")
    return title + "\n".join([head, *cells, *extra]) + "\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fit")
    (folder / "a.csv").write_text(page(ROWS, "Total,900000,,,,"), encoding="utf-8")
    done = fit(folder / "a.csv", "bad", model="sklearn.linear_model.LogisticRegression", out=folder / "made")
    assert [line[0] for line in done.table.told if "totals" in line[0]] == [
        f"Left out as totals of other rows: 'total' (1 row: line {ROWS + 2}); if they are none: --keep-totals"
    ]
    return folder / "made"


def told(made: Path, content: str, name: str = "new.csv", **how: object) -> tuple[pl.DataFrame, list[str], list[str]]:
    path = made.parent / name
    path.write_bytes(content.encode(str(how.pop("written", "utf-8"))))
    frame, notes = load_fit(made).scored(path, **how)  # type: ignore[arg-type]
    return frame, [en for en, _ in notes], [zh for _, zh in notes]


def test_one_odd_cell_refuses_no_batch(made: Path) -> None:
    odd = "K9001,see file,12%,trade,2023-02-03\nK9002,,n.a.,works,2023-03-01"
    frame, en, zh = told(made, page(20, odd, label=False))
    assert frame.height == 22
    assert frame["prediction"].null_count() == 0
    assert en == [
        "Read as missing: 'see file' (1 row of income: line 22)",
        "Read as missing: 'n.a.' (1 row of rate: line 23)",
    ]
    assert zh[0] == "视为缺失：'see file'（income 1 行：第 22 行）"
    # The same as an empty cell.
    same, _, _ = told(made, page(20, odd.replace("see file", "").replace("n.a.", ""), label=False))
    assert frame.equals(same)


def test_a_column_of_another_kind_is_an_error(made: Path) -> None:
    with pytest.raises(TablesError, match="no numbers"):
        told(made, page(20, label=False).replace(".5,", " mn,"))


def test_values_never_seen_are_said(made: Path) -> None:
    _, en, zh = told(made, page(9, *(f"K8{k:03d},5,3%,mine{k % 6},2023-05-05" for k in range(12)), label=False))
    assert en == [
        "kind: 12 rows hold values that the fit never saw ('mine0', 'mine1', 'mine2', 'mine3', 'mine4', ...): "
        "scored as none of those that it knows"
    ]
    assert zh[0].startswith("kind：12 行的取值在建模数据中从未出现")
    assert told(made, page(9, "K8,5,3%,TRADE,2023-05-05", label=False))[1] == []


def test_totals_titles_and_doubled_names(made: Path) -> None:
    content = page(9, "Grand total,3,,,", label=False, title="Batch of May,,,,\n").replace("opened", "opened,opened")
    content = content.replace("\nK", "\nK").replace(",2023-", ",2023-01-01,2023-")
    frame, en, _ = told(made, content.replace(",,,\n", ",,,,\n", 1).replace("3,,,\n", "3,,,,\n"))
    assert frame.height == 9
    assert en == [
        "Lines above the header left out: 1 ('Batch of May')",
        "Names that occur twice in the header: 'opened' is 'opened_2'",
        "Left out as totals of other rows: 'grand total' (1 row: line 12); if they are none: --keep-totals",
    ]


def test_totals_may_be_kept(made: Path) -> None:
    frame, en, _ = told(made, page(9, "Total,90000,,,", label=False), keep_totals=True)
    assert (frame.height, en) == (10, [])


def test_an_encoding_that_is_said(made: Path) -> None:
    doubt = page(9, "K9,5,3%,Łódź,2023-05-05\nK10,5,3%,Gdańsk,2023-05-05\nK11,5,3%,żółw,2023-05-05", label=False)
    with pytest.raises(TablesError, match="in doubt") as error:
        told(made, doubt, written="cp1250")
    assert "--encoding" in str(error.value)
    _, en, _ = told(made, doubt, written="cp1250", encoding="cp1250")
    assert en[0] == "Encoding: cp1250"
    assert "'Gdańsk'" in en[1]


def test_a_promise_made_by_hand_stays_strict(tmp_path: Path) -> None:
    toml = "[a]\nfile = 'a.csv'\nkey = 'id'\ntotals = ['sum of all']\n[a.columns]\nincome = { type = 'number' }\n"
    toml += "rate = { percent = true }\nopened = { type = 'time' }\n"
    (tmp_path / "tables.toml").write_text(toml, encoding="utf-8")
    (tmp_path / "a.csv").write_text(page(ROWS, "Sum of all,1,,,,"), encoding="utf-8")
    read = read_source(tmp_path / "a.csv")
    assert (read.stated, read.frame.height) == (True, ROWS)
    assert "tables.toml" in read.told[0][0]
    assert f"line {ROWS + 2}" in read.told[1][0]
    assert read_source(tmp_path / "a.csv", keep_totals=True).frame.height == ROWS + 1
    other = tmp_path / "new.csv"
    other.write_text(page(9, "Total,see file,3%,trade,2023-05-05", label=False), encoding="utf-8")
    promise = read.promise.model_copy(update={"key": None, "columns": {"income": read.promise.columns["income"]}})
    with pytest.raises(TablesError, match="no numbers"):
        read_again(other, promise, strict=True)
    assert read_again(other, promise).frame["income"].null_count() == 1


def test_a_frame_keeps_its_rows(made: Path) -> None:
    frame = pl.DataFrame(
        {"income": [1.0, 9.0], "rate": ["3%", "?"], "kind": ["trade", None], "opened": ["2023-01-01"] * 2}
    )
    model = load_fit(made)
    assert model.predict(frame).height == 2
    assert [en for en, _ in model.scored(frame)[1]] == ["Read as missing: '?' (1 row of rate: row 2)"]
