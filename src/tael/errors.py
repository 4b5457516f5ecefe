"""What tael says when something is wrong: one class for each stage, each message in the same four parts."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher, get_close_matches

_SHOWN = 20
_PART, _CLOSE = 3, 0.5
"""Letters of a part, and the likeness, from which a name counts as near; below them the alphabet orders."""


class TaelError(ValueError):
    """Base of all of tael's errors.

    It is a ``ValueError`` because scikit-learn's tools treat bad input as one.

    Parameters
    ----------
    problem : str
        One sentence: what is wrong.
    expected, got : str, optional
        What was expected, and what came.
    where : str, optional
        Table, column, row, file and line.
    fix : str, optional
        What to do next.

    Examples
    --------
    >>> print(TaelError("No such column.", expected="amount", got="amuont", where="loans", fix="Rename it."))
    No such column.
      expected: amount
      got:      amuont
      where:    loans
      to do:    Rename it.
    """

    stage = "tael"

    def __init__(
        self,
        problem: str,
        *,
        expected: str | None = None,
        got: str | None = None,
        where: str | None = None,
        fix: str | None = None,
    ) -> None:
        self.problem, self.expected, self.got, self.where, self.fix = problem, expected, got, where, fix
        lines = [problem]
        for name, text in (("expected", expected), ("got", got), ("where", where), ("to do", fix)):
            if text:
                lines.append(f"  {name + ':':<9} {text}")
        super().__init__("\n".join(lines))


class TablesError(TaelError):
    """Reading tables, or a table that breaks its contract."""

    stage = "tables"


class FormulaError(TaelError):
    """A formula that does not parse, does not fit its types, or breaks the law of time."""

    stage = "formulas"


class PanelError(TaelError):
    """A panel whose bars or entities do not fit together, or a formula that does not fit it."""

    stage = "panels"


class ObservationsError(TaelError):
    """Entities, cutoffs or labels that cannot be made."""

    stage = "observations"


class FeaturesError(TaelError):
    """Feature construction that cannot go on."""

    stage = "features"


class ModelError(TaelError):
    """A model that cannot be fitted or applied."""

    stage = "models"


class ValidationError(TaelError):
    """A metric or split that cannot be computed on what was given."""

    stage = "validation"


class DecisionError(TaelError):
    """A decision whose inputs or limits make no sense."""

    stage = "decisions"


class ScenarioError(TaelError):
    """A scenario or its TOML that cannot be understood."""

    stage = "scenarios"


class MarketError(TaelError):
    """Bars, exchange rules, portfolios, backtests or orders that make no sense or break a limit."""

    stage = "markets"


class RunError(TaelError):
    """A run folder or model bundle that cannot be written, read or trusted."""

    stage = "runs"


def nearest(got: str, known: Iterable[str]) -> list[str]:
    """The known names, those nearest to a misspelt one first; of equal ones in order of the alphabet.

    >>> nearest("default", ["age", "income", "default payment"])
    ['default payment', 'age', 'income']
    """
    said = got.casefold()

    def far(name: str) -> tuple[float, str]:
        other = name.casefold()
        within = min(len(said), len(other)) >= _PART and (said in other or other in said)
        close = SequenceMatcher(None, said, other).ratio()
        return (-1 - close if within else -close if close >= _CLOSE else 0.0), name

    return sorted(known, key=far)


def did_you_mean(got: str, known: Iterable[str]) -> str:
    """Say which known names come nearest to a misspelt one, or list them, the nearest first.

    >>> did_you_mean("amuont", ["amount", "term"]), did_you_mean("age", ["AGE", "term"])
    ('Did you mean "amount"?', 'Did you mean "AGE"?')
    """
    known = list(known)
    near = get_close_matches(got, known, n=1) or [name for name in known if name.casefold() == got.casefold()]
    if near:
        return f'Did you mean "{near[0]}"?'
    names = nearest(got, known) if len(known) > _SHOWN else sorted(known)
    shown = ", ".join(names[:_SHOWN]) or "nothing"
    return f"Known: {shown}{' ...' if len(known) > _SHOWN else ''}."
