"""``SentimentClassifier``: the tone of a sentence of news, and a column of tones for a table of events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length, check_is_fitted, column_or_1d

from tael.errors import MarketError
from tael.models.persist import State, register

Floats = NDArray[np.float64]


class SentimentClassifier(ClassifierMixin, BaseEstimator):
    """Logistic regression on words and pairs of words, weighted by how rare they are (tf-idf).

    Small enough to be read: every class is a weight for each word. Figures ("%", "EUR 13.1 mn") are words too.

    Parameters
    ----------
    C : float
        Inverse of the penalty.
    longest : int
        Words that stand together and count as one term, at most.
    least : int
        Texts in which a term has to occur.
    balanced : bool
        Whether rare classes count for more, so that all have the same weight.

    Attributes
    ----------
    classes_ : (k,) array
    terms_ : list of str
    rarity_ : (p,) array
        Logarithm of texts by texts with the term, plus one.
    coef_ : (k, p) array, intercept_ : (k,) array
        For two classes, the first's are 0.

    Examples
    --------
    >>> texts = ["profit rose", "profit fell", "sales rose", "sales fell"] * 5
    >>> model = SentimentClassifier().fit(texts, [1, -1, 1, -1] * 5)
    >>> model.predict(["margins rose"]).tolist()
    [1]
    >>> bool(model.tone(["margins rose"])[0] > 0 > model.tone(["margins fell"])[0])
    True
    """

    def __init__(self, C: float = 10.0, longest: int = 2, least: int = 2, balanced: bool = True) -> None:
        self.C, self.longest, self.least, self.balanced = C, longest, least, balanced

    def __sklearn_tags__(self) -> Any:
        """Text comes in, one a row."""
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        return tags

    def fit(self, X: Any, y: Any) -> SentimentClassifier:
        """Learn from texts.

        Parameters
        ----------
        X : sequence of str, of length n
            A list, an array, a Series, or a frame of one column. A missing text is an empty one.
        y : (n,)
            Classes in the order of tone: the first is the worst, the last the best, as they sort.

        Raises
        ------
        MarketError
            If X is no text, or no term occurs often enough.
        ValueError
            As scikit-learn's classifiers: other lengths, one class only, targets that are no classes.
        """
        texts, target = texts_of(X), column_or_1d(y, warn=True)
        check_consistent_length(texts, target)
        check_classification_targets(target)
        self.classes_, codes = np.unique(target, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError("SentimentClassifier needs texts of two classes at least; y has one class.")
        vectors = TfidfVectorizer(ngram_range=(1, self.longest), min_df=self.least, sublinear_tf=True)
        try:
            matrix = vectors.fit_transform(texts)
        except ValueError as error:
            raise MarketError(
                "No term occurs often enough to learn from.", expected=f"terms that occur in {self.least} texts",
                got=f"{len(texts)} texts; {error}", fix="Bring more texts, or set least=1.",
            ) from error  # fmt: skip
        self.terms_ = [str(term) for term in vectors.get_feature_names_out()]
        self.rarity_ = np.asarray(vectors.idf_, dtype=np.float64)
        model = LogisticRegression(C=self.C, class_weight="balanced" if self.balanced else None, max_iter=1000)
        model.fit(matrix, codes)
        coef, intercept = np.asarray(model.coef_), np.asarray(model.intercept_)
        if len(self.classes_) == 2:  # as a softmax of two
            coef, intercept = np.vstack([np.zeros_like(coef), coef]), np.concatenate([[0.0], intercept])
        self.coef_, self.intercept_ = coef, intercept
        return self

    def decision_function(self, X: Any) -> Floats:
        """Scores of the classes, (n, k); of two classes that of the second, (n,)."""
        scores = self._scores(X)
        return np.asarray(scores[:, 1] if len(self.classes_) == 2 else scores)

    def predict_proba(self, X: Any) -> Floats:
        """Probabilities of the classes, (n, k)."""
        scores = self._scores(X)
        odds = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(odds / odds.sum(axis=1, keepdims=True))

    def predict(self, X: Any) -> NDArray[Any]:
        """The likeliest class of each text, (n,)."""
        likeliest = self._scores(X).argmax(axis=1)
        return np.asarray(self.classes_[likeliest])

    def tone(self, X: Any) -> Floats:
        """From -1 to 1, (n,): the probability of the last class less that of the first; NaN of a missing text."""
        chances = self.predict_proba(X)
        silent = np.array([not text.strip() for text in texts_of(X)], dtype=np.bool_)
        return np.where(silent, np.nan, chances[:, -1] - chances[:, 0])

    def words(self, count: int = 10) -> dict[Any, list[str]]:
        """The terms that speak most for each class."""
        check_is_fitted(self, "coef_")
        apart = self.coef_ - self.coef_.mean(axis=0)
        return {
            kind: [self.terms_[k] for k in np.argsort(-row, kind="stable")[:count]]
            for kind, row in zip(self.classes_.tolist(), apart, strict=True)
        }

    def _scores(self, X: Any) -> Floats:
        check_is_fitted(self, "coef_")
        made: csr_matrix = self._vectors().transform(texts_of(X))
        return np.asarray(made @ self.coef_.T + self.intercept_)

    def _vectors(self) -> TfidfVectorizer:
        vectors = TfidfVectorizer(ngram_range=(1, self.longest), sublinear_tf=True, vocabulary=self.terms_)
        vectors.idf_ = self.rarity_
        return vectors


def texts_of(X: Any) -> list[str]:
    """The texts of a list, an array, a Series or a frame of one column; a missing one is empty.

    >>> texts_of(np.array([["up"], [None]], dtype=object))
    ['up', '']

    Raises
    ------
    MarketError
        If it is something else.
    """
    if isinstance(X, str):
        raise MarketError("One text is no sequence of texts.", expected="a list of str", got=repr(X)[:40])
    shape = getattr(X, "shape", None)
    if shape is not None and len(shape) == 2:
        if shape[1] != 1:
            raise MarketError("Texts stand in one column.", expected="(n,) or (n, 1)", got=str(tuple(shape)))
        X = X.to_numpy() if hasattr(X, "to_numpy") else np.asarray(X, dtype=object)
        X = X[:, 0]
    rows: Sequence[Any] = X.to_list() if hasattr(X, "to_list") else list(X)
    out = []
    for row in rows:
        missing = row is None or row != row
        if not missing and not isinstance(row, str):
            raise MarketError("A text is no text.", expected="str, or None where it is missing", got=repr(row)[:40])
        out.append("" if missing else str(row))
    return out


def with_tone(events: pl.DataFrame, model: SentimentClassifier, text: str = "text", name: str = "tone") -> pl.DataFrame:
    """A table of news with a column of tones, on which event formulas can be built: ``mean(news.tone, last="3d")``.

    The tone is known when the text is: give the table its ``time`` (``created_at``), and let the model have been
    trained on texts that are older than those it judges.

    Parameters
    ----------
    events : polars.DataFrame
    model : SentimentClassifier
        Fitted.
    text, name : str
        The column that is read, and the one that is added.

    Raises
    ------
    MarketError
        If there is no such column.
    """
    if text not in events.columns:
        raise MarketError("There is no such column of texts.", expected=", ".join(events.columns), got=text)
    return events.with_columns(pl.Series(name, model.tone(events[text])).fill_nan(None))


def _state(model: SentimentClassifier) -> State:
    classes = model.classes_.tolist()
    return {
        "parameters": model.get_params(), "classes": classes, "terms": list(model.terms_), "rarity": model.rarity_,
        "coef": model.coef_, "intercept": model.intercept_,
    }  # fmt: skip


def _from_state(state: State) -> SentimentClassifier:
    model = SentimentClassifier(**state["parameters"])
    model.classes_, model.terms_ = np.asarray(state["classes"]), list(state["terms"])
    model.rarity_, model.coef_, model.intercept_ = (
        np.asarray(state[key], dtype=np.float64) for key in ("rarity", "coef", "intercept")
    )
    shape = (len(model.classes_), len(model.terms_))
    if model.coef_.shape != shape or len(model.rarity_) != shape[1] or len(model.intercept_) != shape[0]:
        raise ValueError("weights, terms and classes of different numbers")
    return model


# `save_model` and `load_model` know the class once this module is imported.
register(SentimentClassifier, _state, _from_state)
