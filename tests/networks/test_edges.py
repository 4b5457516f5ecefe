"""Reading edges: any library's frame, and what is refused."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import polars as pl
import pytest

from tael.networks import Edges, NetworkError
from tael.networks.edges import scores_of, span_of


def frame() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "sender": ["b", "a", "b"],
            "receiver": ["a", "c", "b"],
            "at": [date(2025, 1, 3), date(2025, 1, 1), date(2025, 1, 2)],
            "amount": [3.0, 1.0, 2.0],
            "id": [10, 11, 12],
        }
    )


def test_rows_keep_their_order_and_ids() -> None:
    edges = Edges.from_frame(frame(), id="id")
    assert edges.nodes == ("a", "b", "c")
    assert edges.source.tolist() == [1, 0, 1]
    assert edges.target.tolist() == [0, 2, 1]
    assert edges.ids.tolist() == [10, 11, 12]
    assert np.diff(edges.time).tolist() == [-2 * 86_400_000_000, 86_400_000_000]
    assert edges.take([2]).ids.tolist() == [12]


def test_pandas_gives_the_same() -> None:
    ours, theirs = Edges.from_frame(frame()), Edges.from_frame(pd.DataFrame(frame().to_dict(as_series=False)).assign(
        at=lambda t: pd.to_datetime(t["at"])))  # fmt: skip
    assert ours.nodes == theirs.nodes
    assert ours.time.tolist() == theirs.time.tolist()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"amount": pl.lit(-1.0)}, "negative"),
        ({"amount": pl.lit(None, dtype=pl.Float64)}, "missing"),
        ({"sender": pl.lit(None, dtype=pl.String)}, "lack an end"),
        ({"at": pl.lit(3)}, "dates or times"),
        ({"receiver": pl.lit(3)}, "different types"),
    ],
)
def test_faults_are_told(change: dict[str, pl.Expr], message: str) -> None:
    with pytest.raises(NetworkError, match=message):
        Edges.from_frame(frame().with_columns(**change))


def test_a_misspelt_column_is_guessed() -> None:
    with pytest.raises(NetworkError, match='Did you mean "amount"'):
        Edges.from_frame(frame(), amount="amuont")


def test_no_months_between_transfers() -> None:
    with pytest.raises(NetworkError, match="30d"):
        span_of("1mo")
    with pytest.raises(NetworkError, match="no length of time"):
        span_of("soon")


@pytest.mark.parametrize("score", [[0.1, 0.2], [0.1, 0.2, np.nan], [0.1, 0.2, 1.5]])
def test_scores_must_fit(score: list[float]) -> None:
    with pytest.raises(NetworkError):
        scores_of(score, Edges.from_frame(frame()))
