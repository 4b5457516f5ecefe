"""What an uplift learner says beside the effect: the outcome under each arm, and each column's part in the effect."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from tael.errors import ModelError
from tael.models.logistic import Floats
from tael.models.uplift_base import OutcomeModel
from tael.models.uplift_input import Encoding, arm_code, read_columns

SCALES = ("natural", "outcome")
# Log-odds of an arm in which nobody, or everybody, had the outcome would be infinite.
_SURE = 1e-6


class EffectReasons(ABC):
    """What an uplift learner says beside the effect; a learner brings the parts."""

    arms_: NDArray[Any]
    binary_: bool
    encoding_: Encoding
    n_features_in_: int

    @property
    def effect_scale(self) -> str:
        """Scale of `effect_score` and `contributions`: ``"log_odds"`` or ``"outcome"``.

        Log-odds for outcomes of 0 and 1 where the learner has a model an arm (T, S, and the response model); else the
        outcome's own units, a probability or money.
        """
        check_is_fitted(self)
        return "log_odds" if self.binary_ and self._pair(1) is not None else "outcome"

    @abstractmethod
    def _uplift(self, X: Floats) -> Floats:
        """What each arm changes, shape (n, arms - 1), for encoded rows."""

    @abstractmethod
    def _outcomes(self, X: Floats) -> Floats:
        """Expected outcome under each arm, shape (n, arms), for encoded rows."""

    @abstractmethod
    def _effect_parts(self, X: Floats, k: int) -> Floats:
        """What each encoded column adds to the effect of arm k in units of the outcome, the base last."""

    def _pair(self, k: int) -> tuple[OutcomeModel, OutcomeModel | None] | None:
        """Models of arm k and of what is taken off, where the effect is their difference."""
        return None

    def predict_outcomes(self, X: Any) -> Floats:
        """Expected outcome under each arm, the control first: ``model.arms_`` are the columns.

        T- and S-learners say it by their models of the arms; an arm's column less the control's is `predict`, to the
        last bit. X- and DR-learners say the control's model plus `predict`, drawn in to [0, 1] where outcomes are 0
        and 1. The chooser says the mean of its learners' controls plus `predict`, likewise. The response model knows
        no treatment: it says the same under each arm.

        Parameters
        ----------
        X : array or frame of shape (n, p)

        Returns
        -------
        ndarray of shape (n, arms)
            In units of the outcome.
        """
        check_is_fitted(self)
        return self._outcomes(self.encoding_.apply(read_columns(self, X, reset=False)))

    def effect_score(self, X: Any, arm: Any = None, *, scale: str = "natural") -> Floats:
        """What `contributions` add up to: the effect of one arm against the control, on a scale that adds up.

        Parameters
        ----------
        X : array or frame of shape (n, p)
        arm : object, optional
            One of ``arms_``; None where there is one treatment.
        scale : {"natural", "outcome"}
            Natural: see `effect_scale`. On log-odds it is the difference of the arms' log-odds, whose sign is that of
            `predict`. Outcome: `predict` itself.

        Returns
        -------
        ndarray of shape (n,)

        Raises
        ------
        ModelError
            An unknown arm, or none where there are several.
        """
        rows, k, natural = self._asked(X, arm, scale)
        pair = self._pair(k) if natural else None
        if pair is None:
            found = self._uplift(rows)
            return found[:, k - 1 if found.shape[1] > 1 else 0]
        model, other = pair
        return _log_odds(model, rows) - (0.0 if other is None else _log_odds(other, rows))

    def contributions(self, X: Any, arm: Any = None, *, scale: str = "natural") -> Floats:
        r"""What each column of X adds to the effect of one arm against the control.

        On the natural scale of T- and S-learners (log-odds for outcomes of 0 and 1, else the outcome's units) they are
        the difference of two models': of lines, each term beside its mean; of trees, exact Shapley values (an
        S-learner's trees with the arm held, so that the treatment itself is in the base). DR-learners give those of
        their model of the effect. X-learners give each column its share of
        :math:`e \tau_0 + (1 - e) \tau_1`, of the effects by the rule of products (the Shapley value where both
        factors are sums over columns) and of the propensity e in proportion to its log-odds. In units of the outcome
        (the chooser's only scale), a probability's log-odds parts are scaled to add up to its distance from the
        base's probability.

        Parameters
        ----------
        X : array or frame of shape (n, p)
        arm : object, optional
            One of ``arms_``; None where there is one treatment.
        scale : {"natural", "outcome"}

        Returns
        -------
        ndarray of shape (n, p + 1)
            By *column of X*, text included; the last column is the base, the same in all rows. Each row sums to
            `effect_score` on the same scale.

        Raises
        ------
        ModelError
            An unknown arm, or none where there are several.
        """
        rows, k, natural = self._asked(X, arm, scale)
        pair = self._pair(k) if natural else None
        if pair is None:
            parts = self._effect_parts(rows, k)
        else:
            model, other = pair
            parts = _log_odds_parts(model, rows)
            if other is not None:
                parts = parts - _log_odds_parts(other, rows)
        return by_source(parts, self.encoding_.source, self.n_features_in_)

    def _asked(self, X: Any, arm: Any, scale: str) -> tuple[Floats, int, bool]:
        check_is_fitted(self)
        if scale not in SCALES:
            raise ModelError("There is no such scale.", expected=" or ".join(map(repr, SCALES)), got=repr(scale))
        k = arm_code(arm, self.arms_)
        natural = scale == "natural" and self.effect_scale == "log_odds"
        return self.encoding_.apply(read_columns(self, X, reset=False)), k, natural


def by_source(parts: Floats, source: NDArray[np.int64], columns: int) -> Floats:
    """Encoded columns added up to the columns that they come from, the base last.

    >>> by_source(np.array([[1.0, 2.0, 4.0, 8.0]]), np.array([0, 1, 1]), 2).tolist()
    [[1.0, 6.0, 8.0]]
    """
    out = np.zeros((len(parts), columns + 1))
    for j, column in enumerate(source.tolist()):
        out[:, column] += parts[:, j]
    out[:, -1] = parts[:, -1]
    return out


def total(parts: Floats) -> Floats:
    """Sum over the columns in their order, the base first: NumPy's own may take another order for another shape."""
    out = parts[:, -1].copy()
    for j in range(parts.shape[1] - 1):
        out += parts[:, j]
    return out


def outcome_parts(model: OutcomeModel, X: Floats) -> Floats:
    """A model's parts in units of the outcome, the base last.

    Log-odds parts are scaled by the slope of the secant from the base to the row, so that they add up to the
    probability (the rule of Shrikumar, Greenside, Kundaje 2017, DeepLIFT, for one unit).
    """
    from scipy.special import expit

    parts = model.contributions(X)
    if not model.logistic:
        return parts
    base = expit(parts[:, -1])
    distance = total(parts) - parts[:, -1]
    p = model.predict(X)
    near = np.abs(distance) < 1e-7  # the secant of two points that near is the tangent
    slope = np.where(near, base * (1.0 - base), (p - base) / np.where(near, 1.0, distance))
    out = parts * slope[:, None]
    out[:, -1] = base
    return out


def product_parts(a: Floats, b: Floats) -> Floats:
    r"""Parts of a product from the parts of its factors, the base last: exact Shapley values.

    For two sums over columns, :math:`a = a_0 + \sum_j a_j` and b alike, column j gets
    :math:`a_j (b + b_0) / 2 + b_j (a + a_0) / 2`.

    >>> product_parts(np.array([[1.0, 2.0, 3.0]]), np.array([[0.0, 1.0, 1.0]])).tolist()
    [[1.5, 7.5, 3.0]]
    """
    out = a * ((total(b) + b[:, -1]) / 2.0)[:, None] + b * ((total(a) + a[:, -1]) / 2.0)[:, None]
    out[:, -1] = a[:, -1] * b[:, -1]
    return out


def _log_odds(model: OutcomeModel, X: Floats) -> Floats:
    return model.score(X) if model.logistic else _sure(model.score(X))


def _log_odds_parts(model: OutcomeModel, X: Floats) -> Floats:
    parts = model.contributions(X)
    if not model.logistic:
        parts[:, -1] = _sure(parts[:, -1])
    return parts


def _sure(p: Floats) -> Floats:
    """Log-odds of an outcome that all rows of an arm share."""
    from scipy.special import logit

    return np.asarray(logit(np.clip(p, _SURE, 1.0 - _SURE)))
