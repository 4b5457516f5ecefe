"""A challenger replaces the champion only by a rule that was written down before the trial began."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import norm

from tael.errors import MarketError
from tael.markets.broker.files import write_whole
from tael.markets.performance import max_drawdown, mean_test
from tael.markets.tracking.log import Log

RULE, LOG = "rule.json", "trial.jsonl"


@dataclass(frozen=True)
class PromotionRule:
    """When the challenger wins. One look, after the last day.

    Attributes
    ----------
    champion, challenger : str
        Which models: the fingerprints of their bundles.
    metric : str
        What is compared, higher is better: "rank_ic", "return", ...
    starts, ends : date
        First and last day of the trial.
    least_days : int
        Fewer days with both values: no promotion.
    least_gain : float
        The mean difference (challenger less champion) must be above this.
    level : float
        One-sided error of the test that the mean difference is above `least_gain` (Newey-West).
    most_drawdown : float or None
        For returns: the challenger's largest loss from a peak, as a share; beyond it, no promotion.

    Raises
    ------
    MarketError
        If a field makes no sense.
    """

    champion: str
    challenger: str
    metric: str
    starts: date
    ends: date
    least_days: int = 60
    least_gain: float = 0.0
    level: float = 0.05
    most_drawdown: float | None = None

    def __post_init__(self) -> None:
        if self.champion == self.challenger:
            raise MarketError("A model does not compete with itself.", got=self.champion)
        if not self.starts < self.ends:
            raise MarketError("A trial ends after it starts.", got=f"{self.starts} to {self.ends}")
        if self.least_days < 20:
            raise MarketError("Fewer than 20 days decide nothing.", got=str(self.least_days), where="least_days")
        if not 0 < self.level < 0.5:
            raise MarketError("An error level.", expected="above 0, below 0.5", got=str(self.level))
        if self.most_drawdown is not None and not 0 < self.most_drawdown <= 1:
            raise MarketError("A drawdown is a share.", expected="above 0, up to 1", got=str(self.most_drawdown))

    def to_text(self) -> str:
        """The rule as JSON, always the same text for the same rule."""
        plain = {name: value.isoformat() if isinstance(value, date) else value for name, value in asdict(self).items()}
        return json.dumps(plain, ensure_ascii=False, indent=1, sort_keys=True) + "\n"

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the text."""
        return hashlib.sha256(self.to_text().encode("utf-8")).hexdigest()

    @classmethod
    def from_text(cls, text: str) -> PromotionRule:
        """Read back what `to_text` wrote.

        Raises
        ------
        MarketError
            If it is no rule.
        """
        try:
            plain = json.loads(text)
            dates = {name: date.fromisoformat(plain[name]) for name in ("starts", "ends")}
            return cls(**{**plain, **dates})
        except (ValueError, KeyError, TypeError) as error:
            names = ", ".join(field.name for field in fields(cls))
            raise MarketError("This is no promotion rule.", expected=names, got=str(error)) from error


@dataclass(frozen=True)
class Verdict:
    """What a trial came to.

    Attributes
    ----------
    promoted : bool
    reasons : tuple of str
        Why not; empty if promoted.
    days : int
        With both values.
    gain, p_value : float
        Mean difference, and the one-sided p-value that it is above the rule's least gain.
    drawdown : float or None
        The challenger's.
    """

    promoted: bool
    reasons: tuple[str, ...]
    days: int
    gain: float
    p_value: float
    drawdown: float | None = None


def register(
    rule: PromotionRule, folder: str | Path, *, today: date, now: Callable[[], datetime] | None = None
) -> PromotionRule:
    """Write the rule down before its trial: ``rule.json``, and its hash as the first line of ``trial.jsonl``.

    Parameters
    ----------
    rule : PromotionRule
    folder : path
        Of this trial.
    today : date
    now : callable, optional
        The clock of the log.

    Returns
    -------
    PromotionRule

    Raises
    ------
    MarketError
        If the trial would start today or earlier (its days are known already), or the folder has a trial.

    Examples
    --------
    >>> import tempfile
    >>> rule = PromotionRule("old", "new", "rank_ic", date(2024, 2, 1), date(2024, 6, 30))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     register(rule, folder, today=date(2024, 1, 31)).fingerprint == rule.fingerprint
    True
    """
    folder = Path(folder)
    if rule.starts <= today:
        raise MarketError(
            "A rule is written down before its trial.", expected=f"a start after {today}", got=str(rule.starts)
        )
    log = Log(folder / LOG, now)
    if log.read() or (folder / RULE).exists():
        raise MarketError("There is a trial already.", where=str(folder), fix="A new rule is a new trial: new folder.")
    write_whole(folder / RULE, rule.to_text())
    log.add(event="registered", rule=rule.fingerprint, day=today.isoformat())
    return rule


def evaluate(
    folder: str | Path,
    days: Sequence[date],
    champion: Any,
    challenger: Any,
    *,
    today: date,
    now: Callable[[], datetime] | None = None,
) -> Verdict:
    """Judge a trial by the rule that it began with; the first judgement stands.

    Parameters
    ----------
    folder : path
        Where `register` wrote.
    days : sequence of date, length T
    champion, challenger : array-like of shape (T,)
        The metric of each model on each day, of orders or predictions made on the day before it was known. Days outside
        the trial are left out, and days on which one of them is missing.
    today : date
    now : callable, optional

    Returns
    -------
    Verdict
        Of this call, or of the one before it.

    Raises
    ------
    MarketError
        If no rule was registered, the rule or the log was changed, or the trial has not ended.
    """
    folder = Path(folder)
    rule, log, lines = _opened(folder, now)
    for line in lines:
        if line["event"] == "evaluated":
            said = line["verdict"]
            return Verdict(**{**said, "reasons": tuple(said["reasons"])})
    if today <= rule.ends:
        raise MarketError(
            "The trial has not ended: a look before the end is a second chance.",
            expected=f"a day after {rule.ends}", got=str(today), where=str(folder),
        )  # fmt: skip
    verdict = _judge(rule, days, champion, challenger)
    log.add(event="evaluated", day=today.isoformat(), verdict={**asdict(verdict), "reasons": list(verdict.reasons)})
    return verdict


def _opened(folder: Path, now: Callable[[], datetime] | None) -> tuple[PromotionRule, Log, list[dict[str, Any]]]:
    """The rule and the log, if neither was changed."""
    log = Log(folder / LOG, now)
    lines = log.read()
    if not lines or not (folder / RULE).exists():
        raise MarketError("No rule was registered.", where=str(folder), fix="Call register before the trial.")
    text = (folder / RULE).read_text(encoding="utf-8")
    found = hashlib.sha256(text.encode("utf-8")).hexdigest()
    if found != lines[0]["rule"]:
        raise MarketError(
            "The rule was changed after the trial began: nothing is judged by it.",
            expected=lines[0]["rule"], got=found, where=str(folder / RULE), fix="Register a new trial.",
        )  # fmt: skip
    return PromotionRule.from_text(text), log, lines


def _judge(rule: PromotionRule, days: Sequence[date], champion: Any, challenger: Any) -> Verdict:
    """Apply the rule."""
    old, new = np.asarray(champion, dtype=np.float64), np.asarray(challenger, dtype=np.float64)
    if not len(days) == len(old) == len(new):
        raise MarketError("One value of each model for each day.", got=f"{len(days)}, {len(old)}, {len(new)}")
    if list(days) != sorted(set(days)):
        raise MarketError("Days rise.")
    inside = np.array([rule.starts <= day <= rule.ends for day in days], dtype=bool)
    both = inside & np.isfinite(old) & np.isfinite(new)
    count, reasons = int(both.sum()), []
    if count < rule.least_days:
        reasons.append(f"{count} days where {rule.least_days} are needed")
    if count < 2:
        return Verdict(False, tuple(reasons), count, float("nan"), 1.0)
    test = mean_test(new[both] - old[both])
    if test.error > 0:
        p = float(norm.sf((test.mean - rule.least_gain) / test.error))
    else:
        p = 0.0 if test.mean > rule.least_gain else 1.0
    if not test.mean > rule.least_gain:
        reasons.append(f"a gain of {test.mean:.4g} where more than {rule.least_gain:g} is needed")
    if not p < rule.level:
        reasons.append(f"a p-value of {p:.3f} where less than {rule.level:g} is needed")
    drawdown = None
    if rule.most_drawdown is not None:
        drawdown = float(max_drawdown(new[both]).depth)
        if abs(drawdown) > rule.most_drawdown:
            reasons.append(f"a drawdown of {abs(drawdown):.1%} where {rule.most_drawdown:.1%} is the most")
    return Verdict(not reasons, tuple(reasons), count, test.mean, p, drawdown)
