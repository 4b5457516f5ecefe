"""A measured value with its interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tael.validation.words import Words

NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Metric:
    """A measured value with its interval.

    Parameters
    ----------
    value, low, high : float
        The estimate and the ends of its interval; NaN where there is none.
    reason : Words, optional
        Why there is no value.

    Examples
    --------
    >>> Metric(0.71, 0.69, 0.73).to_dict()
    {'value': 0.71, 'low': 0.69, 'high': 0.73}
    """

    value: float
    low: float = NAN
    high: float = NAN
    reason: Words | None = None

    def to_dict(self) -> dict[str, object]:
        """A plain dict for JSON: NaN becomes None, and `reason` is there only where there is no value."""
        plain: dict[str, object] = {
            name: value if np.isfinite(value) else None
            for name, value in (("value", self.value), ("low", self.low), ("high", self.high))
        }
        if self.reason is not None:
            plain["reason"] = self.reason.to_dict()
        return plain

    @classmethod
    def from_dict(cls, plain: dict[str, object]) -> Metric:
        """Read back what `to_dict` wrote."""
        reason = plain.get("reason")
        value, low, high = (
            NAN if plain.get(name) is None else float(plain[name])  # type: ignore[arg-type]
            for name in ("value", "low", "high")
        )
        return cls(value, low, high, Words(**reason) if isinstance(reason, dict) else None)
