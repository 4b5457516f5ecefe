"""Clusters for a number of segments, and which number to take."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tael.models.logistic import Floats

Labels = NDArray[np.int64]

# Flags have no width within a segment, and a normal without width would make every flag a segment of its own.
_LEAST_VARIANCE = 0.25
_AS_GOOD = 0.1  # share of the best silhouette that more segments may cost


@dataclass(frozen=True)
class Clusters:
    """Centres, and for a mixture the spreads and shares.

    Parameters
    ----------
    centres : ndarray of shape (k, d)
    variances : ndarray of shape (k, d) or None
        Of a mixture of normals with diagonal covariances; None: k-means.
    shares : ndarray of shape (k,)
    """

    centres: Floats
    variances: Floats | None
    shares: Floats

    def fit_of(self, Z: Floats) -> Floats:
        """How well each row fits each segment, shape (n, k): minus the squared distance, or the joint log-density.

        Summed dimension by dimension, so that a row alone gets the segment it gets among others.
        """
        out = np.zeros((len(Z), len(self.centres)))
        if self.variances is not None:
            out += np.log(self.shares) - 0.5 * np.log(2 * np.pi * self.variances).sum(axis=1)
        for j in range(Z.shape[1]):
            far = (Z[:, j, None] - self.centres[:, j]) ** 2
            out -= far if self.variances is None else 0.5 * far / self.variances[:, j]
        return out

    def assign(self, Z: Floats) -> Labels:
        """Segment of each row."""
        return np.argmax(self.fit_of(Z), axis=1)


def fit_clusters(Z: Floats, k: int, method: str, seed: int, starts: int = 5) -> Clusters:
    """K-means or a Gaussian mixture with diagonal covariances; segments are numbered by size, the largest first."""
    from sklearn.cluster import KMeans
    from sklearn.mixture import GaussianMixture
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        if method == "kmeans":
            found = KMeans(k, n_init=starts, random_state=seed).fit(Z)
            size = np.bincount(found.labels_, minlength=k)
            order = np.argsort(-size, kind="stable")
            return Clusters(found.cluster_centers_[order], None, size[order] / len(Z))
        mixture = GaussianMixture(
            k,
            covariance_type="diag",
            n_init=max(1, starts // 2),
            reg_covar=_LEAST_VARIANCE,
            max_iter=300,
            tol=1e-3,
            random_state=seed,
        ).fit(Z)
        order = np.argsort(-mixture.weights_, kind="stable")
        return Clusters(mixture.means_[order], mixture.covariances_[order], mixture.weights_[order])


def bic(clusters: Clusters, Z: Floats) -> float:
    """Bayesian information criterion of a mixture; less is better."""
    fit = clusters.fit_of(Z)
    top = fit.max(axis=1)
    log_likelihood = float((top + np.log(np.exp(fit - top[:, None]).sum(axis=1))).sum())
    k, d = clusters.centres.shape
    return -2.0 * log_likelihood + (2 * k * d + k - 1) * float(np.log(len(Z)))


@dataclass(frozen=True)
class Choice:
    """A number of segments that was tried.

    Parameters
    ----------
    k : int
    quality : float
        Silhouette (k-means: more is better) or BIC (mixture: less is better).
    stability : float
        Mean adjusted Rand index between the segments and those found on resampled rows: 1 the same, 0 chance.
    smallest : float
        Share of the smallest segment.
    kept : bool
    """

    k: int
    quality: float
    stability: float
    smallest: float
    kept: bool


def try_sizes(
    Z: Floats, sizes: list[int], method: str, *, boots: int, least: float, smallest: float, seed: int
) -> tuple[Clusters, list[Choice]]:
    """Fit each number of segments; keep the best that is stable.

    Among the numbers whose stability is `least` or more and whose smallest segment holds at least the share
    `smallest`: for a mixture the one of the best BIC; for k-means the largest whose silhouette is within a tenth of the
    best, since the silhouette itself leans to few. If none is stable, the most stable.

    Parameters
    ----------
    Z : ndarray of shape (n, d)
    sizes : list of int
    method : {"kmeans", "mixture"}
    boots : int
        Resamples a number.
    least, smallest : float
    seed : int

    References
    ----------
    Rousseeuw, P. J. (1987). Silhouettes. J. Comp. Appl. Math. 20. Hennig, C. (2007). Cluster-wise assessment of cluster
    stability. Computational Statistics and Data Analysis 52(1).
    """
    from sklearn.metrics import adjusted_rand_score, silhouette_score

    rng = np.random.default_rng(seed)
    some = rng.choice(len(Z), min(len(Z), 2000), replace=False)
    tried: list[tuple[Clusters, float, float, float]] = []
    for k in sizes:
        clusters = fit_clusters(Z, k, method, seed)
        labels = clusters.assign(Z)
        distinct = len(np.unique(labels[some]))
        if method == "mixture":
            quality = bic(clusters, Z)
        else:
            quality = float(silhouette_score(Z[some], labels[some])) if 1 < distinct < len(some) else -1.0
        agree = []
        for b in range(boots if k > 1 else 0):
            drawn = rng.integers(0, len(Z), min(len(Z), 5000))
            if len(np.unique(Z[drawn], axis=0)) < k:
                continue
            again = fit_clusters(Z[drawn], k, method, seed + 1 + b, starts=2)
            agree.append(adjusted_rand_score(labels[some], again.assign(Z[some])))
        share = float(np.bincount(labels, minlength=k).min() / len(Z))
        tried.append((clusters, quality, float(np.mean(agree)) if agree else 1.0, share))
    sign = -1.0 if method == "mixture" else 1.0
    good = [i for i, (_, _, stable, share) in enumerate(tried) if stable >= least and share >= smallest]
    if not good:
        best = max(range(len(tried)), key=lambda i: (tried[i][2], sign * tried[i][1]))
    elif method == "mixture":
        best = min(good, key=lambda i: tried[i][1])
    else:
        top = max(tried[i][1] for i in good)
        best = max(i for i in good if tried[i][1] >= top - _AS_GOOD * abs(top))
    table = [Choice(k, t[1], t[2], t[3], i == best) for i, (k, t) in enumerate(zip(sizes, tried, strict=True))]
    return tried[best][0], table
