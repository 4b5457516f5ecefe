"""Formulas as portable SQL. Needs sqlglot: ``pip install "tael[sql]"``."""

from __future__ import annotations

from tael.formulas.sql.aggregates import NOT_IN_SQL, operators_in_sql
from tael.formulas.sql.dialects import DIALECTS
from tael.formulas.sql.statement import to_sql

__all__ = ["DIALECTS", "NOT_IN_SQL", "operators_in_sql", "to_sql"]
