"""Network operators as text: what they need, what they refuse, and how they are said."""

from __future__ import annotations

import re

import pytest

from tael.errors import FormulaError
from tael.formulas import unit_of, words
from tael.formulas.networks import amount_of, edge_tables
from tael.formulas.operators import ON_NETWORKS, reference
from tael.formulas.parser import parse
from tael.formulas.printer import to_text
from tael.formulas.resolve import resolve
from tael.formulas.words import words as say
from tael.tables.schema import Schema

SCHEMA = Schema.from_dict({
    "accounts": {"key": "id", "columns": {"age": {"type": "number"}}},
    "transfers": {"time": "at", "title": {"en": "transfers", "zh": "转账"}, "columns": {
        "sender": {"to": "accounts"}, "receiver": {"to": "accounts"},
        "amount": {"type": "number", "unit": "CNY", "title": {"zh": "金额"}},
        "fee": {"type": "number"}, "channel": {"type": "category", "title": {"zh": "渠道"}},
        "guilty": {"type": "flag", "role": "label"}}},
    "swaps": {"time": "at", "columns": {
        "a": {"to": "accounts"}, "b": {"to": "accounts"}, "c": {"to": "accounts"},
        "x": {"type": "number"}, "y": {"type": "number"}}},
    "links": {"columns": {"one": {"to": "accounts"}, "two": {"to": "accounts"}}},
    "logins": {"time": "at", "title": {"en": "logins", "zh": "登录"}, "columns": {
        "account": {"to": "accounts"}, "device": {"type": "category", "title": {"zh": "设备"}}}},
    "alerts": {"key": "id", "time": "at", "columns": {"account": {"to": "accounts"}}},
})  # fmt: skip


@pytest.mark.parametrize("operator", ON_NETWORKS.values(), ids=lambda operator: operator.name)
def test_every_operator_has_an_example_that_fits_and_words(operator):
    assert to_text(parse(operator.example)) == operator.example
    bound = resolve(operator.example, SCHEMA, "accounts")
    assert bound.network is not None
    english, chinese = (say(operator.example, SCHEMA, "accounts", lang) for lang in ("en", "zh"))
    assert not re.search(r"[一-鿿{}]", english)
    assert "转账" in chinese or "登录" in chinese
    assert operator.name in reference("zh")


def test_words():
    formula = 'cycles(transfers, where=channel == "app", length=3, within="30d", last="90d")'
    assert say(formula, SCHEMA, "accounts") == (
        "cycles of 3 transfers in the last 90 days where channel is app that return here within 30 days"
    )
    assert say('fan_in(transfers, last="7d")', SCHEMA, "alerts") == (
        "distinct senders of transfers of the account in the last 7 days"
    )
    assert say("structuring(transfers, below=50000)", SCHEMA, "accounts", "zh") == "转账中略低于 50,000 元的笔数"
    assert words('shared(logins.device, last="90d")', SCHEMA, "accounts") == (
        "others with the same device in logins in the last 90 days"
    )
    assert words('met_again(logins.device, within="1h", last="90d")', SCHEMA, "accounts") == (
        "others with the same device within 1 hour of it, more than once, in logins in the last 90 days"
    )


def test_ends_and_amounts():
    assert edge_tables(SCHEMA, "accounts") == {"transfers": ("sender", "receiver")}
    assert amount_of(SCHEMA, "transfers") == "amount"
    assert amount_of(SCHEMA, "swaps") is None
    turned = resolve('fan_in(transfers, source="receiver", target="sender")', SCHEMA, "accounts")
    assert turned.network.ends == ("receiver", "sender")
    assert resolve('fan_in(swaps, source="c", target="a")', SCHEMA, "accounts").network.ends == ("c", "a")
    assert resolve("fan_in(transfers)", SCHEMA, "alerts").path.up == ("account",)


@pytest.mark.parametrize(
    ("formula", "entity", "message"),
    [
        ("fan_in(transfer)", "accounts", 'Did you mean "transfers"'),
        ("fan_in(transfers.amount)", "accounts", "takes a table of edges"),
        ("fan_in(transfers, transfers)", "accounts", "takes one argument"),
        ("fan_in(links)", "accounts", '"links" has no time'),
        ("fan_in(logins)", "accounts", '"logins" is no network of "accounts"'),
        ("fan_in(swaps)", "accounts", 'source="sender", target="receiver"'),
        ('fan_in(swaps, source="a")', "accounts", "is no network of"),
        ('fan_in(transfers, source="sendr", target="receiver")', "accounts", 'Did you mean "sender"'),
        ("fan_in(transfers)", "transfers", 'via="sender" or via="receiver"'),
        ('fan_in(transfers, last="3mo")', "accounts", 'write `last="91d"`'),
        ("fan_in(transfers, where=amount)", "accounts", "`where=` takes a condition"),
        ("fan_in(transfers, where=min(amount, by=channel) > 2)", "accounts", "the edges' own columns"),
        ("fan_in(transfers, where=guilty)", "accounts", 'has the role "label"'),
        ('fan_in(transfers, next="30d")', "accounts", 'There is no option "next"'),
        ('cycles(transfers, within="3d")', "accounts", "needs `length=`"),
        ("cycles(transfers, length=3)", "accounts", "needs `within=`"),
        ('cycles(transfers, length=6, within="3d")', "accounts", "a whole number from 2 to 5"),
        ('cycles(transfers, length="3", within="3d")', "accounts", "`length=` takes a number"),
        ("structuring(transfers, below=0)", "accounts", "a number above 0"),
        ("structuring(swaps, below=9, source='a', target='b')", "accounts", "It is not clear which number"),
        ("round_share(transfers.channel)", "accounts", "The type does not fit"),
        ("met(logins.device)", "accounts", "needs `within=`"),
        ('met(logins, within="1h")', "accounts", "`met` needs the column that is shared"),
        ("shared(logins)", "accounts", "needs the column that is shared"),
        ("shared(logins.devise)", "accounts", 'Did you mean "device"'),
        ("sum(transfers.amount, length=3)", "accounts", 'There is no option "length"'),
    ],
)
def test_faults(formula, entity, message):
    with pytest.raises(FormulaError, match=re.escape(message)):
        resolve(formula, SCHEMA, entity)


@pytest.mark.parametrize("operator", ON_NETWORKS.values(), ids=lambda operator: operator.name)
def test_sql_says_that_it_cannot(operator):
    pytest.importorskip("sqlglot")
    from tael.formulas.sql import to_sql

    with pytest.raises(FormulaError, match=f"`{operator.name}` is not in SQL yet"):
        to_sql([operator.example], ["x"], SCHEMA, "accounts")


@pytest.mark.parametrize("operator", ["residence", "dormancy"])
def test_what_is_said_in_days_has_that_unit(operator):
    assert unit_of(ON_NETWORKS[operator].example, SCHEMA, "accounts") == "days"
