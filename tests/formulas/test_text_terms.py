from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from tael.formulas.operators import get
from tael.formulas.text_terms import text_terms
from tael.formulas.values import Values


def share(texts: Sequence[str | None], term: str) -> np.ndarray:
    compute = get("term_share").compute
    assert compute is not None
    return compute(Values.text(texts), Values.category([term])).data


def test_the_idf_is_that_of_scikit_learn() -> None:
    texts = ["refund of order", "rent may", "refund refund", "order paid", "salary", "cash order", "gift"]
    theirs = TfidfVectorizer(smooth_idf=True).fit(texts)
    idf = dict(zip(theirs.get_feature_names_out(), theirs.idf_, strict=True))
    got = dict(text_terms(texts))
    assert set(got) == {"refund", "order"}
    assert got == pytest.approx({term: idf[term] for term in got})


def test_terms_are_ranked_by_their_mass() -> None:
    texts = ["refund"] * 3 + ["order with very many other words"] * 3 + ["x"] * 4
    assert text_terms(texts)[0][0] == "refund"
    assert [term for term, _ in text_terms(texts, k=1)] == ["refund"]
    assert text_terms(texts, k=0) == []
    assert text_terms(texts[::-1]) == text_terms(texts)


def test_chinese_terms_are_pairs_of_characters_of_one_run() -> None:
    texts = ["申请退款", "退款成功", "房租", "退，款", "房租五月", "工资", "奖金", "转账"]
    terms = [term for term, _ in text_terms(texts)]
    assert set(terms) == {"退款", "房租"}
    assert share(texts, "退款").tolist() == [1 / 4, 1 / 4, 0, 0, 0, 0, 0, 0]


def test_texts_that_came_as_gb18030() -> None:
    # 𠮷 lies beyond the first 65,536 code points and takes four bytes
    raw = ["𠮷野家 退款".encode("gb18030"), "𠮷野家".encode("gb18030"), "工资".encode("gb18030")] * 2
    texts = [one.decode("gb18030") for one in raw] + ["奖金"] * 4
    assert {"𠮷野", "野家"} <= {term for term, _ in text_terms(texts)}
    np.testing.assert_allclose(share(texts, "𠮷野")[:3], np.array([1 / 5, 1 / 3, 0]))


def test_emoji_and_numbers_are_no_terms() -> None:
    texts = ["🎉🎉 42", "🎉 42", "🎁", "a 1", "a 2", "_ -", ""]
    assert text_terms(texts) == []


@pytest.mark.parametrize("texts", [[], [None], [None, None], [""], ["", None, ""], ["refund"], ["退款"]])
def test_too_little_to_tell(texts: list[str | None]) -> None:
    assert text_terms(texts) == []


def test_how_many_texts_a_term_is_in() -> None:
    texts = [f"unique{i} filler" if i < 60 else "rent" if i < 62 else f"other{i}" for i in range(300)]
    assert [term for term, _ in text_terms(texts)] == ["filler"]  # rent is in 2 of 300, less than 1 %
    assert {term for term, _ in text_terms(texts, least=0.005)} == {"filler", "rent"}
    assert text_terms(texts, most=0.1) == []


WORDS = st.lists(st.sampled_from(["refund", "Refund", "退款", "退", "b2b", "7", "🎉", "é"]), max_size=5).map(" ".join)


@given(texts=st.lists(st.none() | WORDS, max_size=12))
def test_every_term_is_one_that_term_share_finds(texts: list[str | None]) -> None:
    there = [one for one in texts if one is not None]
    for term, idf in text_terms(texts):
        shares = share(texts, term)
        df = int((shares > 0).sum())
        assert 2 <= df <= 0.5 * len(there)
        assert idf == pytest.approx(math.log((1 + len(there)) / (1 + df)) + 1)
