"""One verdict on a model, and the order in which several are told: by what each means for the belief in its figures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeVar

from tael.validation.words import Lang, Words

Severity = Literal["good", "note", "warning", "serious"]
QUESTIONS = frozenset({"TAEL-V10", "TAEL-V11"})
"""What a model is not called sound before it is answered: all other figures hang on the answer."""
FIRST = ("TAEL-V03", "TAEL-V06", "TAEL-V05", "TAEL-V04", "TAEL-V02", "TAEL-V07", "TAEL-V09")
"""Of equal weight, these come first: figures that know the outcome, then those that are not known at all, then those
that are no better than chance, then those that do not last."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One finding about a model.

    Parameters
    ----------
    code : str
        ``TAEL-V01`` to ``TAEL-V11``.
    name : str
        Its short name: sound, over-fitted, leaking, drifting, under-fitted, too-few-events, miscalibrated,
        random-holdout, short-test, one-column, lone-column.
    severity : {"good", "note", "warning", "serious"}
        A note is neither praise nor a fault.
    words : Words
        What was seen, with the numbers.
    to_do : Words
        What to do.
    """

    code: str
    name: str
    severity: Severity
    words: Words
    to_do: Words

    def text(self, lang: Lang = "en") -> str:
        """What was seen."""
        return self.words.text(lang)

    def what_to_do(self, lang: Lang = "en") -> str:
        """What to do."""
        return self.to_do.text(lang)

    def to_dict(self) -> dict[str, object]:
        """A plain dict for `run.json`."""
        plain: dict[str, object] = {"code": self.code, "name": self.name, "severity": self.severity}
        return plain | {"text": self.words.to_dict(), "to_do": self.to_do.to_dict()}


_Of = TypeVar("_Of", bound=Verdict)


def in_order(found: Iterable[_Of]) -> list[_Of]:
    """Sort verdicts: faults first, then questions that keep a model from being called sound, warnings, praise, notes.

    Parameters
    ----------
    found : iterable of Verdict

    Returns
    -------
    list of Verdict

    Examples
    --------
    >>> said = Words("", "")
    >>> found = [
    ...     Verdict("TAEL-V08", "random-holdout", "note", said, said),
    ...     Verdict("TAEL-V04", "drifting", "warning", said, said),
    ...     Verdict("TAEL-V10", "one-column", "warning", said, said),
    ...     Verdict("TAEL-V06", "too-few-events", "serious", said, said),
    ... ]
    >>> [one.name for one in in_order(found)]
    ['too-few-events', 'one-column', 'drifting', 'random-holdout']
    """
    return sorted(found, key=_place)


def _place(one: Verdict) -> tuple[int, int]:
    weight = {"serious": 0, "warning": 2, "good": 3, "note": 4}[one.severity]
    if weight > 0 and one.code in QUESTIONS:
        weight = 1
    return weight, FIRST.index(one.code) if one.code in FIRST else len(FIRST)
