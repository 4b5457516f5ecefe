"""Which binned columns enter a scorecard: information value, correlation, stepwise, and the sign check."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tael.models.logistic import Floats

_WORDS = {
    "iv": ("information value {value:.4f} is below {limit:g}", "信息值 {value:.4f} 低于 {limit:g}"),
    "constant": ("all rows are worth the same", "所有样本取值相同"),
    "correlation": (
        "correlates {value:.3f} with {other}, which has the greater information value (limit {limit:g})",
        "与信息值更高的 {other} 相关系数为 {value:.3f}(上限 {limit:g})",
    ),
    "enters": ("improves the fit: {value:.4g} (must be {limit})", "加入后拟合改善:{value:.4g}(要求 {limit})"),
    "not needed": (
        "adds nothing to the others: {value:.4g} (must be {limit})",
        "对其余变量无增益:{value:.4g}(要求 {limit})",
    ),
    "sign": (
        "coefficient {value:+.4f} where weight of evidence calls for one below 0: "
        "beside the others it says the opposite of its own bins",
        "系数 {value:+.4f},而证据权重要求为负:与其余变量并用时,其方向与自身分箱相反",
    ),
    "kept": ("coefficient {value:+.4f}", "系数 {value:+.4f}"),
}

_FREE = 1e6
"""Ridge (scikit-learn's C) of the fits that likelihoods are compared by: as good as none, and always solvable."""


@dataclass(frozen=True)
class SelectionStep:
    """What became of a column at one step.

    Parameters
    ----------
    column : str
    reason : str
        ``"iv"``, ``"constant"``, ``"correlation"``, ``"not needed"``, ``"sign"`` (dropped), ``"enters"``, ``"kept"``.
    value : float
        What was found.
    limit : float or str or None
        What it was held to.
    other : str
        The column that it says the same as.
    """

    column: str
    reason: str
    value: float
    limit: float | str | None = None
    other: str = ""

    @property
    def dropped(self) -> bool:
        """Whether the column went."""
        return self.reason not in ("enters", "kept")

    def words(self, lang: str = "en") -> str:
        """The step as a sentence.

        >>> SelectionStep("age", "iv", 0.0123, 0.02).words()
        'information value 0.0123 is below 0.02'
        """
        return _WORDS[self.reason][lang == "zh"].format(value=self.value, limit=self.limit, other=self.other)


@dataclass(frozen=True)
class Rules:
    """How columns are chosen; the names are those of `Scorecard`'s parameters."""

    min_iv: float
    max_correlation: float
    selection: str
    criterion: str
    p_enter: float
    p_remove: float
    sign_check: bool
    max_columns: int | None
    C: float


def fit_logistic(W: Floats, y: Floats, weight: Floats, C: float) -> tuple[Floats, float, float]:
    """scikit-learn's logistic regression on weights of evidence.

    Parameters
    ----------
    W : ndarray of shape (n, q)
    y, weight : ndarray of shape (n,)
    C : float

    Returns
    -------
    coef : ndarray of shape (q,)
    intercept : float
    log_likelihood : float
        Weighted, without the ridge.
    """
    from sklearn.linear_model import LogisticRegression

    if W.shape[1] == 0:
        share = float((weight * y).sum() / weight.sum())
        intercept = float(np.log(share / (1.0 - share)))
        return np.empty(0), intercept, float((weight * (y * intercept - np.logaddexp(0.0, intercept))).sum())
    model = LogisticRegression(C=C, solver="newton-cholesky", tol=1e-8, max_iter=200).fit(W, y, sample_weight=weight)
    coef, intercept = model.coef_[0], float(model.intercept_[0])
    z = W @ coef + intercept
    return coef, intercept, float((weight * (y * z - np.logaddexp(0.0, z))).sum())


def select(
    W: Floats, y: Floats, weight: Floats, names: Sequence[str], iv: Floats, rules: Rules
) -> tuple[list[int], Floats, float, list[SelectionStep]]:
    """Choose columns and fit.

    Parameters
    ----------
    W : ndarray of shape (n, p)
        Weights of evidence.
    y, weight : ndarray of shape (n,)
    names : sequence of p str
    iv : ndarray of shape (p,)
    rules : Rules

    Returns
    -------
    kept : list of int
        In the columns' order.
    coef : ndarray of shape (len(kept),)
    intercept : float
    log : list of SelectionStep
    """
    log: list[SelectionStep] = []
    kept = _by_information(W, names, iv, rules, log)
    kept = _by_correlation(W, weight, names, iv, kept, rules, log)
    if rules.selection != "none":
        kept = _stepwise(W, y, weight, names, kept, rules, log)
    kept.sort()
    while True:
        coef, intercept, _ = fit_logistic(W[:, kept], y, weight, rules.C)
        spread = W[:, kept].std(axis=0)
        wrong = coef * spread
        if not rules.sign_check or not (wrong > 0).any():
            break
        worst = int(np.argmax(wrong))
        log.append(SelectionStep(names[kept[worst]], "sign", float(coef[worst]), 0.0))
        del kept[worst]
    log += [SelectionStep(names[j], "kept", float(c)) for j, c in zip(kept, coef, strict=True)]
    return kept, coef, intercept, log


def _by_information(W: Floats, names: Sequence[str], iv: Floats, rules: Rules, log: list[SelectionStep]) -> list[int]:
    kept = []
    for j, name in enumerate(names):
        if np.ptp(W[:, j]) == 0.0:
            log.append(SelectionStep(name, "constant", 0.0))
        elif iv[j] < rules.min_iv:
            log.append(SelectionStep(name, "iv", float(iv[j]), rules.min_iv))
        else:
            kept.append(j)
    return kept


def _by_correlation(
    W: Floats, weight: Floats, names: Sequence[str], iv: Floats, kept: list[int], rules: Rules, log: list[SelectionStep]
) -> list[int]:
    if not kept or rules.max_correlation >= 1.0:
        return kept
    Z = W[:, kept] - np.average(W[:, kept], axis=0, weights=weight)
    covariance = (Z * weight[:, None]).T @ Z
    scale = np.sqrt(np.diag(covariance))
    correlation = np.abs(covariance / np.maximum(np.outer(scale, scale), 1e-300))
    out: list[int] = []  # places in kept
    for place in sorted(range(len(kept)), key=lambda k: (-iv[kept[k]], kept[k])):
        nearest = max(out, key=lambda k: correlation[place, k], default=None)
        if nearest is not None and correlation[place, nearest] > rules.max_correlation:
            value = float(correlation[place, nearest])
            log.append(
                SelectionStep(names[kept[place]], "correlation", value, rules.max_correlation, names[kept[nearest]])
            )
        else:
            out.append(place)
    return [kept[place] for place in out]


def _stepwise(
    W: Floats, y: Floats, weight: Floats, names: Sequence[str], pool: list[int], rules: Rules, log: list[SelectionStep]
) -> list[int]:
    """Forward, backward or both, by likelihood ratio or by AIC.

    The candidate to enter is the one with the greatest score statistic, the one to leave that with the smallest Wald
    statistic; the likelihood of the model with and without it then decides.
    """
    forward, backward = rules.selection != "backward", rules.selection != "forward"
    current = [] if forward else list(pool)
    _, _, fit = fit_logistic(W[:, current], y, weight, _FREE)
    most = rules.max_columns or len(pool)
    gone: set[int] = set()
    while True:
        changed = False
        if forward and len(current) < most:
            candidates = [j for j in pool if j not in current and j not in gone]
            best = _best_to_enter(W, y, weight, current, candidates)
            if best is not None:
                _, _, larger = fit_logistic(W[:, [*current, best]], y, weight, _FREE)
                helps, value, limit = _judge(larger - fit, rules, rules.p_enter)
                if helps:
                    current, fit, changed = [*current, best], larger, True
                    log.append(SelectionStep(names[best], "enters", value, limit))
        if backward and len(current) > 1:
            weakest = _weakest(W, y, weight, current)
            rest = [j for j in current if j != weakest]
            _, _, smaller = fit_logistic(W[:, rest], y, weight, _FREE)
            helps, value, limit = _judge(fit - smaller, rules, rules.p_remove)
            if not helps or (not forward and len(current) > most):
                current, fit, changed = rest, smaller, True
                gone.add(weakest)  # once out it stays out: the search must end
                log.append(SelectionStep(names[weakest], "not needed", value, limit))
        if not changed:
            break
    if forward:
        for j in pool:
            if j not in current and j not in gone:
                _, _, larger = fit_logistic(W[:, [*current, j]], y, weight, _FREE)
                _, value, limit = _judge(larger - fit, rules, rules.p_enter)
                full = len(current) >= most
                log.append(SelectionStep(names[j], "not needed", value, f"among the best {most}" if full else limit))
    return current


def _judge(gain: float, rules: Rules, p: float) -> tuple[bool, float, str]:
    """Whether a gain in log-likelihood by one column is enough, the figure it is judged by, and its limit in words."""
    if rules.criterion == "aic":
        change = 2.0 - 2.0 * gain
        return change < 0.0, change, "below 0 (AIC)"
    from scipy.special import chdtrc

    value = float(chdtrc(1, max(2.0 * gain, 0.0)))
    return value < p, value, f"below {p:g} (p)"


def _best_to_enter(W: Floats, y: Floats, weight: Floats, current: list[int], candidates: list[int]) -> int | None:
    if not candidates:
        return None
    from scipy.special import expit

    coef, intercept, _ = fit_logistic(W[:, current], y, weight, _FREE)
    p = expit(W[:, current] @ coef + intercept)
    variance, residual = weight * p * (1.0 - p), weight * (y - p)
    D = np.column_stack([np.ones(len(y)), W[:, current]])
    inner = np.linalg.pinv((D * variance[:, None]).T @ D)
    C = W[:, candidates]
    cross = (D * variance[:, None]).T @ C
    information = np.einsum("ij,ij,i->j", C, C, variance) - np.einsum("ij,ik,kj->j", cross, inner, cross)
    score = (residual @ C) ** 2 / np.maximum(information, 1e-12 * weight.sum())
    return candidates[int(np.argmax(score))]


def _weakest(W: Floats, y: Floats, weight: Floats, current: list[int]) -> int:
    from scipy.special import expit

    coef, intercept, _ = fit_logistic(W[:, current], y, weight, _FREE)
    p = expit(W[:, current] @ coef + intercept)
    D = np.column_stack([np.ones(len(y)), W[:, current]])
    spread = np.diag(np.linalg.pinv((D * (weight * p * (1.0 - p))[:, None]).T @ D))[1:]
    return current[int(np.argmin(coef**2 / np.maximum(spread, 1e-300)))]
