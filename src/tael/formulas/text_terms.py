"""The terms of a column of texts that are worth a tf-idf part of a formula.

Nothing here sees a label or keeps a state: the search writes what it is given as ``term_share(memo, "refund") * 3.2``,
a formula with one meaning.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator

from tael.formulas.tokens import cjk_runs, fold, has_cjk, tokens


def text_terms(
    texts: Iterable[str | None], k: int = 20, *, least: float = 0.01, most: float = 0.5
) -> list[tuple[str, float]]:
    """Propose terms of texts with their inverse document frequencies.

    Terms are words of at least two characters that are not numbers alone, in lower case, and pairs of neighbouring
    Chinese characters. Of ``n`` texts a term is in ``df``; its ``idf`` is ``log((1 + n) / (1 + df)) + 1``, which is
    scikit-learn's smooth idf (``TfidfTransformer(smooth_idf=True)``).

    Parameters
    ----------
    texts : iterable of str or None
        Missing ones do not count.
    k : int, default=20
        At most so many.
    least, most : float, default=0.01 and 0.5
        The share of the texts that a term is in. A term of a single text is never taken: it would name a row.

    Returns
    -------
    list of (str, float)
        Term and idf, by the sum of the term's tf-idf over all texts, greatest first; ties by the alphabet. The term
        frequency is that of ``term_share``.

    Examples
    --------
    >>> [(term, round(idf, 3)) for term, idf in text_terms(["refund order 1", "Refund", "paid", "退款", None, "rent"])]
    [('refund', 1.693)]
    """
    counted = Counter(text for text in texts if text is not None)
    n = counted.total()
    frequency: Counter[str] = Counter()
    shares: dict[str, list[float]] = {}
    for text, times in counted.items():
        for term, share in _shares(fold(text)):
            frequency[term] += times
            shares.setdefault(term, []).append(share * times)
    ranked = []
    for term, df in frequency.items():
        if df >= 2 and least * n <= df <= most * n:
            idf = math.log((1 + n) / (1 + df)) + 1
            # an exact sum, so that the order of the texts cannot change the order of the terms
            ranked.append((-idf * math.fsum(shares[term]), term, idf))
    return [(term, idf) for _, term, idf in sorted(ranked)[: max(k, 0)]]


def _shares(text: str) -> Iterator[tuple[str, float]]:
    """The terms of a text in lower case, each with its share of the words."""
    words = tokens(text)
    for word, times in Counter(words).items():
        if len(word) > 1 and not word.isnumeric() and not has_cjk(word):
            yield word, times / len(words)
    for pair in {run[i : i + 2] for run in cjk_runs(text) for i in range(len(run) - 1)}:
        yield pair, text.count(pair) / len(words)
