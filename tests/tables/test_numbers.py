from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tael.errors import TablesError
from tael.tables import Schema, Tables, read_tables
from tael.tables.numbers import PLAIN, NumberForm, form_of


def slow(text: str, form: NumberForm) -> float | None:
    """Read one value sign by sign, without regular expressions."""
    text = text.strip().replace("￥", "¥")
    for word in form.strip:
        text = text.replace(word.replace("￥", "¥"), "")
    text = text.strip()
    negative = text.startswith("(") and text.endswith(")")
    text = text[1:-1] if negative else text
    if form.percent:
        if not text.endswith("%"):
            return None
        text = text[:-1]
    whole, _, fraction = text.lstrip("+-").partition(form.decimal)
    groups = whole.split(form.thousands) if form.thousands else [whole]
    if len(groups) > 1 and not (1 <= len(groups[0]) <= 3 and all(len(one) == 3 for one in groups[1:])):
        return None
    if not all(one.isdigit() for one in groups) or (fraction and not fraction.isdigit()):
        return None
    number = float(f"{''.join(groups)}.{fraction or 0}") / (100 if form.percent else 1)
    return -number if negative or text.startswith("-") else number


FORMS = [
    NumberForm(",", strip=("¥",)),
    NumberForm(".", ",", ("€",)),
    NumberForm(" ", ",", ("元",)),
    NumberForm(percent=True),
    NumberForm(",", percent=True),
]


@given(st.integers(-(10**12), 10**12), st.sampled_from(FORMS), st.sampled_from("-("), st.booleans())
def test_what_is_written_is_read(cents: int, form: NumberForm, minus: str, last: bool) -> None:
    whole, fraction = divmod(abs(cents), 100)
    digits = f"{whole:,}".replace(",", form.thousands or "") + f"{form.decimal}{fraction:02}"
    word = form.strip[0].replace("¥", "￥") if form.strip else ""
    written = (f"{digits}{word}" if last else f"{word}{digits}") + ("%" if form.percent else "")
    if cents < 0:
        written = f"({written})" if minus == "(" else f"-{written}"
    read = form.read(pl.Series([written, None])).to_list()
    assert read == [pytest.approx(cents / 100 / (100 if form.percent else 1)), None]
    assert read[0] == pytest.approx(slow(written, form))


@given(st.text("0123456789,.- ()%", max_size=9), st.sampled_from(FORMS[:2]))
def test_nothing_is_read_that_is_not_written_so(text: str, form: NumberForm) -> None:
    read = form.read(pl.Series([text]))[0]
    expected = slow(text, form)
    if expected is not None and text[:1].isdigit() and text[-1:].isdigit():
        assert read == pytest.approx(expected)
    if "%" in text or (form.thousands == "," and text.endswith((",5", ",50"))):
        assert read is None


@pytest.mark.parametrize(
    ("values", "form", "units"),
    [
        (["¥139,000.00", "￥5.00", "-¥3"], NumberForm(",", strip=("¥",)), ()),
        (["24,000", "5", "1,234,567"], NumberForm(","), ()),
        (["1,00,000", "5,000"], NumberForm(","), ()),
        (["15.5%", "3％", "0"], NumberForm(percent=True), ()),
        (["$1,200", "($35.5)"], NumberForm(",", strip=("$",)), ()),
        (["1.234,50", "7,25"], NumberForm(".", ","), ()),
        (["5000元", "1,200元", "800 元"], NumberForm(",", strip=("元",)), ()),
        (["(1.5)", "2.5"], PLAIN, ()),
        (["1.5", "2"], None, ()),
        (["30天", "60天"], NumberForm(strip=("天",)), ()),
        (["30天", "60天", "3次"], None, ("天", "次")),
        (["8.99万", "4.46万"], NumberForm(multiply=("万",)), ()),
        (["¥30,000.00", "41,629", "¥8.99万"], NumberForm(",", strip=("¥",), multiply=("万",)), ()),
        (["3万元", "5 万元", "800元", "700元"], NumberForm(strip=("元",), multiply=("万",)), ()),
        (["35", "35笔"], NumberForm(strip=("笔",)), ()),
        (["36 m", "12 m"], NumberForm(strip=("m",)), ()),
        (["5M", "7M"], None, ("M",)),
        (["$5m", "$7m"], None, ("m",)),
        (["12 kg", "3 kg"], None, ("kg",)),
        (["138-0013-8000", "139-0000-1111"], None, ()),
        (["car", "bus"], None, ()),
        (["10-20", "20-30"], None, ()),
        ([None], None, ()),
    ],
)
def test_forms_are_found(values: list[str | None], form: NumberForm | None, units: tuple[str, ...]) -> None:
    found, words = form_of(pl.Series(values, dtype=pl.String))
    assert (found, words) == (form, units)
    if form is not None:
        assert form.read(pl.Series(values)).null_count() == 0


def test_a_schema_reads_them_once_and_again() -> None:
    frame = pl.DataFrame({"x": ["¥1,234.50", "-9", None], "r": ["15.5%", "0", "-2%"], "n": ["(3)", "４", "5"]})
    columns = {
        "x": {"thousands": ",", "strip": ["￥"], "special": [-9]},
        "r": {"type": "number", "percent": True},
        "n": {"type": "number"},
    }
    tables = Tables({"a": frame}, {"a": {"columns": columns}})
    assert tables["a"].rows() == [(1234.5, 0.155, -3.0), (-9.0, 0.0, 4.0), (None, -0.02, 5.0)]
    assert tables.replace(a=tables["a"].head(1))["a"].rows() == [(1234.5, 0.155, -3.0)]


@pytest.mark.parametrize(
    ("values", "promise", "words"),
    [
        (["¥1,200", "¥3"], {}, ["row 1 '¥1,200'", 'x = { thousands = ",", strip = ["¥"] }', "[a.columns]"]),
        (["15%", "3.5%"], {}, ["x = { percent = true }"]),
        (["1", "面议"], {}, ['missing = ["面议"]', "row 2 '面议'"]),
        (["15%", "0.2"], {"percent": True}, ["row 2 '0.2'", "percent = true"]),
        (["1,5"], {"thousands": ","}, ["row 1 '1,5'", 'decimal = ","']),
    ],
)
def test_what_cannot_be_read_says_what_to_write(values: list[str], promise: dict, words: list[str]) -> None:
    with pytest.raises(TablesError) as error:
        Tables({"a": pl.DataFrame({"x": values})}, {"a": {"columns": {"x": {"type": "number"} | promise}}})
    for word in [*words, "table a, column x"]:
        assert word in str(error.value)
    assert "category" not in str(error.value)


def test_magnitudes_are_read_per_value() -> None:
    values = ["¥30,000.00", "8.99万", "41,629", "1.2 亿元", "-3.5万", "（2万）", "3千", "约十万", "３５万", None]
    form, units = form_of(pl.Series(values))
    assert form is not None
    assert units == ()
    read = [30000.0, 89900.0, 41629.0, 120000000.0, -35000.0, -20000.0, 3000.0, None, 350000.0, None]
    assert form.read(pl.Series(values)).to_list() == read


def test_a_promise_reads_magnitudes_in_another_file() -> None:
    frame = pl.DataFrame({"income": ["8万", "12", "3.5万元"], "years": ["3年", "10年以上", "不满1年"]})
    columns = {"income": {"multiply": ["万"], "strip": ["元"]}, "years": {"strip": ["年", "不满", "以上"]}}
    tables = Tables({"t": frame}, {"t": {"columns": columns}})
    assert tables["t"].to_dict(as_series=False) == {"income": [80000.0, 12.0, 35000.0], "years": [3.0, 10.0, 1.0]}
    with pytest.raises(TablesError, match="multiply"):
        Tables({"t": frame}, {"t": {"columns": {"income": {"multiply": ["foo"]}}}})


def test_numbers_in_parts() -> None:
    form = NumberForm(multiply=("万", "千", "亿"))
    cells = pl.Series(["1万3千", "2亿3500万", "1万3000", "1万3", "1万3千万", "5千"])
    assert form.read(cells).to_list() == [13000.0, 235000000.0, 13000.0, None, None, 5000.0]


@pytest.mark.parametrize(
    ("bare", "read"), [("share", [0.05, 0.2, None]), ("percent", [0.05, 0.002, 0.206]), ("size", [0.05, 0.2, 0.206])]
)
def test_what_a_number_without_its_sign_is(bare: str, read: list[float | None]) -> None:
    schema = Schema.from_dict({"a": {"columns": {"x": {"percent": True, "bare": bare}}}})
    found = Tables({"a": pl.DataFrame({"x": ["5%", "0.2", "20.6"]})}, schema)["a"]["x"].to_list()
    assert found == [one if one is None else pytest.approx(one) for one in read]


def test_what_a_bare_number_is_is_said_of_per_cents_alone() -> None:
    with pytest.raises(TablesError, match="without any"):
        Schema.from_dict({"a": {"columns": {"x": {"bare": "size"}}}})


def test_a_word_that_means_nought_in_one_column(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,n,m\n1,无,无\n2,3,4\n3,,\n", encoding="utf-8")
    (tmp_path / "tables.toml").write_text(
        "[a]\nfile = 'a.csv'\nkey = 'id'\nmissing = ['无']\n[a.columns]\nn = { zero = ['无'] }\n", encoding="utf-8"
    )
    read = read_tables(tmp_path)["a"]
    assert (read["n"].to_list(), read["m"].to_list()) == ([0.0, 3.0, None], [None, 4.0, None])
