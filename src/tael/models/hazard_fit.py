"""The hazard of each cause in each bin of time: a logistic model, and boosted trees."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tael.kernels.forest import explain
from tael.models.hazard_time import TimeGrid
from tael.models.held_trees import hold
from tael.models.logistic import Floats
from tael.models.outcomes import Outcome

if TYPE_CHECKING:
    import lightgbm

_CELLS = 4_000_000  # cells of an expanded block when scoring: 32 MB


class Hazard(Protocol):
    """The hazard of each cause in each bin of time, and what a column adds to it."""

    def score(self, X: Floats, c: int, k: int | None) -> Floats:
        """Log-odds of cause c against nothing in bin k, or the mean over all bins, shape (n,)."""

    def contributions(self, X: Floats, c: int, k: int | None) -> Floats:
        """What each column adds to `score`, and the base last, shape (n, p + 1)."""

    def hazards(self, X: Floats) -> Floats:
        """Shape (n, C, K)."""


@dataclass(frozen=True)
class LogisticHazard:
    """``log h_c(k) / h_0(k) = base[c, k] + sum_j slope[c, j] (x_j - mean_j) + flag[c, j] (missing_j - share_j)``.

    Parameters
    ----------
    base : ndarray of shape (C, K)
        The curve over time at the reference.
    mean, share : ndarray of shape (p,)
        Reference of each column, and its share of missing values.
    slope, flag : ndarray of shape (C, p)
    """

    base: Floats
    mean: Floats
    share: Floats
    slope: Floats
    flag: Floats

    def effects(self, X: Floats) -> Floats:
        """What the columns add to the log-odds, shape (n, C): by column, so a row alone gets the same."""
        out = np.zeros((X.shape[0], len(self.base)))
        for j in range(X.shape[1]):
            missing = np.isnan(X[:, j])
            x = np.where(missing, 0.0, X[:, j] - self.mean[j])
            for c in range(out.shape[1]):
                out[:, c] += self.slope[c, j] * x + self.flag[c, j] * (missing - self.share[j])
        return out

    def score(self, X: Floats, c: int, k: int | None) -> Floats:
        """Log-odds of cause c against nothing in bin k, or the mean over all bins, shape (n,)."""
        return self.effects(X)[:, c] + self._base(c, k)

    def contributions(self, X: Floats, c: int, k: int | None) -> Floats:
        """What each column adds to `score`, and the base last, shape (n, p + 1)."""
        out = np.empty((len(X), X.shape[1] + 1))
        for j in range(X.shape[1]):
            missing = np.isnan(X[:, j])
            x = np.where(missing, 0.0, X[:, j] - self.mean[j])
            out[:, j] = self.slope[c, j] * x + self.flag[c, j] * (missing - self.share[j])
        out[:, -1] = self._base(c, k)
        return out

    def _base(self, c: int, k: int | None) -> float:
        return float(self.base[c].mean() if k is None else self.base[c, k])

    def hazards(self, X: Floats) -> Floats:
        """Shape (n, C, K)."""
        eta = self.effects(X)[:, :, None] + self.base
        top = np.maximum(eta.max(axis=1, keepdims=True), 0.0)
        raised = np.exp(eta - top)
        total = np.exp(-top)
        for c in range(eta.shape[1]):
            total = total + raised[:, c : c + 1]
        return raised / total


@dataclass(frozen=True)
class BoostedHazard:
    """LightGBM's multiclass model over (bin, columns), held as its text.

    Parameters
    ----------
    text : str
        Class 0 is "nothing in this bin", class c the c-th cause.
    n_bins : int
    """

    text: str
    n_bins: int
    _booster: list[lightgbm.Booster] = field(default_factory=list, repr=False, compare=False)

    def booster(self) -> lightgbm.Booster:
        """The booster, read once."""
        if not self._booster:
            import lightgbm

            self._booster.append(lightgbm.Booster(model_str=self.text))
        return self._booster[0]

    def __getstate__(self) -> dict[str, Any]:
        """Only the text travels to other processes."""
        return {"text": self.text, "n_bins": self.n_bins, "_booster": []}

    def score(self, X: Floats, c: int, k: int | None) -> Floats:
        """Log-odds of cause c against nothing in bin k, or the mean over all bins, shape (n,)."""
        out = np.zeros(len(X))
        for one in self._bins(k):
            raw = self.booster().predict(np.column_stack([np.full(len(X), one), X]), raw_score=True, num_threads=1)
            out += np.asarray(raw)[:, c + 1] - np.asarray(raw)[:, 0]
        return out / len(self._bins(k))

    def contributions(self, X: Floats, c: int, k: int | None) -> Floats:
        """Exact Shapley values of `score`, time being held, and the base last, shape (n, p + 1)."""
        at = self._bins(k)[:, None]
        return explain(hold(self.text, [0], at, of_class=c + 1), X) - explain(hold(self.text, [0], at), X)

    def _bins(self, k: int | None) -> Floats:
        return np.arange(self.n_bins, dtype=np.float64) if k is None else np.array([k], dtype=np.float64)

    def hazards(self, X: Floats) -> Floats:
        """Shape (n, C, K); rows are expanded a block at a time."""
        n, p = X.shape
        K = self.n_bins
        block = max(1, _CELLS // (K * (p + 1)))
        parts = []
        for start in range(0, n, block):
            part = X[start : start + block]
            wide = np.empty((len(part), K, p + 1))
            wide[:, :, 0] = np.arange(K)
            wide[:, :, 1:] = part[:, None, :]
            p_all = np.asarray(self.booster().predict(wide.reshape(-1, p + 1), num_threads=1), dtype=np.float64)
            parts.append(p_all.reshape(len(part), K, -1)[:, :, 1:].transpose(0, 2, 1))
        return np.concatenate(parts)


def time_basis(kind: str, edges: Floats, knots: int = 5) -> Floats:
    """The curve over time as a few numbers, shape (K, m).

    ``"step"``: a value for each bin; the ridge on its differences comes with `penalty`. ``"spline"``: a natural cubic
    spline of the log of the bins' ends, linear beyond the outer knots.

    Examples
    --------
    >>> time_basis("step", np.array([0.0, 1.0, 2.0])).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    >>> time_basis("spline", np.arange(25.0), 4).shape
    (24, 4)
    """
    K = len(edges) - 1
    if kind == "step" or knots >= K:
        return np.eye(K)
    t = np.log1p(edges[1:] / edges[1])
    t = (t - t.min()) / (t.max() - t.min())
    k = np.quantile(t, np.linspace(0.0, 1.0, knots))

    def d(i: int) -> Floats:
        return (np.maximum(t - k[i], 0) ** 3 - np.maximum(t - k[-1], 0) ** 3) / (k[-1] - k[i])

    # Hastie, Tibshirani, Friedman (2009), equation 5.4.
    return np.column_stack([np.ones(K), t, *(d(i) - d(knots - 2) for i in range(knots - 2))])


def fit_logistic_hazard(
    X: Floats, outcome: Outcome, grid: TimeGrid, weight: Floats, *, baseline: str, l2: float, smooth: float
) -> LogisticHazard:
    r"""Maximise the discrete-time likelihood without ever writing down the person-period table.

    A row's columns do not change over its bins, so ``x'b`` is worked out once a row and only the curve differs by bin:
    with rows sorted by their last bin, those at risk in bin k lie together. Memory is O(n (p + C)), whatever K.

    .. math::
        \ell = \sum_i \sum_{k \in R_i} w_{ik} \Bigl[\sum_c y_{ikc} \eta_{ikc}
        - \log\bigl(1 + \sum_c e^{\eta_{ikc}}\bigr)\Bigr], \qquad \eta_{ikc} = \alpha_c(k) + x_i' \beta_c

    Parameters
    ----------
    X : ndarray of shape (n, p)
        NaN is missing.
    outcome : Outcome
    grid : TimeGrid
    weight : ndarray of shape (n,)
    baseline : {"step", "spline"}
    l2, smooth : float
        Ridge, in rows, on standardised coefficients; and on the steps between neighbouring bins.

    References
    ----------
    Tutz, G., Schmid, M. (2016). Modeling Discrete Time-to-Event Data, chapters 3 and 8. Springer.
    """
    from scipy.optimize import minimize

    n, p = X.shape
    C, K = len(outcome.causes), grid.size
    order = np.argsort(-grid.bin_of(outcome.time), kind="stable")
    X, outcome, weight = X[order], outcome.take(order), weight[order]
    Z, places, mean, share, scale = _standardised(X, weight)
    last = grid.bin_of(outcome.time)
    reach = np.searchsorted(-last, -np.arange(K), side="right")  # rows that get as far as bin k
    exposure = [grid.exposure(outcome.take(slice(0, m)), k) * weight[:m] for k, m in enumerate(reach)]
    B = time_basis(baseline, grid.edges)
    if baseline == "spline":  # the same curves, from columns that do not resemble each other
        B = np.linalg.qr(B)[0] * np.sqrt(K)
    m = B.shape[1]
    difference = np.diff(B, axis=0) if K > 1 else np.zeros((0, m))
    P = smooth * difference.T @ difference
    events = np.zeros((C, K))
    np.add.at(events, (outcome.cause[outcome.cause > 0] - 1, last[outcome.cause > 0]), weight[outcome.cause > 0])
    in_bin = [np.flatnonzero((last == k) & (outcome.cause > 0)) for k in range(K)]
    total = np.array([e.sum() for e in exposure])
    norm = float(total.sum())
    # A hazard is small, so the curvature in a parameter is about the events that it touches: in units of its root the
    # problem is nearly round, and L-BFGS needs few steps.
    curve = (events + 0.5) @ B**2 + np.diag(P)
    slope_curve = np.repeat(events.sum(axis=1)[:, None] + l2, Z.shape[1], axis=1)
    unit = np.sqrt(norm / np.concatenate([curve.ravel(), slope_curve.ravel()]))
    smoothed = (events + 0.5 * (events.sum(axis=1, keepdims=True) + 0.5) / norm) / (total + 0.5)
    crude = np.log(smoothed / (1.0 - smoothed.sum(axis=0)).clip(1e-3))
    q = Z.shape[1]

    def objective(scaled: Floats) -> tuple[float, Floats]:
        params = scaled * unit
        gamma, beta = params[: C * m].reshape(C, m), params[C * m :].reshape(C, q)
        alpha, s = gamma @ B.T, Z @ beta.T
        loss, g_alpha, g_s = 0.0, np.zeros((C, K)), np.zeros((n, C))
        for k in range(K):
            w = exposure[k]
            r = len(w)
            if not r:
                continue
            eta = s[:r] + alpha[:, k]
            top = np.maximum(eta.max(axis=1), 0.0)
            raised = np.exp(eta - top[:, None])
            bottom = np.exp(-top) + raised.sum(axis=1)
            loss += float(w @ (np.log(bottom) + top))
            g = raised * (w / bottom)[:, None]
            rows = in_bin[k]
            if len(rows):
                c = outcome.cause[rows] - 1
                loss -= float((w[rows] * eta[rows, c]).sum())
                g[rows, c] -= w[rows]
            g_s[:r] += g
            g_alpha[:, k] = g.sum(axis=0)
        loss += 0.5 * l2 * float((beta**2).sum()) + 0.5 * float(((gamma @ P) * gamma).sum())
        gradient = np.concatenate([(g_alpha @ B + gamma @ P).ravel(), (g_s.T @ Z + l2 * beta).ravel()])
        return loss / norm, gradient * unit / norm

    start = np.zeros(C * m + C * q)
    start[: C * m] = (crude @ np.linalg.pinv(B).T).ravel() / unit[: C * m]
    done = minimize(
        objective, start, jac=True, method="L-BFGS-B",
        options={"maxiter": 400, "maxfun": 1000, "ftol": 1e-11, "gtol": 1e-7, "maxcor": 20},
    )  # fmt: skip
    found = done.x * unit
    gamma, beta = found[: C * m].reshape(C, m), found[C * m :].reshape(C, q)
    slope, flag = np.zeros((C, p)), np.zeros((C, p))
    for at, (j, is_flag) in enumerate(places):
        (flag if is_flag else slope)[:, j] = beta[:, at] / scale[at]
    return LogisticHazard(gamma @ B.T, mean, share, slope, flag)


def _standardised(X: Floats, weight: Floats) -> tuple[Floats, list[tuple[int, bool]], Floats, Floats, list[float]]:
    """Columns at mean 0 and spread 1 with missing values at 0, and a column for each that has missing values."""
    p = X.shape[1]
    mean, share = np.zeros(p), np.zeros(p)
    out: list[Floats] = []
    places: list[tuple[int, bool]] = []
    scale: list[float] = []
    for j in range(p):
        missing = np.isnan(X[:, j])
        here = ~missing & (weight > 0)
        if here.any():
            mean[j] = np.average(X[here, j], weights=weight[here])
            z = np.where(missing, 0.0, X[:, j] - mean[j])
            spread = float(np.sqrt(np.average(z * z, weights=weight)))
            if spread > 1e-12 * max(1.0, abs(mean[j])):
                out.append(z / spread)
                scale.append(spread)
                places.append((j, False))
        gone = float(np.average(missing, weights=weight))
        if 0.0 < gone < 1.0:
            share[j] = gone
            spread = float(np.sqrt(gone * (1.0 - gone)))
            out.append((missing - gone) / spread)
            scale.append(spread)
            places.append((j, True))
    return (np.column_stack(out) if out else np.zeros((len(X), 0))), places, mean, share, scale


def person_periods(
    outcome: Outcome, grid: TimeGrid, weight: Floats, most: int, rng: np.random.Generator
) -> tuple[NDArray[np.int32], NDArray[np.int16], NDArray[np.int64], Floats]:
    """Row, bin, class and weight of each person-period: ten-odd bytes each, the columns of X stay where they are.

    Above `most`, all events are kept and the rest is sampled, with its weight raised to make up for it (case-base
    sampling: Hanley, J. A., Miettinen, O. S. (2009). Int. J. Biostatistics 5(1)).
    """
    rows, bins, labels, weights = [], [], [], []
    last = grid.bin_of(outcome.time)
    for k in range(grid.size):
        exposed = grid.exposure(outcome, k) * weight
        here = np.flatnonzero(exposed > 0)
        rows.append(here.astype(np.int32))
        bins.append(np.full(len(here), k, dtype=np.int16))
        labels.append(np.where(last[here] == k, outcome.cause[here], 0))
        weights.append(exposed[here])
    row, k_of, label, w = (np.concatenate(part) for part in (rows, bins, labels, weights))
    if len(row) > most:
        quiet = np.flatnonzero(label == 0)
        wanted = max(most - (len(row) - len(quiet)), min(len(quiet), 1000))
        keep = rng.choice(quiet, wanted, replace=False)
        w[keep] *= w[quiet].sum() / w[keep].sum()
        chosen = np.sort(np.concatenate([keep, np.flatnonzero(label > 0)]))
        row, k_of, label, w = row[chosen], k_of[chosen], label[chosen], w[chosen]
    return row, k_of, label, w


def fit_boosted_hazard(
    X: Floats, outcome: Outcome, grid: TimeGrid, weight: Floats, *, params: dict[str, Any], rounds: int, most: int,
    seed: int,
) -> BoostedHazard:  # fmt: skip
    """Boosted trees on person-periods that LightGBM asks for a block at a time.

    What stays in memory is LightGBM's own binned copy, a byte a cell, of at most `most` person-periods.

    References
    ----------
    Lee, C., Zame, W., Yoon, J., van der Schaar, M. (2018). DeepHit. AAAI: one joint model of all causes in discrete
    time; here with trees.
    """
    import lightgbm

    row, k_of, label, w = person_periods(outcome, grid, weight, most, np.random.default_rng(seed))

    class Periods(lightgbm.Sequence):
        batch_size = 16_384

        def __getitem__(self, index: Any) -> Floats:
            who = np.atleast_1d(row[index])
            wide = np.empty((len(who), X.shape[1] + 1))
            wide[:, 0] = np.atleast_1d(k_of[index])
            wide[:, 1:] = X[who]
            return wide[0] if isinstance(index, (int, np.integer)) else wide

        def __len__(self) -> int:
            return len(row)

    settings = {
        "objective": "multiclass", "num_class": len(outcome.causes) + 1, "verbosity": -1, "deterministic": True,
        "force_col_wise": True, "num_threads": 1, "feature_pre_filter": False, "bin_construct_sample_cnt": 100_000,
        **params, "seed": seed,
    }  # fmt: skip
    data = lightgbm.Dataset(Periods(), label=label, weight=w, params=settings)
    booster = lightgbm.train(settings, data, num_boost_round=rounds)
    return BoostedHazard(booster.model_to_string(), grid.size)
