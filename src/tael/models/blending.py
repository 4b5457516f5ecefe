"""Weights for the members and one calibration line, found together on out-of-fold log-odds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tael.models.logistic import Floats


@dataclass(frozen=True)
class Calibration:
    """``log-odds = intercept + slope * z``: Platt's line (1999) on log-odds.

    A line, not a free curve, so that the columns' contributions still add up to the calibrated log-odds.

    Parameters
    ----------
    intercept, slope : float
        Slope below 1: the members were too sure of themselves.

    Examples
    --------
    >>> Calibration(0.5, 2.0).apply(1.0)
    2.5
    """

    intercept: float
    slope: float

    def apply(self, z: Floats) -> Floats:
        """Calibrated log-odds."""
        return self.intercept + self.slope * z


def log_loss(y: Floats, z: Floats, weight: Floats) -> float:
    """Mean log loss of log-odds z (no probability is ever rounded to 0 or 1 on the way).

    >>> import numpy as np
    >>> round(log_loss(np.array([1.0, 0.0]), np.zeros(2), np.ones(2)), 4)
    0.6931
    """
    return float((weight * (np.logaddexp(0.0, z) - y * z)).sum() / weight.sum())


def blend(Z: Floats, y: Floats, weight: Floats, prior: float = 4.0) -> tuple[Floats, Calibration]:
    r"""Non-negative weights that sum to one, and the calibration line, that minimise the out-of-fold log loss.

    Both are one convex problem: with :math:`v = \text{slope} \cdot w`,

    .. math::
        \min_{v \ge 0,\ a} \ \frac1n \sum_i \ell\bigl(y_i,\ a + \sum_k v_k z_{ik}\bigr)
        + \frac{\lambda}{n} \sum_k (v_k - 1/K)^2

    The second term is the belief that plain averaging is good: with few rows it holds the weights near 1/K, with many
    it is nothing.

    Parameters
    ----------
    Z : ndarray of shape (n, K)
        Out-of-fold log-odds, one column a member.
    y, weight : ndarray of shape (n,)
    prior : float
        :math:`\lambda`, in rows.

    Returns
    -------
    weights : ndarray of shape (K,)
    calibration : Calibration

    Examples
    --------
    >>> import numpy as np
    >>> y = np.tile([0.0, 0.0, 1.0, 1.0, 1.0], 80)
    >>> good = np.where(y > 0, 2.0, -2.0) * np.where(np.arange(400) % 7 == 0, -1, 1)
    >>> w, _ = blend(np.column_stack([good, np.sin(np.arange(400.0))]), y, np.ones(400))
    >>> bool(w[0] > 0.8)
    True
    """
    from scipy.optimize import minimize
    from scipy.special import expit

    n_members = Z.shape[1]
    total = float(weight.sum())
    centre = 1.0 / n_members

    def objective(params: Floats) -> tuple[float, Floats]:
        v, a = params[:-1], params[-1]
        z = a + Z @ v
        pull = v - centre
        residual = weight * (expit(z) - y) / total
        gradient = np.append(residual @ Z + 2.0 * prior / total * pull, residual.sum())
        return log_loss(y, z, weight) + prior / total * float(pull @ pull), gradient

    result = minimize(
        objective,
        np.append(np.full(n_members, centre), 0.0),
        jac=True,
        method="L-BFGS-B",
        bounds=[(0.0, None)] * n_members + [(None, None)],
        options={"maxiter": 500, "ftol": 1e-14, "gtol": 1e-9},
    )
    v, a = result.x[:-1], float(result.x[-1])
    slope = float(v.sum())
    # Members that know nothing all get weight 0: then average them; the slope of 0 leaves the base rate.
    weights = v / slope if slope > 0 else np.full(n_members, centre)
    return weights, Calibration(a, slope)


def prune(Z: Floats, y: Floats, weight: Floats, *, smallest: float, at_most: int, prior: float = 4.0) -> list[int]:
    """Which members to keep: drop the lightest and blend again, until few are left and none is negligible.

    Parameters
    ----------
    Z, y, weight, prior
        As in `blend`.
    smallest : float
        Least weight worth its cost.
    at_most : int
        Most members to keep.

    Returns
    -------
    list of int
        Columns of Z, in their order.
    """
    kept = list(range(Z.shape[1]))
    while len(kept) > 1:
        weights, _ = blend(Z[:, kept], y, weight, prior)
        lightest = int(np.argmin(weights))
        if weights[lightest] >= smallest and len(kept) <= at_most:
            break
        del kept[lightest]
    return kept
