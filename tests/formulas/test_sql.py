"""The text of the statements: golden, stable, quoted, refused where it cannot be said."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb
import pytest
import sqlglot

from tael.engine.peers import Population
from tael.errors import FormulaError
from tael.formulas.operators import ON_TABLES
from tael.formulas.sql import DIALECTS, NOT_IN_SQL, operators_in_sql, to_sql
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


LAYERED = {
    "visits_per_loan": 'mean(count(visits), over=loans, last="1y", via="customer_id")',
    "to_siblings": "max(loans.amount / mean(loans.amount, by=purpose))",
    "to_peers": 'amount / mean(amount, by=purpose, among="as_of")',
    "to_training": "amount / mean(amount, by=purpose)",
    "ahead": "count(loans, where=settled > cutoff)",
    "busiest_week": 'burst(visits, within="7d")',
}
MATCHED = 'matched(loans.amount, 0.1, after=purpose == "car", where=purpose == "home", within="2d")'
TRAINED = {"mean(amount, by=purpose)": Population([["car", "it's"]], [Type.CATEGORY], [0.1, None], Type.NUMBER)}
SIDE_BY_SIDE = [
    "median(loans.amount)", "quantile(loans.amount, 0.9)", "entropy(loans.purpose)", "top_share(loans.purpose)",
    "longest_streak(loans, where=amount > 1)", 'burst(loans, within="36h", last="90d")', "periodicity(loans)",
    "balance_after(loans.amount)", "slope(loans.amount, Limit)", "share_of(loans.amount, where=Limit > 1)",
    'next_event(loans, after=amount > 1, where=Limit > 1, last="1y")',
    'max(longest_streak(loans, where=amount > 1, by=purpose), over=loans, via="customer_id")',
]  # fmt: skip


def test_golden_in_layers() -> None:
    text = to_sql(list(LAYERED.values()), list(LAYERED), SCHEMA, "loans", fitted=TRAINED)
    assert text == GOLDEN.with_name("sql_layers_golden.sql").read_text(encoding="utf-8")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_sqlglot_reads_layers_and_side_by_side(dialect: str) -> None:
    formulas = [*LAYERED.values(), *SIDE_BY_SIDE]
    names = [f"f{number}" for number in range(len(formulas))]
    text = to_sql(formulas, names, SCHEMA, "loans", dialect=dialect, fitted=TRAINED)
    (statement,) = sqlglot.parse(text, read=dialect)
    assert isinstance(statement, sqlglot.exp.Select)
    assert [one.alias_or_name for one in statement.expressions] == ["loan_id", "cutoff", *names]
    # every CTE is named once, and before it is read
    ctes = [cte.alias for cte in statement.find_all(sqlglot.exp.CTE)]
    assert len(set(ctes)) == len(ctes)
    for place, cte in enumerate(statement.find_all(sqlglot.exp.CTE)):
        read = {table.name for table in cte.this.find_all(sqlglot.exp.Table)}
        assert not read & set(ctes[place:])
    # sqlglot would make an approximate percentile of it
    assert "APPROX" not in text


@pytest.mark.parametrize("dialect", DIALECTS)
def test_peers_in_training_that_were_not_fitted(dialect: str) -> None:
    with pytest.raises(FormulaError, match="none were given") as error:
        sql("amount / mean(amount, by=purpose)", dialect=dialect)
    assert 'among="as_of"' in str(error.value)


def test_rows_without_a_key_have_nothing_of_their_own() -> None:
    tables = {**SCHEMA.to_dict(), "swipes": {"time": "at", "columns": {"card": {"to": "cards"}}}}
    with pytest.raises(FormulaError, match='"cards" has no key') as error:
        to_sql(["max(count(swipes), over=cards)"], ["f"], Schema.from_dict(tables), "loans")
    assert "over=cards" in str(error.value)


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


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_operator_is_in_sql_or_listed(dialect: str) -> None:
    # no longer than needed: whatever can be written must not stand in the list
    assert set(ON_TABLES) - operators_in_sql(dialect) == set(NOT_IN_SQL[dialect])
    assert set(NOT_IN_SQL[dialect]) == ({"matched"} if dialect == "spark" else set())


def test_what_sql_cannot_say_gives_its_reason() -> None:
    with pytest.raises(FormulaError, match="one after another") as error:
        sql(MATCHED, dialect="spark")
    assert "matched(loans.amount" in str(error.value)


@pytest.mark.parametrize("dialect", ["duckdb", "postgres"])
def test_sqlglot_reads_a_walk(dialect: str) -> None:
    (statement,) = sqlglot.parse(sql(MATCHED, dialect=dialect), read=dialect)
    assert isinstance(statement, sqlglot.exp.Select)


def test_an_operator_that_is_not_in_sql_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("tael.formulas.sql.expressions.Writer._log")
    monkeypatch.delattr("tael.formulas.sql.aggregates.Batch._std")
    assert operators_in_sql() == set(ON_TABLES) - {"log", "std"}
    for formula in ("log(amount)", "std(loans.amount)"):
        with pytest.raises(FormulaError, match="not in SQL yet") as error:
            sql(formula)
        assert formula in str(error.value)
