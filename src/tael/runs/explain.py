"""Why one observation got its decision, and what differs between two runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from tael.decisions import swap_set
from tael.errors import RunError
from tael.runs.plan import Plan
from tael.runs.reasons import moved_by, push
from tael.runs.result import Run
from tael.tables.schema import Language


@dataclass(frozen=True)
class Explanation:
    """Why an observation got its decision.

    Attributes
    ----------
    id, cutoff, split, decision : str
    probability : float
    because : str
        The rule, band or cut-off that decided.
    reasons : list of str
        The factors, the strongest first: value, what is typical of those compared with, direction and size.
    model_version : str
    """

    id: str
    cutoff: str
    split: str
    decision: str
    probability: float
    because: str
    reasons: list[str]
    model_version: str


def explain(run: Run, identity: str, lang: Language = "en") -> list[Explanation]:
    """Explain the decisions about one key (several, if it was observed at several cutoffs).

    Raises
    ------
    RunError
        If the run holds no such key, or an earlier tael made it.
    """
    table = run.decisions
    key = table.columns[0]
    if "reason_pushes" not in table.columns:
        raise RunError(
            "The run was made by an earlier tael, which did not keep what each reason weighs.",
            expected="a column reason_pushes",
            where=str(run.path / "decisions.parquet"),
            fix="Make the run again: `tael run`.",
        )
    moves = moved_by(run.content)
    rows = table.filter(pl.col(key).cast(pl.String) == str(identity))
    if rows.height == 0:
        raise RunError(
            "The run holds no such observation.",
            expected=f"a value of {key}, such as {table[key][0]}",
            got=str(identity),
            where=str(run.path / "decisions.parquet"),
            fix="Look the key up there; whoever came later is scored with `tael score`.",
        )
    return [
        Explanation(
            id=str(row[key]),
            cutoff=str(row["cutoff"]),
            split=row["split"],
            decision=row["decision"],
            probability=row["probability"],
            because=row[f"reason_{lang}"],
            reasons=[
                f"{text}{'；' if lang == 'zh' else '; '}{push(moved, lang, moves)}"
                for text, moved in zip(row[f"reasons_{lang}"], row["reason_pushes"], strict=True)
            ],
            model_version=row["model_version"],
        )
        for row in rows.to_dicts()
    ]


@dataclass(frozen=True)
class Comparison:
    """What differs between two runs.

    Attributes
    ----------
    metrics : polars.DataFrame
        split, metric, first, second, difference.
    same_data : bool
    settings : list of (str, str, str)
        Field of the plan, its value in the first run, in the second; those that differ.
    decision : polars.DataFrame
        measure, first, second, on each run's own out-of-time part. Of an approval: cutoff, approval, bad_rate, profit.
        Among options: profit, profit_expected, treated, ``use:<resource>``, ``n:<option>``. Of one of each: profit.
    only_first, only_second : list of str
        Formulas that one run kept and the other did not.
    swaps : polars.DataFrame or None
        Of two approvals: the swap-set on the observations that both decided; None if there are none.
    moved : polars.DataFrame or None
        Of two decisions among options: how many have which pair of options: first, second, n; those that both decided.
    options : dict of str to dict
        What each option is called, in English and Chinese.
    """

    metrics: pl.DataFrame
    same_data: bool
    settings: list[tuple[str, str, str]]
    decision: pl.DataFrame
    only_first: list[str]
    only_second: list[str]
    swaps: pl.DataFrame | None
    moved: pl.DataFrame | None = None
    options: dict[str, dict[str, str]] = field(default_factory=dict)


def compare(first: Run, second: Run) -> Comparison:
    """Compare two runs: metrics side by side, formulas, and whose decision changed (second against first)."""
    rows: list[dict[str, Any]] = []
    for split, named in first.metrics.items():
        for metric, value in named.items():
            other = second.metrics.get(split, {}).get(metric)
            if other is None or value["value"] is None or other["value"] is None:
                continue
            difference = other["value"] - value["value"]
            rows.append(
                {
                    "split": split,
                    "metric": metric,
                    "first": value["value"],
                    "second": other["value"],
                    "difference": difference,
                }
            )
    one = {feature["formula"] for feature in first.content["features"]}
    two = {feature["formula"] for feature in second.content["features"]}
    kinds = {_kind(first), _kind(second)}
    return Comparison(
        metrics=pl.DataFrame(
            rows,
            schema={
                "split": pl.String, "metric": pl.String, "first": pl.Float64, "second": pl.Float64,
                "difference": pl.Float64,
            },
        ),
        same_data=first.content["data"]["fingerprint"] == second.content["data"]["fingerprint"],
        settings=_settings(first, second),
        decision=_decision(first, second),
        only_first=sorted(one - two),
        only_second=sorted(two - one),
        swaps=_swaps(first, second) if kinds == {"approval"} else None,
        moved=_moved(first, second) if kinds == {"options"} else None,
        options={
            row["option"]: row["title"]
            for run in (first, second)
            for row in run.content["decision"].get("options", [])
        },
    )  # fmt: skip


def _kind(run: Run) -> str:
    """The kind of a run's decision."""
    return str(run.content["decision"].get("kind", "approval"))


def _settings(first: Run, second: Run) -> list[tuple[str, str, str]]:
    """Where the plans differ, defaults filled in."""
    one, two = (
        dict(_flat(Plan.from_dict(run.content["scenario"]["config"], where=str(run.path)).model_dump(mode="json")))
        for run in (first, second)
    )
    return [
        (name, one.get(name, "-"), two.get(name, "-"))
        for name in sorted(one.keys() | two.keys())
        if one.get(name) != two.get(name)
    ]


def _flat(content: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Fields by their place in the TOML."""
    if isinstance(content, dict) and content:
        for key, value in content.items():
            yield from _flat(value, f"{name}.{key}" if name else str(key))
    elif content not in (None, {}, []):
        yield name, str(content)


def _decision(first: Run, second: Run) -> pl.DataFrame:
    one, two = _measures(first), _measures(second)
    # options that only one of the runs has still count; an approval and a choice share their worth alone
    alike = _kind(first) == _kind(second)
    shared = [name for name in dict.fromkeys([*one, *two]) if alike or (name in one and name in two)]
    rows = [{"measure": name, "first": one.get(name), "second": two.get(name)} for name in shared]
    return pl.DataFrame(rows, schema={"measure": pl.String, "first": pl.Float64, "second": pl.Float64})


def _measures(run: Run) -> dict[str, float | None]:
    """What a decision comes to, by name."""
    decision = run.content["decision"]
    chosen = decision["values"][0] if decision["values"] else {}

    def told(name: str) -> float | None:
        value = chosen.get(name)
        return value["value"] if isinstance(value, dict) else value

    if _kind(run) == "approval":
        return {"cutoff": decision["cutoff"], **{name: told(name) for name in ("approval", "bad_rate", "profit")}}
    return {
        **{name: told(name) for name in ("profit", "profit_expected", "treated")},
        **{f"use:{name}": float(used) for name, used in (chosen.get("uses") or {}).items()},
        **{f"n:{name}": float(n) for name, n in decision["counts"].items()},
    }


def _moved(first: Run, second: Run) -> pl.DataFrame | None:
    """Pairs of options and how many have them, the most frequent first."""
    both = _decided_by_both(first, second)
    if both is None:
        return None
    pairs = both.group_by(first="old", second="new").agg(n=pl.len())
    return pairs.sort("n", "first", "second", descending=[True, False, False])


def _decided_by_both(first: Run, second: Run) -> pl.DataFrame | None:
    """Decisions of both runs on the same out-of-time observations: key, cutoff, old, new, p."""
    one, two = first.decisions, second.decisions
    key = one.columns[0]
    if two.columns[0] != key or one[key].dtype != two[key].dtype:
        return None
    both = (
        two.select(key, "cutoff", new="decision", p="probability", split="split")
        .join(one.select(key, "cutoff", old="decision", old_split="split"), on=[key, "cutoff"])
        .filter((pl.col("split") == "out_of_time") & (pl.col("old_split") == "out_of_time"))
    )
    return both if both.height else None


def _swaps(first: Run, second: Run) -> pl.DataFrame | None:
    both = _decided_by_both(first, second)
    if both is None:
        return None
    key = both.columns[0]
    both = both.join(first.scores.select(key, "cutoff", "label"), on=[key, "cutoff"], how="left")
    y = both["label"].to_numpy()
    known = not np.isnan(y).any()
    return swap_set(both["new"].to_numpy(), both["old"].to_numpy(), pd=both["p"], y=y if known else None)
