"""The text of the statements: golden, stable, quoted, refused where it cannot be said."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb
import pytest
import sqlglot

from tael.errors import FormulaError
from tael.formulas.operators import REGISTRY
from tael.formulas.sql import DIALECTS, operators_in_sql, to_sql
from tael.formulas.sql.dialects import Dialect
from tael.tables.schema import Schema, Type

GOLDEN = Path(__file__).with_name("sql_golden.sql")
SCHEMA = Schema.from_dict(
    {
        "customers": {"key": "customer_id", "columns": {"income": {"type": "number", "special": [-9]}}},
        "loans": {
            "key": "loan_id",
            "time": "opened",
            "known_at": "reported",
            "title": {"en": "loans"},
            "columns": {
                "customer_id": {"to": "customers"},
                "amount": {"type": "number"},
                "purpose": {"type": "category"},
                "settled": {"type": "time", "known_at": "settled"},
                "Limit": {"type": "number"},
                "remark": {"type": "text"},
            },
        },
        "visits": {"time": "day", "columns": {"customer_id": {"to": "customers"}, "seconds": {"type": "number"}}},
        "cards": {"columns": {"customer_id": {"to": "customers"}, "brand": {"type": "category"}}},
    }
)
THREE = {
    "car_loans": 'sum(loans.amount, where=purpose == "car", last="90d")',
    "open_to_income": "sum(loans.amount, where=is_missing(settled)) / customers.income",
    "usual_purpose": 'mode(loans.purpose, last="1y")',
}


def sql(*formulas: str, dialect: str = "duckdb", entity: str = "loans", own: dict[str, Type] | None = None) -> str:
    names = [f"f{number}" for number in range(len(formulas))]
    return to_sql(list(formulas), names, SCHEMA, entity, dialect=dialect, own=own)


def test_golden() -> None:
    text = to_sql(list(THREE.values()), list(THREE), SCHEMA, "loans")
    assert text == GOLDEN.read_text(encoding="utf-8")
    assert text == to_sql(list(THREE.values()), list(THREE), SCHEMA, "loans")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_sqlglot_reads_the_whole_statement(dialect: str) -> None:
    # the Spark dialect is parsed here and nowhere run
    examples = [
        'count(loans, where=contains(remark, "x"))', "last(loans.amount)", "first(loans.purpose)",
        "trend(loans.amount)",
        "gap_std(visits)", "gap_mean(visits)", "mode(loans.amount)", "n_unique(cards.brand)", "std(loans.amount)",
        'share(loans, where=weekday(opened) >= 5, last="3mo")', "days_since_last(loans)", "round(amount, 1)",
        "round(amount) ** 0.5", "log1p(amount)", "exp(amount)", "is_weekend(cutoff)", "clip(amount, 0, 1)",
        'max(loans.Limit, where=purpose in ("it\'s", "a\\\\b"))', "day_of_year(opened)", "opened - settled",
    ]  # fmt: skip
    text = sql(*examples, dialect=dialect)
    (statement,) = sqlglot.parse(text, read=dialect)
    assert isinstance(statement, sqlglot.exp.Select)
    assert [one.alias_or_name for one in statement.expressions] == [
        "loan_id", "cutoff", *(f"f{number}" for number in range(len(examples)))
    ]  # fmt: skip


def test_aggregates_of_one_path_share_one_scan() -> None:
    text = sql("sum(loans.amount)", 'mean(loans.amount, last="30d")', "mode(loans.purpose)", "count(visits)")
    assert text.count("JOIN read_loans AS b") == 1
    assert text.count("JOIN read_visits AS b") == 1
    assert text.count("FROM loans AS t") == 1


def test_every_feature_says_what_it_is() -> None:
    text = sql(*THREE.values())
    assert "-- total amount of earlier car loans in the last 90 days: " in text


def test_a_line_break_in_a_formula_ends_no_comment() -> None:
    text = sql('count(loans, where=purpose == "a\\n; DROP TABLE loans; --\'")')
    assert len(sqlglot.parse(text, read="duckdb")) == 1
    # once as the text of the condition, else behind the mark of a comment
    assert [line for line in text.splitlines() if line.startswith("; DROP")] == [
        "; DROP TABLE loans; --''' AS condition_1"
    ]
    assert all(line.lstrip()[:2] in ("--", "; ") for line in text.splitlines() if "DROP" in line)


def test_reserved_words_are_quoted() -> None:
    words = duckdb.execute("SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category = 'reserved'").fetchall()
    quote = Dialect.named("duckdb").quote
    assert [word for (word,) in words if quote(word) == word] == []
    assert quote('A "b"') == '"A ""b"""'


def test_ties_without_a_key_are_told() -> None:
    assert "in no order where there is no key: visits" in sql("last(visits.seconds)")
    assert "no order" not in sql("last(loans.amount)")


@pytest.mark.parametrize(
    ("formula", "problem"),
    [
        ("mode(cards.brand)", "have no order"),
        ("round(amount, Limit)", "constant number of decimals"),
        ("gap_mean(loans.settled)", "other than the table's own"),
        ('sum(loans.amount, next="30d")', "must not look forward"),
        ("no_such + 1", "no column"),
    ],
)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_cannot_be_said_names_the_formula(formula: str, problem: str, dialect: str) -> None:
    with pytest.raises(FormulaError, match=problem) as error:
        sql("amount", formula, dialect=dialect)
    assert formula in str(error.value)


def test_repeated_keys_are_refused() -> None:
    tables = SCHEMA.to_dict()
    tables["customers"] = {**tables["customers"], "duplicates": "first"}
    with pytest.raises(FormulaError, match="keeps one of several rows") as error:
        to_sql(["customers.income"], ["f"], Schema.from_dict(tables), "loans")
    assert "customers.income" in str(error.value)


@pytest.mark.parametrize("names", [[], ["a"], ["a", "A"], ["loan_id", "a"], ["a", "cutoff"], ["", "a"]])
def test_names_must_differ(names: list[str]) -> None:
    with pytest.raises(FormulaError, match="name"):
        to_sql(["amount", "amount + 1"], names, SCHEMA, "loans")


def test_names_that_postgres_would_cut() -> None:
    long = "贷款" * 11
    with pytest.raises(FormulaError, match="cut"):
        to_sql(["amount"], [long], SCHEMA, "loans", dialect="postgres")
    assert long in to_sql(["amount"], [long], SCHEMA, "loans")


def test_unknown_dialect_and_absent_sqlglot(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FormulaError, match='Did you mean "postgres"'):
        sql("amount", dialect="postgresql")
    with pytest.raises(FormulaError, match="at least one"):
        sql()
    monkeypatch.setitem(sys.modules, "sqlglot", None)
    with pytest.raises(FormulaError, match="tael\\[sql\\]"):
        sql("amount")


def test_names_of_ctes_avoid_the_users_tables() -> None:
    tables = {**SCHEMA.to_dict(), "observed": {}, "read_loans": {}, "loans_of_customer_id": {}}
    text = to_sql(["count(loans)"], ["f"], Schema.from_dict(tables), "loans", observations="Asked")
    assert 'FROM "Asked" AS o' in text
    assert "FROM risk.to_score AS o" in to_sql(["amount"], ["f"], SCHEMA, "loans", observations="risk.to_score")
    for name in ("observed_2 AS (", "read_loans_2 AS (", "loans_of_customer_id_2 AS ("):
        assert name in text


# Operators that are not in SQL, each with its reason; `to_sql` refuses them by name.
NOT_IN_SQL: dict[str, str] = {}


def test_every_operator_is_in_sql_or_listed() -> None:
    assert set(REGISTRY) - operators_in_sql() == set(NOT_IN_SQL)


def test_an_operator_that_is_not_in_sql_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("tael.formulas.sql.expressions.Writer._log")
    monkeypatch.delattr("tael.formulas.sql.aggregates.Batch._std")
    assert operators_in_sql() == set(REGISTRY) - {"log", "std", *NOT_IN_SQL}
    for formula in ("log(amount)", "std(loans.amount)"):
        with pytest.raises(FormulaError, match="not in SQL yet") as error:
            sql(formula)
        assert formula in str(error.value)
