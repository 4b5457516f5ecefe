"""What enters the fingerprint of tables: their content, and what the schema says about it."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import polars as pl

from tael.tables.schema import Schema

_SLICE = 1 << 20


def meaning(schema: Schema) -> str:
    """What the schema says about the content, without where the content lies."""
    place = {"file", "source", "query", "encoding", "separator", "skip_lines", "missing", "title"}
    head = {"simulated": schema.simulated}
    body = {
        name: table.model_dump(mode="json", exclude=place, exclude_defaults=True, exclude_none=True)
        for name, table in schema.tables.items()
    }
    return json.dumps([head, body], sort_keys=True, ensure_ascii=False)


def hash_column(column: pl.Series, digest: Any) -> None:
    """Feed a column in slices of fixed length: values under nulls are zeroed, so that equal columns hash equally."""
    for start in range(0, max(len(column), 1), _SLICE):
        part = column.slice(start, _SLICE)
        missing = part.null_count() > 0
        if missing:
            digest.update(np.packbits(part.is_null().to_numpy()).tobytes())
        if part.dtype == pl.String:
            filled = part.fill_null("") if missing else part
            digest.update(filled.str.len_bytes().to_numpy().tobytes())
            arrow = filled.to_arrow(compat_level=pl.CompatLevel.oldest())
            offsets = np.frombuffer(arrow.buffers()[1], np.int64)[arrow.offset : arrow.offset + len(arrow) + 1]
            if offsets[-1] > offsets[0]:
                digest.update(memoryview(arrow.buffers()[2])[int(offsets[0]) : int(offsets[-1])])
        elif part.dtype == pl.Boolean:
            digest.update(np.packbits(part.fill_null(False).to_numpy()).tobytes())
        else:
            numbers = part.to_physical()
            numbers = numbers.fill_null(0) if missing else numbers
            digest.update(np.ascontiguousarray(numbers.to_numpy()).data)
