"""The account of a run's data and sample, for ``run.json``: tables, violations, leaks, observations, split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.observations import Observations
from tael.tables.contract import Violation
from tael.tables.frames import Tables
from tael.tables.schema import Language
from tael.validation import Finding, Split

LANGUAGES: tuple[Language, ...] = ("en", "zh")


def data_section(tables: Tables, violations: Sequence[Violation], leaks: Sequence[Finding]) -> dict[str, Any]:
    """Tables, what breaks their contract, what gives the label away."""
    return {
        "fingerprint": tables.fingerprint(),
        "tables": [_table(tables, name) for name in tables],
        "violations": [
            {
                "code": v.code,
                "severity": v.severity,
                "table": v.table,
                "column": v.column,
                "count": v.count,
                "message": {lang: v.message(lang) for lang in LANGUAGES},
                "examples": [f"{e.row}: {e.value}" for e in v.examples],
            }
            for v in violations
        ],
        "leaks": [
            {
                "code": f.code,
                "column": f.column,
                "strength": f.strength,
                "level": f.level,
                "message": {lang: f.text(lang) for lang in LANGUAGES},
            }
            for f in leaks
        ],
    }


def _table(tables: Tables, name: str) -> dict[str, Any]:
    frame, promise = tables[name], tables.schema.tables[name]
    first, last = (frame[promise.time].min(), frame[promise.time].max()) if promise.time else (None, None)
    cells = frame.height * frame.width
    missing = sum(frame.null_count().row(0)) if cells else 0
    return {
        "name": name,
        "title": {lang: tables.schema.title_of(name, lang=lang) for lang in LANGUAGES},
        "rows": frame.height,
        "columns": frame.width,
        "first": first.date().isoformat() if isinstance(first, datetime) else None,
        "last": last.date().isoformat() if isinstance(last, datetime) else None,
        "missing_share": missing / cells if cells else None,
    }


WEEKLY_BELOW = timedelta(days=120)
"""Observations of a shorter span are counted by week: three months would make three dots."""


def observations_section(
    tables: Tables, seen: Observations, entity: str, cutoff: str, settles: timedelta
) -> dict[str, Any]:
    """How many observations, with which label, when; by month, or by week (named by its Monday) where they are few.

    Parameters
    ----------
    settles : timedelta
        The longest time from a cutoff until its label is settled.
    """
    known = seen.labelled
    # of categories, what is counted is whether anything but the first of them came
    label = (seen.label > 0).astype(np.float64) if seen.classes else np.nan_to_num(seen.label)
    times = seen.frame["cutoff"]
    first, last = times.min(), times.max()
    weekly = isinstance(first, datetime) and isinstance(last, datetime) and last - first < WEEKLY_BELOW
    when = (
        pl.col("cutoff").dt.truncate("1w").dt.strftime("%Y-%m-%d") if weekly else pl.col("cutoff").dt.strftime("%Y-%m")
    )
    periods = (
        seen.frame.select(period=when)
        .with_columns(known=pl.Series(known), bad=pl.Series(label))
        .group_by("period")
        .agg(n=pl.len(), labelled=pl.col("known").sum(), bad=pl.col("bad").filter(pl.col("known")).sum())
        .sort("period")
    )
    return {
        "entity": entity,
        "entity_title": {lang: tables.schema.title_of(entity, lang=lang) for lang in LANGUAGES},
        "cutoff": cutoff,
        "n": len(seen),
        "n_labelled": int(known.sum()),
        "n_pending": int((~known).sum()),
        "label_settles_days": settles.total_seconds() / 86_400,
        "period": "week" if weekly else "month",
        "data_end": seen.data_end.isoformat(sep=" ", timespec="seconds"),
        "excluded": [{"reason": _reason(reason), "n": n} for reason, n in seen.excluded],
        "base_rate": float(label[known].mean()) if known.any() else None,
        "by_period": [
            {
                "period": row["period"],
                "n": row["n"],
                "labelled": row["labelled"],
                "bad": int(row["bad"]),
                "rate": row["bad"] / row["labelled"] if row["labelled"] else None,
            }
            for row in periods.to_dicts()
        ],
    }


def _reason(reason: str) -> dict[str, str]:
    """Why rows were left out: the population's condition in both languages, an exclusion as its name was stated."""
    outside, colon, formula = reason.partition(": ")
    if outside == "not in the population" and colon:
        return {"en": reason, "zh": f"不在总体范围内：{formula}"}
    return {"en": reason, "zh": reason}


def split_section(split: Split, y: NDArray[np.float64], cutoffs: pl.Series) -> dict[str, Any]:
    """How the observations were parted, and why so."""
    texts = [reason.to_dict() for reason in split.reasons]
    kind = {
        "out_of_time": ("Out of time: the latest observations were kept aside.", "跨期划分：最近的观测留作测试。")
    }.get(split.kind, ("Random.", "随机划分。"))
    parts: Mapping[str, NDArray[np.int64]] = split.parts()
    return {
        "kind": split.kind,
        "text": {
            "en": " ".join([kind[0], *(t["en"] for t in texts)]),
            "zh": "".join([kind[1], *(t["zh"] for t in texts)]),
        },
        "purged": len(split.purged),
        "parts": {
            name: {
                "n": len(rows),
                "bad": int(y[rows].sum()),
                "first": str(cutoffs[rows].min())[:10],
                "last": str(cutoffs[rows].max())[:10],
            }
            for name, rows in parts.items()
        },
    }
