"""Ridge logistic regression with sign bounds: the one solver under every linear model of this room."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Scorer(Protocol):
    """A fitted member: log-odds, and the same log-odds split over the columns.

    Scores are summed column by column in a fixed order, never by a matrix product: a BLAS product of one row and of a
    thousand rows may differ in the last bit, and a bank must get one answer for one applicant.
    """

    def score(self, X: Floats) -> Floats:
        """Log-odds of the second class, shape (n,)."""

    def contributions(self, X: Floats) -> Floats:
        """Log-odds by column and, last, the base: shape (n, p + 1); each row sums to the score."""


def minimise_logistic(
    forward: Callable[[Floats], Floats],
    backward: Callable[[Floats], Floats],
    n_terms: int,
    y: Floats,
    weight: Floats,
    l2: float,
    lower: Floats | None = None,
    upper: Floats | None = None,
    tolerance: float = 1e-13,
) -> tuple[Floats, float]:
    """Minimise the weighted log loss plus ``l2 / 2 * |theta|^2``, with optional bounds on theta.

    Parameters
    ----------
    forward, backward : callable
        The design as an operator: ``theta (m,) -> (n,)`` and its transpose ``(n,) -> (m,)``.
    n_terms : int
        m.
    y : ndarray of shape (n,)
        0 or 1.
    weight : ndarray of shape (n,)
        Not negative.
    l2 : float
        Strength of the ridge, in rows. The intercept is free of it.
    lower, upper : ndarray of shape (m,), optional
        Bounds, how a direction that a scenario states is kept.
    tolerance : float
        Stop when a step lowers the loss by less than this share of it.

    Returns
    -------
    theta : ndarray of shape (m,)
    intercept : float

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([-1.0, 1.0, -1.0, 1.0])
    >>> y = np.array([0.0, 1.0, 1.0, 1.0])
    >>> theta, b = minimise_logistic(lambda t: x * t[0], lambda r: np.array([x @ r]), 1, y, np.ones(4), l2=1.0)
    >>> bool(theta[0] > 0 and b > 0)
    True
    """
    from scipy.optimize import minimize
    from scipy.special import expit

    total = float(weight.sum())
    share = float((weight * y).sum()) / total

    def objective(params: Floats) -> tuple[float, Floats]:
        theta, b = params[:-1], params[-1]
        eta = forward(theta) + b
        loss = float((weight * (np.logaddexp(0.0, eta) - y * eta)).sum()) / total
        residual = weight * (expit(eta) - y) / total
        gradient = np.empty_like(params)
        gradient[:-1] = backward(residual) + (l2 / total) * theta
        gradient[-1] = residual.sum()
        return loss + 0.5 * (l2 / total) * float(theta @ theta), gradient

    start = np.zeros(n_terms + 1)
    start[-1] = np.log(share / (1.0 - share))
    infinite = np.full(n_terms, np.inf)
    low = np.append(-infinite if lower is None else lower, -np.inf)
    high = np.append(infinite if upper is None else upper, np.inf)
    result = minimize(
        objective,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=list(zip(low, high, strict=True)),
        options={"maxiter": 500, "maxfun": 2000, "ftol": tolerance, "gtol": 1e-8, "maxcor": 20},
    )
    return result.x[:-1], float(result.x[-1])


def sign_bounds(sign: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Bounds of a coefficient for a wanted direction: +1 not negative, -1 not positive, 0 free.

    >>> import numpy as np
    >>> sign_bounds(np.array([1, -1, 0]))
    (array([  0., -inf, -inf]), array([inf,  0., inf]))
    """
    return np.where(sign > 0, 0.0, -np.inf), np.where(sign < 0, 0.0, np.inf)
