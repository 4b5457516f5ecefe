"""The alerts of a run, best first, and by what name each is spoken of."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import polars as pl

from tael.errors import RunError, did_you_mean
from tael.runs.result import Run

ADVERSE = ("alert", "refer", "decline", "gang")
"""Decisions that somebody looks into."""


@dataclass(frozen=True)
class Alert:
    """One alert.

    Attributes
    ----------
    case : str
        Ten hexadecimal digits that say nothing about whom it concerns.
    key : str
    cutoff : datetime
    row : int
        Its row in the decisions.
    """

    case: str
    key: str
    cutoff: datetime
    row: int


@dataclass(frozen=True)
class Alerts:
    """Everybody who was decided on, and who of them is an alert.

    Attributes
    ----------
    frame : polars.DataFrame
        ``decisions.parquet``, or what a scoring wrote.
    key : str
        Name of the key's column.
    model : str
        Version.
    alerts : list of Alert
        Best first.
    """

    frame: pl.DataFrame = field(repr=False)
    key: str
    model: str
    alerts: list[Alert] = field(repr=False)

    @classmethod
    def read(cls, run: Path, scored: Path | None = None, *, period: str | None = None) -> Alerts:
        """The alerts of a run's out-of-time part, or of a later scoring.

        Parameters
        ----------
        run : Path
            Run folder.
        scored : Path, optional
            A Parquet file that ``tael score RUN --out`` wrote.
        period : str, optional
            Only those of this period, such as a day.

        Raises
        ------
        RunError
            If the run decides about no persons, or the scoring is another model's.
        """
        content = Run.read(run)
        if content.content.get("shape") == "panel":
            raise RunError("A run on a market has no cases.", expected="a run about persons or accounts", got=str(run))
        frame = decisions_of(content, scored)
        model = str(content.content["model"]["version"])
        if set(frame["model_version"].unique()) - {model}:
            raise RunError(
                "The decisions are another model's.",
                expected=f"model version {model}",
                got=", ".join(sorted(set(frame["model_version"].unique()))[:3]),
                where=str(scored or run),
                fix="Name the run whose bundle has made them.",
            )
        if content.content["decision"].get("kind") == "gangs":
            frame = gang_frame(frame, float(content.content["decision"]["gangs"]["settings"]["money"]))
        shown = pl.col("decision").is_in(ADVERSE) & pl.col("split").is_in(["out_of_time", "scored"])
        if period is not None:
            named = pl.col("period") if "period" in frame.columns else pl.col("cutoff").dt.strftime("%Y-%m-%d")
            shown &= named == period
        key = frame.columns[0]
        worth = next(name for name in ("rank_value", "expected_value", "probability") if name in frame.columns)
        chosen = (
            frame.with_row_index("_row").filter(shown).sort(worth, "_row", descending=[True, False], nulls_last=True)
        )
        alerts = [
            Alert(case_id(model, str(k), cutoff), str(k), cutoff, row)
            for k, cutoff, row in chosen.select(key, "cutoff", "_row").iter_rows()
        ]
        return cls(frame, key, model, alerts)

    def find(self, case: str) -> Alert:
        """The alert of a case id, or of a key that has one alone.

        Raises
        ------
        RunError
            If there is none, or several.
        """
        found = [one for one in self.alerts if one.case == case] or [one for one in self.alerts if one.key == case]
        if len(found) == 1:
            return found[0]
        if not found:
            raise RunError(
                "There is no such case in the queue.",
                expected=f"a case's id, such as {self.alerts[0].case}" if self.alerts else "a queue with cases",
                got=case,
                fix=did_you_mean(case, [one.case for one in self.alerts]) or "Look the id up in queue.html.",
            )
        raise RunError(
            "This key has several alerts.",
            expected="the id of one of them",
            got=case,
            fix="Name one: " + ", ".join(f"{one.case} ({one.cutoff:%Y-%m-%d})" for one in found[:5]),
        )


def decisions_of(run: Run, scored: Path | None = None) -> pl.DataFrame:
    """The decisions of a run, or of a later scoring."""
    return run.decisions if scored is None else _scored(scored)


def gang_frame(frame: pl.DataFrame, money: float) -> pl.DataFrame:
    """One row a gang, out of decisions with one row a transfer.

    Parameters
    ----------
    frame : polars.DataFrame
    money : float
        Exponent of the money in the rank.

    Returns
    -------
    polars.DataFrame
        gang, cutoff, split, decision, probability (the gang's score, which is none), gang_money, period, rank,
        rank_value, reason_en, reason_zh, model_version.
    """
    whole = frame.filter(pl.col("gang").is_not_null()).unique(["gang", "cutoff", "split"], maintain_order=True)
    return whole.select(
        "gang", "cutoff", "split", "decision", pl.col("gang_score").alias("probability"), "gang_money", "period",
        "rank", (pl.col("gang_score") * pl.col("gang_money") ** money).alias("rank_value"), "reason_en", "reason_zh",
        "model_version",
    )  # fmt: skip


def case_id(model: str, key: str, cutoff: datetime) -> str:
    """Ten hexadecimal digits, the same whenever the case is made again.

    >>> case_id("abc", "7", datetime(2025, 4, 1))
    '126b3876dd'
    """
    return hashlib.sha256(f"{model}|{key}|{cutoff.isoformat()}".encode()).hexdigest()[:10]


def _scored(path: Path) -> pl.DataFrame:
    try:
        frame = pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise RunError(
            "The scored file cannot be read.", expected="Parquet that `tael score --out` wrote", got=str(error),
            where=str(path),
        ) from None  # fmt: skip
    absent = {"cutoff", "split", "decision", "probability", "model_version"} - set(frame.columns)
    if absent:
        raise RunError(
            "The file was not written by `tael score`.", expected=", ".join(sorted(absent)),
            got=", ".join(frame.columns[:8]), where=str(path),
        )  # fmt: skip
    return frame
