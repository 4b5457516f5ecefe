from __future__ import annotations

import pytest

from tael.errors import FormulaError
from tael.formulas.bound import BoundAggregate, BoundCall, BoundColumn, BoundCutoff, BoundLiteral, Path, walk_bound
from tael.formulas.durations import Duration
from tael.formulas.relations import path_text, paths
from tael.formulas.resolve import resolve
from tael.formulas.syntax import Call, Literal, Name, Node
from tael.tables.schema import Schema, Type


@pytest.mark.parametrize(
    ("text", "hops", "table", "column", "kind"),
    [
        ("amount", (), "loans", "amount", "number"),
        ("loans.amount", (), "loans", "amount", "number"),
        ("customers.age", ("customer_id",), "customers", "age", "number"),
        ("customer_id.age", ("customer_id",), "customers", "age", "number"),
        ("districts.income", ("customer_id", "district_id"), "districts", "income", "number"),
        ("customer_id.district_id.income", ("customer_id", "district_id"), "districts", "income", "number"),
        ("customers.district_id.income", ("customer_id", "district_id"), "districts", "income", "number"),
        ("customer_id.districts.income", ("customer_id", "district_id"), "districts", "income", "number"),
        ("approved", (), "loans", "approved", "time"),
        ("loan_id", (), "loans", "loan_id", "category"),
        ("device_id", (), "loans", "device_id", "category"),
        ("customers.district_id", ("customer_id",), "customers", "district_id", "category"),
    ],
)
def test_columns_upwards(bank: Schema, text: str, hops: tuple[str, ...], table: str, column: str, kind: str) -> None:
    assert resolve(text, bank, "loans") == BoundColumn("loans", hops, table, column, Type(kind))


def test_own_columns_win(bank: Schema) -> None:
    own = {"amount": Type.CATEGORY, "channel": Type.FLAG}
    assert resolve("amount", bank, "loans", own=own).type is Type.CATEGORY
    assert resolve("channel", bank, "loans", own=own) == BoundColumn("loans", (), "loans", "channel", Type.FLAG)
    inside = resolve('sum(loans.amount, via="device_id")', bank, "loans", own=own)
    assert isinstance(inside, BoundAggregate)
    assert inside.value == BoundColumn("loans", (), "loans", "amount", Type.NUMBER)


def test_an_aggregate_in_full(bank: Schema) -> None:
    bound = resolve('sum(transactions.amount, where=operation == "cash", last="90d")', bank, "loans")
    operation = BoundColumn("transactions", (), "transactions", "operation", Type.CATEGORY)
    assert bound == BoundAggregate(
        op="sum",
        path=Path(("customer_id",), (("transactions", "customer_id"),)),
        table="transactions",
        value=BoundColumn("transactions", (), "transactions", "amount", Type.NUMBER),
        where=BoundCall("eq", (operation, BoundLiteral("cash", Type.CATEGORY)), Type.FLAG),
        window=Duration(90, "d"),
        forward=False,
        gap=None,
        type=Type.NUMBER,
    )
    assert hash(bound) == hash(
        resolve('sum(transactions.amount, where=operation == "cash", last="90d")', bank, "loans")
    )


def test_the_base_is_the_table_from_which_all_others_are_reached(bank: Schema) -> None:
    bound = resolve("mean(instalments.paid - customers.born, where=loans.amount > loan_id.term)", bank, "customers")
    assert isinstance(bound, BoundAggregate)
    assert bound.table == "instalments"
    assert bound.path == Path((), (("loans", "customer_id"), ("instalments", "loan_id")))
    hops = {one.hops for one in walk_bound(bound) if isinstance(one, BoundColumn)}
    assert hops == {(), ("loan_id",), ("loan_id", "customer_id")}


@pytest.mark.parametrize(
    ("text", "hops", "table"),
    [
        ("mean(instalments.loan_id.amount)", ("loan_id",), "loans"),
        ("mean(instalments.loans.amount)", ("loan_id",), "loans"),
        ("mean(instalments.loan_id.customer_id.age)", ("loan_id", "customer_id"), "customers"),
        ("mean(instalments.customers.age)", ("loan_id", "customer_id"), "customers"),
    ],
)
def test_a_parents_column_goes_over_the_rows_of_the_base_named_first(
    bank: Schema, text: str, hops: tuple[str, ...], table: str
) -> None:
    bound = resolve(text, bank, "customers")
    assert isinstance(bound, BoundAggregate)
    assert bound.table == "instalments"
    column = text.removesuffix(")").rsplit(".", 1)[1]
    assert bound.value == BoundColumn("instalments", hops, table, column, Type.NUMBER)


def test_the_base_tables_name_wins_over_its_own_column_of_that_name() -> None:
    """`boss.pay` inside an aggregate over `boss` is the row's pay, not that of the boss it points to."""
    column = {"boss": {"to": "boss"}, "pay": {"type": "number"}}
    schema = Schema.from_dict({"boss": {"key": "id", "time": "t", "columns": column}})
    for text, hops in [("mean(boss.pay)", ()), ("mean(boss.boss.pay)", ("boss",))]:
        bound = resolve(text, schema, "boss")
        assert isinstance(bound, BoundAggregate)
        assert bound.value == BoundColumn("boss", hops, "boss", "pay", Type.NUMBER)


def test_days_take_the_time_of_the_table(bank: Schema) -> None:
    bound = resolve("days_since_last(instalments)", bank, "loans")
    assert isinstance(bound, BoundAggregate)
    assert bound.value == BoundColumn("instalments", (), "instalments", "due", Type.TIME)
    named = resolve("days_since_last(instalments.paid)", bank, "loans")
    assert isinstance(named, BoundAggregate)
    assert named.value == BoundColumn("instalments", (), "instalments", "paid", Type.TIME)


def test_labels_look_forward(bank: Schema) -> None:
    bound = resolve('max(instalments.late, next="12mo", gap="7d") >= 90', bank, "loans", label=True)
    (aggregate,) = [one for one in walk_bound(bound) if isinstance(one, BoundAggregate)]
    assert (aggregate.window, aggregate.forward, aggregate.gap) == (Duration(12, "mo"), True, Duration(7, "d"))
    assert resolve("defaulted", bank, "loans", label=True).type is Type.FLAG


@pytest.mark.parametrize(
    ("text", "entity", "path"),
    [
        ("count(instalments)", "loans", Path((), (("instalments", "loan_id"),))),
        ("count(loans)", "loans", None),
        ('count(loans, via="customer_id")', "loans", Path(("customer_id",), (("loans", "customer_id"),))),
        ('count(loans, via="device_id")', "loans", Path(("device_id",), (("loans", "device_id"),))),
        ("count(transfers)", "customers", None),
        ('count(transfers, via="sender_id")', "customers", Path((), (("transfers", "sender_id"),))),
        ('count(transfers, via="transfers.sender_id")', "customers", Path((), (("transfers", "sender_id"),))),
        (
            'count(transfers, via="customer_id.receiver_id")',
            "loans",
            Path(("customer_id",), (("transfers", "receiver_id"),)),
        ),
        (
            'count(transactions, via="customer_id.district_id")',
            "loans",
            Path(("customer_id", "district_id"), (("customers", "district_id"), ("transactions", "customer_id"))),
        ),
    ],
)
def test_paths(bank: Schema, text: str, entity: str, path: Path | None) -> None:
    if path is None:
        with pytest.raises(FormulaError, match=r"Say which one with `via=`"):
            resolve(text, bank, entity)
        return
    bound = resolve(text, bank, entity)
    assert isinstance(bound, BoundAggregate)
    assert bound.path == path


@pytest.mark.parametrize("entity", ["loans", "customers", "instalments", "transfers", "districts"])
def test_every_path_has_a_text_that_means_it(bank: Schema, entity: str) -> None:
    found = paths(bank, entity)
    assert len(set(found)) == len(found)
    assert found == paths(Schema.from_dict(bank.to_dict()), entity)
    assert [len(path) for path in found] == sorted(len(path) for path in found)
    for path in found:
        assert bank.tables[path.base].time is not None
        via = path_text(path, bank, entity)
        options = () if via is None else (("via", Literal(via)),)
        bound = resolve(Call("count", (Name((path.base,)),), options), bank, entity)
        assert isinstance(bound, BoundAggregate)
        assert bound.path == path


def test_paths_follow_every_relation(bank: Schema) -> None:
    """Against a plain walk over all foreign keys."""
    keys = [(t, c, p.to) for t, table in bank.tables.items() for c, p in table.columns.items() if p.to]

    def up(table: str, left: int) -> set[tuple[tuple[str, ...], str]]:
        ways: set[tuple[tuple[str, ...], str]] = {((), table)}
        if left:
            ways |= {((c, *more), end) for t, c, to in keys if t == table for more, end in up(to, left - 1)}
        return ways

    def down(table: str, left: int) -> set[tuple[tuple[str, str], ...]]:
        if not left:
            return set()
        steps = [(t, c) for t, c, to in keys if to == table]
        return {((t, c),) for t, c in steps} | {((t, c), *more) for t, c in steps for more in down(t, left - 1)}

    wanted = {Path(hops, way) for hops, end in up("loans", 2) for way in down(end, 2)}
    timed = {path for path in wanted if bank.tables[path.base].time}
    assert set(paths(bank, "loans")) == timed


def test_a_table_that_points_to_itself_is_climbed_once() -> None:
    schema = Schema.from_dict({"people": {"key": "id", "time": "t", "columns": {"boss": {"to": "people"}}}})
    assert set(paths(schema, "people")) == {Path((), (("people", "boss"),)), Path(("boss",), (("people", "boss"),))}
    assert resolve("boss.id", schema, "people") == BoundColumn("people", ("boss",), "people", "id", Type.CATEGORY)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("amount > 3", "flag"),
        ("approved - customers.born", "number"),
        ("cutoff - approved", "number"),
        ('approved > "2024-01-31"', "flag"),
        ('approved in ("2024-01-31", "2024-02-01 12:00")', "flag"),
        ("insured + 1", "number"),
        ("insured == True", "flag"),
        ("insured == 1", "flag"),
        ('where(purpose == "car", amount, insured)', "number"),
        ('coalesce(purpose, "none")', "category"),
        ("where(insured, remark, purpose)", "text"),
        ("maximum(approved, customers.born)", "time"),
        ("min(instalments.due)", "time"),
        ("max(instalments.late)", "number"),
        ("first(instalments.due)", "time"),
        ("mode(transactions.operation)", "category"),
        ("n_unique(contacts.phone)", "number"),
        ("count(contacts.phone)", "number"),
        ('remark == "x"', "flag"),
        ("share(instalments, where=late > 0)", "number"),
    ],
)
def test_types(bank: Schema, text: str, kind: str) -> None:
    assert resolve(text, bank, "loans").type is Type(kind)


def test_times_in_text_become_times(bank: Schema) -> None:
    bound = resolve('approved >= "1970-01-02"', bank, "loans")
    assert isinstance(bound, BoundCall)
    assert bound.args[1] == BoundLiteral(86_400_000_000, Type.TIME)


def test_days_since_takes_the_cutoff(bank: Schema) -> None:
    bound = resolve("days_since(approved)", bank, "loans")
    assert isinstance(bound, BoundCall)
    assert bound.args[1] == BoundCutoff()


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("amont", ['no column "amont" in "loans"', 'Did you mean "amount"?']),
        ("customers.agee", ['no column "agee" in "customers"', 'Did you mean "age"?']),
        ("custmers.age", ['"custmers" is neither a table', 'Did you mean "customers"?']),
        ("transactions.amount", ["no single row", "`sum(transactions.column)`"]),
        ("weather.rain", ["no single row", "tables.toml"]),
        ("device_id.model", ["shared value without a table", 'via="device_id"']),
        ("loans", ["is a table, not a value", "count(loans)"]),
        ("unsure", ["The type of", "not known", "tables.toml"]),
        ("defaulted", ['role "label"', "label formulas alone"]),
        ("outcome", ['role "ignore"', "in no formula"]),
        ('n_unique(loans.outcome, via="device_id")', ['role "ignore"']),
        ('count(instalments, next="3d")', ["must not look forward", 'Write `last="3d"`']),
        ('sum(instalments.late, gap="3d")', ["`next=` beside it"]),
        ("purpose == 3", ["cannot be compared", "category and number", '("1", not 1)']),
        ("insured == 'yes'", ["cannot be compared"]),
        ("purpose > 'a'", ["argument 1 of `gt`", "category"]),
        ("approved > 3", ["no common order", "days_since"]),
        ("approved - 3", ["A time and a number cannot be subtracted"]),
        ("approved + 3", ["The type does not fit"]),
        ("approved > 'soon'", ["This is no time", "2024-01-31"]),
        ("approved > '2024-01-01T00:00+08:00'", ["without a zone"]),
        ("log(purpose)", ["argument of `log`", "makes a flag"]),
        ("log(remark)", ["`length(...)`"]),
        ("log(amount, 2)", ["wrong number of arguments", "expected: 1"]),
        ("not amount", ["Write a condition"]),
        ("amount and insured", ["Write a condition"]),
        ("where(amount, 1, 2)", ["chooses by a condition"]),
        ("where(insured, 1, 'a')", ["different types"]),
        ("sum(amount)", ["does not say over which table", "`sum(transactions.amount)`"]),
        ("sum(instalments)", ["needs a column"]),
        ("sum(transactions.operation)", ["The type does not fit", "in `sum(transactions.operation)`"]),
        ("mode(contacts.phone)", ["The type does not fit", "text"]),
        ("max(loans.remark, via='device_id')", ["The type does not fit"]),
        ("count(transactions, where=amount)", ["`where=` takes a condition", "number in `amount`"]),
        ("share(instalments)", ["needs a condition"]),
        ("share(instalments.late, where=late > 1)", ["share of rows"]),
        ("count(contacts, last='3d')", ['"contacts" has no time']),
        ("days_since_last(contacts)", ['"contacts" has no time']),
        ("count(weather)", ["are not related", "tables.toml"]),
        ("mean(districts.income)", ["lies above", "`districts.column`"]),
        ("mean(sum(instalments.late))", ["does not say over which table", "over=loans"]),
        ("mean(sum(instalments.late), over=lons)", ["`over=` takes a table", 'Did you mean "loans"?']),
        ('mean(amount, by=purpose, last="3d")', ["no order of time", 'among="as_of"']),
        ("last(amount, by=purpose)", ["no order of time"]),
        ('mean(amount, among="as_of")', ["says which peers", "by="]),
        ("mean(amount, by=remark)", ["what rows can share", "a text"]),
        ("mean(amount, by=3)", ["what rows can share", "a constant"]),
        ('mean(amount, by=count(instalments), among="as_of")', ["Peers in time", "Leave `among=` out"]),
        ('mean(amount, by=purpose, via="x")', ["`by=` and `via=` do not go together"]),
        ('max(instalments.late - mean(late, by=loan_id, among="as_of"))', ["outside aggregates"]),
        ("mean(loans.amount, by=purpose, within='3d')", ["takes no `within=`"]),
        ("mean(instalments.late - transactions.amount)", ["not clear over which table"]),
        ("sum(instalments.late, where=transactions.amount > 1)", ["does not lie above"]),
        ("min(amount, term)", ["minimum(a, b)"]),
        ("count(transfers)", ['via="customer_id.receiver_id" or via="customer_id.sender_id"']),
        ("count(loans, via='custmer_id')", ["leads from", 'Did you mean "customer_id"?']),
        ("sum(12)", ["does not say over which table"]),
    ],
)
def test_errors_say_what_to_do(bank: Schema, text: str, messages: list[str]) -> None:
    with pytest.raises(FormulaError) as error:
        resolve(text, bank, "loans")
    for message in messages:
        assert message in str(error.value)
    assert error.value.where


def test_two_ways_up_are_listed() -> None:
    schema = Schema.from_dict(
        {
            "customers": {"key": "customer_id", "columns": {"age": {"type": "number"}}},
            "loans": {"columns": {"customer_id": {"to": "customers"}, "guarantor_id": {"to": "customers"}}},
        }
    )
    with pytest.raises(FormulaError, match=r"`customer_id\.column` or `guarantor_id\.column`"):
        resolve("customers.age", schema, "loans")
    assert resolve("guarantor_id.age", schema, "loans").type is Type.NUMBER


def test_an_unknown_entity(bank: Schema) -> None:
    with pytest.raises(FormulaError, match='Did you mean "loans"'):
        resolve("amount", bank, "loan")


def test_both_directions_at_once(bank: Schema) -> None:
    with pytest.raises(FormulaError, match="not both"):
        resolve('count(instalments, last="3d", next="3d")', bank, "loans", label=True)


def test_a_deep_tree_made_in_python_is_refused(bank: Schema) -> None:
    node: Node = Name(("amount",))
    for _ in range(5_000):
        node = Call("neg", (node,))
    with pytest.raises(FormulaError, match="nested too deeply"):
        resolve(node, bank, "loans")


@pytest.mark.parametrize(
    ("node", "message"),
    [
        (Call("boom", ()), 'no operator "boom"'),
        (Call("log", (Name(("amount",)),), (("last", Literal("3d")),)), "takes no named arguments"),
        (Call("count", (Name(("instalments",)),), (("bye", Name(("term",))),)), 'no option "bye"'),
        (Call("count", (Name(("instalments",)),), (("last", Literal(3.0)),)), "text in quotes"),
        (Call("in", (Name(("term",)), Name(("amount",)))), "constants alone"),
    ],
)
def test_trees_made_in_python_are_checked_too(bank: Schema, node: Node, message: str) -> None:
    with pytest.raises(FormulaError, match=message):
        resolve(node, bank, "loans")
