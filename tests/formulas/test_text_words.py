"""What a word is: in Python, on DuckDB and on PostgreSQL the same."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from itertools import pairwise
from pathlib import Path

import duckdb
import numpy as np
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tael.errors import FormulaError
from tael.formulas.operators import get
from tael.formulas.sql import texts as sql
from tael.formulas.sql.dialects import Dialect
from tael.formulas.tokens import CJK_BEYOND, LETTERS, fold, tokens
from tael.formulas.values import Values
from tael.tables.schema import Type


def row(op: str, texts: list[str | None], *words: str) -> list[float]:
    compute = get(op).compute
    assert compute is not None
    return compute(Values.text(texts), *(Values.category([word]) for word in words)).data.tolist()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("POS-Refund #42", ["pos", "refund", "42"]),
        ("退款refund退款", ["退", "款", "refund", "退", "款"]),
        ("B2B_transfer e-mail", ["b2b", "transfer", "e", "mail"]),
        ("Ärger café cafe\u0301", ["ärger", "café", "cafe\u0301"]),
        ("Возврат СРЕДСТВ", ["возврат", "средств"]),
        ("ΟΔΟΣ", ["οδοσ"]),
        ("환불 요청", ["환불", "요청"]),
        ("リファンド", list("リファンド")),
        ("ＡＴＭ１２，转账", ["ａｔｍ１２", "转", "账"]),
        ("धनवापसी किया।", ["धनवापसी", "किया"]),
        ("استرداد، نقد", ["استرداد", "نقد"]),
        ("🎉 thanks 🎉🎉", ["thanks"]),
        ("𠮷野家", ["𠮷", "野", "家"]),
        ("12.50元", ["12", "50", "元"]),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert tokens(text) == words
    assert row("n_words", [text, None, text]) == pytest.approx([len(words), np.nan, len(words)], nan_ok=True)


def test_the_ranges_hold_what_unicode_calls_letters_and_leave_out_punctuation() -> None:
    """Of the planes of scripts in use: Unicode's letters are words, its punctuation, symbols and spaces are not."""
    ranges = sorted((*LETTERS, *CJK_BEYOND))
    assert all(a[1] < b[0] for a, b in pairwise(ranges))
    letters = {point for first, last in LETTERS for point in range(first, last + 1)}
    wrong = [hex(p) for p in letters if p < 0x590 and unicodedata.category(chr(p))[0] in "PZ"]
    assert wrong == []
    for block in ((0x20, 0x250), (0x370, 0x530), (0x5D0, 0x5EB), (0x904, 0x940), (0xAC00, 0xD7A4), (0x1E00, 0x1F00)):
        missed = [hex(p) for p in range(*block) if unicodedata.category(chr(p))[0] == "L" and p not in letters]
        assert missed == []


def test_lower_case_keeps_the_length() -> None:
    every = [chr(p) for p in range(0x110000) if not 0xD800 <= p < 0xE000]
    assert all(len(fold(one)) == 1 for one in every)


@pytest.mark.parametrize(
    ("text", "words", "told"),
    [
        ("Full REFUND, please", ["refund"], True),
        ("refunded", ["refund"], False),
        ("prerefund", ["refund"], False),
        ("refund2", ["refund"], False),
        ("re_refund_x", ["refund"], True),
        ("退款refund", ["refund"], True),
        ("申请退款中", ["refund", "退款"], True),
        ("C++ course", ["c++"], True),
        ("c", ["c++"], False),
        ("cash  back", ["cash back"], False),
        ("CASH BACK!", ["gift", "cash back"], True),
        ("a.b", ["axb"], False),
        ("axb", ["a.b"], False),
        ("refund\n", ["refund"], True),
        ("ÄRGER", ["ärger"], True),
        ("", ["refund"], False),
    ],
)
def test_keyword(text: str, words: list[str], told: bool) -> None:
    assert row("keyword", [text], *words) == [float(told)]


def test_term_share() -> None:
    texts = ["Refund refund order", "refunded", "退款退款 ok", "", "...", None]
    assert row("term_share", texts, "REFUND")[:3] == [2 / 3, 0, 0]
    assert row("term_share", texts, "退款")[:3] == [0, 0, 2 / 5]
    assert np.isnan(row("term_share", texts, "refund")[3:]).all()


def test_parts() -> None:
    assert row("occurrences", ["aaaa", "/a//", "", "A"], "aa") == [2, 0, 0, 0]
    assert np.isnan(row("occurrences", ["aaaa", None], "")).all()
    assert row("digits", ["4111-1111 ５", "", "²"]) == [9, 0, 0]
    assert row("starts_with", ["POS 1", "pos 1", ""], "POS") == [1, 0, 0]
    assert row("starts_with", ["POS 1", ""], "") == [1, 1]


def test_each_distinct_text_is_looked_at_once() -> None:
    from tael.formulas.operators.text import per_text

    seen: list[str] = []

    def look(one: str) -> float:
        seen.append(one)
        return 1.0

    column = Values.text(["a", "b", None, "a"] * 100)
    assert per_text(column, look).size == 400
    assert seen == ["a", "b"]
    levels = Values(Type.CATEGORY, np.array([2, -1, 2], dtype=np.int32), tuple("abcdef"))
    seen.clear()
    assert per_text(levels, look)[[0, 2]].tolist() == [1.0, 1.0]
    assert seen == ["c"]


@pytest.mark.parametrize("word", ["", " ", "#", "refund ", "🎉"])
def test_what_is_no_word_is_refused(word: str) -> None:
    with pytest.raises(FormulaError, match="no word"):
        row("keyword", ["a"], word)


@pytest.mark.parametrize("word", ["", "cash back", "e-mail", "退款refund", "退 款"])
def test_what_is_not_one_term_is_refused(word: str) -> None:
    with pytest.raises(FormulaError, match="counts one word"):
        row("term_share", ["a"], word)


@pytest.mark.parametrize("op", ["keyword", "term_share"])
def test_words_are_constants(op: str) -> None:
    compute = get(op).compute
    assert compute is not None
    column = Values.text(["a", "b"])
    with pytest.raises(FormulaError, match="in quotes"):
        compute(column, column)


# ------------------------------------------------------------------ the databases
# letters that every database lowers alike in a Unicode locale; no NUL, which PostgreSQL cannot hold
LETTER = st.sampled_from(
    [*"abAB12_ -.,/\n\t'\\^]+*", *"äÄéЖжΩω退款中房𠮷リ々환불ＡａＢ５，。🎉 क।ا،", "\u0301", "refund", "退款"]
)
MEMOS = st.lists(LETTER, max_size=12).map("".join)
KEYWORDS = [["refund"], ["ab", "Ж"], ["退款"], ["c++", "房", "ÄB"], ["a", "1.a"], ["a^]b", "b\\a", "a-b"]]
TERMS = ["refund", "a", "ж", "退款", "中", "𠮷", "ａ"]


def asked(dialect: Dialect) -> str:
    columns = [sql.n_words(dialect, "t"), sql.digits(dialect, "t")]
    columns += [sql.occurrences(dialect, "t", dialect.literal(part)) for part in ("a", "退款", "/", "")]
    columns += [sql.keyword(dialect, "t", words) for words in KEYWORDS]
    columns += [sql.term_share(dialect, "t", term) for term in TERMS]
    return ", ".join(f"CAST({dialect.tidy(one)} AS {dialect.double})" if "~" not in one and "REGEXP_MATCHES" not in one
                     else f"CAST(CAST({dialect.tidy(one)} AS INT) AS {dialect.double})" for one in columns)  # fmt: skip


def told(text: str) -> list[float]:
    values = [row("n_words", [text]), row("digits", [text])]
    values += [row("occurrences", [text], part) for part in ("a", "退款", "/", "")]
    values += [row("keyword", [text], *words) for words in KEYWORDS]
    values += [row("term_share", [text], term) for term in TERMS]
    return [one[0] for one in values]


def compare(text: str, got: tuple[float | None, ...] | None) -> None:
    assert got is not None
    found = [np.nan if one is None else one for one in got]
    assert found == pytest.approx(told(text), rel=1e-12, nan_ok=True), repr(text)


@cache
def duck() -> tuple[duckdb.DuckDBPyConnection, str]:
    return duckdb.connect(config={"threads": 1}), f"SELECT {asked(Dialect.named('duckdb'))} FROM (SELECT ? AS t)"


@given(text=MEMOS)
@settings(max_examples=60)
def test_words_on_duckdb(text: str) -> None:
    connection, statement = duck()
    compare(text, connection.execute(statement, [text]).fetchone())


@pytest.mark.postgres
def test_words_on_postgres(postgres_server: Path) -> None:
    connection = psycopg.connect(host=str(postgres_server), user="tael", password="hunter2", dbname="postgres")
    dialect = Dialect.named("postgres")
    located = connection.execute("SELECT datctype FROM pg_database WHERE datname = 'postgres'").fetchone()
    assert located is not None
    plain = re.fullmatch(r"C|POSIX", located[0]) is not None
    statement = f"SELECT {asked(dialect).replace('%', '%%')} FROM (SELECT CAST(%s AS TEXT) AS t) AS one"

    @given(text=MEMOS.filter(lambda one: not plain or one.lower() == re.sub("[A-Z]", lambda m: m[0].lower(), one)))
    @settings(max_examples=60)
    def check(text: str) -> None:
        compare(text, connection.execute(statement.encode(), [text]).fetchone())

    with connection:
        check()


def test_a_column_of_words_is_refused_in_sql() -> None:
    from tael.formulas.bound import BoundColumn

    with pytest.raises(FormulaError, match="in quotes"):
        sql.constants("keyword", [BoundColumn("t", (), "t", "word", Type.TEXT)])
