"""The contract check: does the data keep what the schema promises, and does it look right?"""

from __future__ import annotations

from dataclasses import replace

from tael.tables.checks import checked
from tael.tables.frames import Tables
from tael.tables.personal import masked, personal
from tael.tables.violations import MESSAGES, Example, Violation, errors_of, raise_on_errors, violations_text

__all__ = ["MESSAGES", "Example", "Violation", "check", "errors_of", "raise_on_errors", "violations_text"]


def check(tables: Tables, *, show_personal: bool = False) -> list[Violation]:
    """Test the contract of all tables.

    Parameters
    ----------
    tables : Tables
    show_personal : bool
        Show the values of columns that look personal (names, phones, addresses) instead of masking them.

    Returns
    -------
    list of Violation
        Errors first, then in the order of tables and columns. Empty if all is well.

    Examples
    --------
    >>> import polars as pl
    >>> loans = pl.DataFrame({"loan": [1, 1], "amount": [5.0, -1.0]})
    >>> tables = Tables({"loans": loans}, {"loans": {"key": "loan", "columns": {"amount": {"min": 0}}}})
    >>> [(one.code, one.where, one.count) for one in check(tables)]
    [('TAEL-T02', 'loans.loan', 2), ('TAEL-T05', 'loans.amount', 1)]
    """
    found: list[Violation] = []
    for name, schema in tables.schema.tables.items():
        found.extend(checked(tables, name, schema, show_personal))
    kinds = {"huge": "TAEL-T16", "duplicates": "TAEL-T17", "name": "TAEL-T18", "totals": "TAEL-T24"}
    for note in tables.notes:
        code = kinds[note.kind]
        severity = MESSAGES[code][0]
        key = tables.schema.tables[note.table].key
        shown = note.examples
        if note.column is not None and note.column != key and personal(note.column) and not show_personal:
            shown = tuple(replace(one, value=masked(one.value)) for one in shown)
        found.append(Violation(code, severity, note.table, note.column, note.count, shown, note.detail))
    return sorted(found, key=lambda one: one.severity != "error")
