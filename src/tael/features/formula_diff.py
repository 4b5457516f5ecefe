"""What differs between two lists of formulas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tael.features.formula_file import FormulaFile, Line


@dataclass(frozen=True)
class FormulaDiff:
    """What differs between two lists of formulas; their order does not count.

    Attributes
    ----------
    added, removed : tuple of Line
        Only in the second, only in the first.
    changed, renamed : tuple of (Line, Line)
        The same name with another formula; the same formula under another name. First and second.
    header : tuple of (str, str, str)
        What the files say otherwise of their observations: entity, key or cutoff, first, second.
    """

    added: tuple[Line, ...]
    removed: tuple[Line, ...]
    changed: tuple[tuple[Line, Line], ...]
    renamed: tuple[tuple[Line, Line], ...]
    header: tuple[tuple[str, str, str], ...] = ()

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return bool(self.added or self.removed or self.changed or self.renamed or self.header)


def diff(first: FormulaFile | Sequence[Line], second: FormulaFile | Sequence[Line]) -> FormulaDiff:
    """Compare two lists of formulas: by formula first, then what is left by name.

    Parameters
    ----------
    first, second : FormulaFile or sequence of Line
        Formulas in their canonical form, each once, as :func:`tael.features.formula_file.read_file` gives them.

    Examples
    --------
    >>> from tael.features.formula_file import read_text
    >>> found = diff(read_text("a = x\\nb = y"), read_text("a = z\\nc = y"))
    >>> [(one.name, other.formula) for one, other in found.changed]
    [('a', 'z')]
    >>> [(one.name, other.name) for one, other in found.renamed]
    [('b', 'c')]
    """
    header: list[tuple[str, str, str]] = []
    if isinstance(first, FormulaFile) and isinstance(second, FormulaFile):
        for name in ("entity", "key", "cutoff"):
            one, two = getattr(first, name), getattr(second, name)
            if one is not None and two is not None and one != two:
                header.append((name, one, two))
    here = first.lines if isinstance(first, FormulaFile) else list(first)
    there = second.lines if isinstance(second, FormulaFile) else list(second)
    by_formula = {line.formula: line for line in there}
    known = {line.formula for line in here}
    renamed = [(line, by_formula[line.formula]) for line in here if line.formula in by_formula]
    left = [line for line in here if line.formula not in by_formula]
    fresh = {line.name: line for line in there if line.formula not in known}
    changed = [(line, fresh.pop(line.name)) for line in left if line.name in fresh]
    met = {line.name for line, _ in changed}
    return FormulaDiff(
        tuple(fresh.values()),
        tuple(line for line in left if line.name not in met),
        tuple(changed),
        tuple((one, two) for one, two in renamed if one.name != two.name),
        tuple(header),
    )
