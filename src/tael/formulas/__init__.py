"""The formula language: tree, parser, printer, types, operators, words. Knows schemas, never data."""

from __future__ import annotations

from tael.formulas.durations import Duration
from tael.formulas.names import short_name, short_names
from tael.formulas.panel import PanelSchema, lookback, resolve_panel
from tael.formulas.panel_words import panel_words
from tael.formulas.parser import parse
from tael.formulas.printer import to_text
from tael.formulas.relations import path_text, paths
from tael.formulas.resolve import resolve
from tael.formulas.rows import evaluate_row
from tael.formulas.syntax import Call, Literal, Name, Node, walk
from tael.formulas.values import NAT, Values
from tael.formulas.words import bound_words, unit_of, words

__all__ = [
    "NAT",
    "Call",
    "Duration",
    "Literal",
    "Name",
    "Node",
    "PanelSchema",
    "Values",
    "bound_words",
    "evaluate_row",
    "lookback",
    "panel_words",
    "parse",
    "path_text",
    "paths",
    "resolve",
    "resolve_panel",
    "short_name",
    "short_names",
    "to_text",
    "unit_of",
    "walk",
    "words",
]
