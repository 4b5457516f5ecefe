from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tael.tables.plain import table, width_of, wrapped

words = st.text("ab 金额", max_size=40)


@given(words, st.integers(4, 20))
def test_wrapping_keeps_every_sign_and_the_width(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert all(width_of(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


@given(st.lists(st.tuples(words, words, words), min_size=1, max_size=4))
def test_tables_fit(rows: list[tuple[str, str, str]]) -> None:
    assert max(map(width_of, table(("a", "b", "c"), rows, 40).splitlines())) <= 40
