from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tael.datasets import dump_schema
from tael.errors import TablesError

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
scalar = st.one_of(text, st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False))
value = st.recursive(
    scalar, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(text, inner, max_size=3)), max_leaves=6
)
section = st.dictionaries(text, value, max_size=4).map(lambda d: {k: v for k, v in d.items() if k != "columns"})
columns = st.dictionaries(text, st.dictionaries(text, value, max_size=3), min_size=1, max_size=3)


@given(st.dictionaries(text, st.tuples(section, columns).map(lambda pair: {**pair[0], "columns": pair[1]}), max_size=3))
def test_what_is_written_reads_back(schema: dict[str, Any]) -> None:
    assert tomllib.loads(dump_schema(schema)) == schema


def test_a_value_without_a_toml_form_is_refused() -> None:
    with pytest.raises(TablesError, match="TOML cannot hold"):
        dump_schema({"loans": {"key": None}})
