from __future__ import annotations

import pytest

from tael.errors import TablesError
from tael.tables import Schema, TableSchema


def test_round_trip() -> None:
    content = {
        "tael": {"simulated": True},
        "loans": {
            "key": "loan",
            "time": "at",
            "columns": {"amount": {"type": "number", "min": 0.0, "special": [-9.0]}},
        },
    }
    assert Schema.from_dict(Schema.from_dict(content).to_dict()) == Schema.from_dict(content)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"loans": {"kye": "loan"}}, ["kye", 'Did you mean "key"?']),
        ({"loans": {"columns": {"x": {"typ": "number"}}}}, ["loans.columns.x.typ", 'Did you mean "type"?']),
        ({"loans": {"columns": {"x": {"type": "float"}}}}, ["loans.columns.x.type", "'number'"]),
        ({"loans": {"columns": {"x": {"min": 2, "max": 1}}}}, ["min = 2, max = 1", "Swap"]),
        ({"loans": {"columns": {"x": {"type": "text", "special": [-9]}}}}, ["Special codes", "[loans.columns] x"]),
        ({"my loans": {}}, ["usable in a formula", "'my loans'"]),
        ({"loans": {"separator": ";;"}}, ["loans.separator", "';;'"]),
        ({"class": {}}, ["usable in a formula", "'class'"]),
        ({"loans": {"duplicates": "mean"}}, ["loans.duplicates", "'first'"]),
    ],
)
def test_faults_are_named(content: dict, words: list[str]) -> None:
    with pytest.raises(TablesError) as error:
        Schema.from_dict(content)
    for word in words:
        assert word in str(error.value)


@pytest.mark.parametrize("source", ["postgresql://me:hunter2@host/db", "postgresql://host/db?user=me&password=hunter2"])
def test_a_password_is_refused_and_not_shown(source: str) -> None:
    with pytest.raises(TablesError, match="A password stands in the description") as error:
        Schema.from_dict({"loans": {"source": source}})
    assert "hunter2" not in str(error.value)
    assert "hunter2" not in repr(TableSchema(source=source))


@pytest.mark.parametrize(
    "source",
    [
        "postgresql://me:${SECRET}@host/db",
        "postgresql://me@host:5432/db",
        "postgresql://host:5432/db",
        "sqlite:///a:b@c.db",
    ],
)
def test_an_address_without_password_passes(source: str) -> None:
    assert Schema.from_dict({"loans": {"source": source}}).tables["loans"].source == source
