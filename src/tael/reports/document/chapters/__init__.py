"""The chapters and annexes in the order in which they are read. A new one is a file here and a line below."""

from __future__ import annotations

from tael.reports.document.chapters import (
    changes,
    china,
    data,
    decision,
    features,
    limits,
    model,
    monitoring,
    performance,
    purpose,
    reasons,
    reproduction,
    sr11_7,
    sr26_2,
)

CHAPTERS = (purpose, data, features, model, performance, decision, reasons, limits, monitoring, changes)
ANNEXES = (sr26_2, sr11_7, china, reproduction)
