"""A risk model from industries and styles: factor returns by a regression across the names on each bar."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from tael.errors import MarketError
from tael.markets.portfolio.risk import FactorRisk, fill_unknown, half_life_weights, trailing
from tael.markets.portfolio.risk_statistical import spread

Floats = NDArray[np.float64]
CLIP = 3.0


class StyleRisk(BaseEstimator):
    """Industries and styles as factors; their returns by weighted least squares on each bar.

    The returns of bar s are regressed on the exposures known after bar s - 1; the factors' covariance and each name's
    residual variance are taken over the trailing window. Without industries a constant stands for the market.

    Parameters
    ----------
    styles : dict of str to ndarray of float, shape (T, N)
        Raw exposures as known on each bar; standardised across the names of each bar, held within 3 deviations. A
        missing one counts as the mean of the cross-section.
    groups : ndarray of int, shape (T, N), optional
        Codes of industries. A name without one (-1) gets the mean of all industries.
    group_names : tuple of str
        Names of the codes.
    size : ndarray of float, shape (T, N), optional
        Market value: the regression weighs each name by its root. A missing value weighs as the median.
    window : int
        Trailing bars.
    half_life, specific_half_life : float, optional
        Bars in which the weight of a factor's return, and of a residual, halves.
    min_history : int
        Fewest residuals in the window for a name's own variance; the others get the `unknown` quantile of the known.
        Fewest bars for any risk at all.
    shrink : float
        0 to 1: how far specific variances are drawn to their median.
    unknown : float
        See `min_history`.

    Notes
    -----
    The approach of Barra's models (Menchero, Orr and Wang 2011, The Barra US Equity Model USE4) without their
    corrections for serial correlation and eigenfactors.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> size = np.tile(np.linspace(-1, 1, 40), (120, 1))
    >>> returns = 0.01 * rng.normal(size=(120, 1)) * size + 0.005 * rng.normal(size=(120, 40))
    >>> risk = StyleRisk({"size": size}, min_history=30).at(119, returns)
    >>> risk.names, float(np.sqrt(risk.factors[1, 1]).round(3))
    (('market', 'size'), 0.006)
    """

    def __init__(
        self,
        styles: Mapping[str, Any],
        groups: Any = None,
        *,
        group_names: tuple[str, ...] = (),
        size: Any = None,
        window: int = 252,
        half_life: float | None = 90,
        specific_half_life: float | None = 63,
        min_history: int = 60,
        shrink: float = 0.2,
        unknown: float = 0.75,
    ) -> None:
        self.styles, self.groups, self.group_names, self.size = styles, groups, group_names, size
        self.window, self.half_life, self.specific_half_life = window, half_life, specific_half_life
        self.min_history, self.shrink, self.unknown = min_history, shrink, unknown

    def at(self, t: int, returns: Any) -> FactorRisk:
        """The risk as known after bar t.

        Raises
        ------
        MarketError
            If there is too little history, or shapes differ.
        """
        panel = np.asarray(returns, dtype=np.float64)
        # the first bar has no exposures before it
        length = len(trailing(t - 1, panel[1:], self.window, self.min_history))
        factor_returns, residuals = self._regressed(t, length, panel)
        weight = half_life_weights(length, self.half_life)
        centred = factor_returns - weight @ factor_returns
        factors = (centred * weight[:, None]).T @ centred / max(1e-12, 1.0 - np.sum(weight**2))
        there = np.isfinite(residuals)
        known = there.sum(axis=0) >= self.min_history
        specific = spread(residuals, there, half_life_weights(length, self.specific_half_life))
        if known.any():
            middle = np.median(specific[known])
            specific[known] = (1 - self.shrink) * specific[known] + self.shrink * middle
        exposures = self.exposures(t)
        # industries and styles are known of every name: only what is its own is not
        fill_unknown(np.zeros((len(specific), 0)), specific, known, self.unknown)
        return FactorRisk(exposures, factors, specific, self.factor_names)

    @property
    def factor_names(self) -> tuple[str, ...]:
        """Names of the factors: industries (or ``"market"``), then styles."""
        if self.groups is None:
            return ("market", *self.styles)
        count = self._industries()
        named = [self.group_names[g] if g < len(self.group_names) else f"group {g}" for g in range(count)]
        return (*named, *self.styles)

    def exposures(self, t: int) -> Floats:
        """Exposures as known after bar t, shape (N, K)."""
        parts = []
        if self.groups is None:
            n = np.asarray(next(iter(self.styles.values()))).shape[1] if self.styles else 0
            parts.append(np.ones((n, 1)))
        else:
            codes = np.asarray(self.groups)[t]
            industry = np.zeros((len(codes), self._industries()))
            has = np.flatnonzero(codes >= 0)
            industry[has, codes[has]] = 1.0
            if len(has):
                industry[codes < 0] = industry[has].mean(axis=0)
            parts.append(industry)
        parts.extend(standardise(np.asarray(values, dtype=np.float64)[t])[:, None] for values in self.styles.values())
        return np.hstack(parts)

    def _industries(self) -> int:
        return len(self.group_names) or int(np.max(self.groups)) + 1

    def _regressed(self, t: int, length: int, panel: Floats) -> tuple[Floats, Floats]:
        """Factor returns (L, K) and residuals (L, N) of the last `length` bars; each bar is regressed only once."""
        # the walk hands out views of one array, each a bar longer: where it begins says which array it is
        place = (panel.ctypes.data, panel.strides, panel.shape[1])
        kept = getattr(self, "_kept", None)
        if kept is None or kept[0] != place:
            self._check(t, panel)
            kept = (place, panel, {})  # holding the array keeps its place from being given to another
            self._kept: Any = kept
        done: dict[int, tuple[Floats, Floats]] = kept[2]
        for s in range(t - length + 1, t + 1):
            if s not in done:
                done[s] = self._regress(s, panel[s])
        rows = [done[s] for s in range(t - length + 1, t + 1)]
        return np.array([f for f, _ in rows]), np.array([e for _, e in rows])

    def _check(self, t: int, panel: Floats) -> None:
        shapes = {name: np.shape(values) for name, values in self.styles.items()}
        shapes |= {} if self.groups is None else {"groups": np.shape(self.groups)}
        for name, shape in shapes.items():
            if len(shape) != 2 or shape[0] <= t or shape[1] != panel.shape[1]:
                raise MarketError(
                    f"The exposures {name} do not match the returns.", expected=f"(T, {panel.shape[1]})", got=str(shape)
                )
        if not shapes:
            raise MarketError("There are no factors.", expected="styles, groups, or both")

    def _regress(self, s: int, row: Floats) -> tuple[Floats, Floats]:
        x = self.exposures(s - 1)
        there = np.isfinite(row)
        weight = np.ones(len(row))
        if self.size is not None:
            size = np.asarray(self.size, dtype=np.float64)[s - 1]
            good = np.isfinite(size) & (size > 0)
            if good.any():
                weight = np.sqrt(np.where(good, size, np.median(size[good])))
        weighted = (x * (weight * there)[:, None]).T
        # an industry without names has no return: the pseudo-inverse gives it 0
        returns = np.linalg.pinv(weighted @ x, rcond=1e-10, hermitian=True) @ (weighted @ np.where(there, row, 0.0))
        return returns, np.where(there, row - x @ returns, np.nan)

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = dict(super().__getstate__())
        state.pop("_kept", None)
        return state


def standardise(values: Floats) -> Floats:
    """Mean 0 and deviation 1 across the names, held within 3 deviations; missing values are 0.

    >>> standardise(np.array([1.0, 2.0, 3.0, np.nan])).round(2)
    array([-1.22,  0.  ,  1.22,  0.  ])
    """
    there = np.isfinite(values)
    if there.sum() < 2:
        return np.zeros(len(values))
    known = values[there]
    deviation = known.std()
    if not deviation > 0:
        return np.zeros(len(values))
    known = np.clip((known - known.mean()) / deviation, -CLIP, CLIP)
    out = np.zeros(len(values))
    out[there] = (known - known.mean()) / known.std()
    return out
