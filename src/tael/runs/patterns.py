"""The pattern in words: a few rules over the kept formulas, mined on earlier rows and measured on the last ones."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.errors import ModelError
from tael.observations.observe import CUTOFF
from tael.runs.plan import Plan
from tael.runs.sample import Sample
from tael.tables.schema import Language
from tael.validation.words import Words

LANGUAGES: tuple[Language, ...] = ("en", "zh")


def patterns_section(
    plan: Plan,
    sample: Sample,
    features: pl.DataFrame,
    words: dict[str, list[str]],
    stake: NDArray[np.float64] | None,
    key: str,
    units: Sequence[str | None] = (),
) -> dict[str, Any]:
    """The part of ``run.json`` on mined rules; empty where the plan asks for none.

    Rules are mined on the training and validation rows, where the last in time must agree; the out-of-time rows only
    measure them.

    Parameters
    ----------
    features : polars.DataFrame, shape (n, m)
        Of the labelled observations.
    words : dict of language to list of str
        The formulas in words.
    stake : ndarray, shape (n,), or None
        Money of each observation.
    key : str
        Column of the observations' key: what comes again is mined once.
    units : list of str or None, optional
        Of the formulas' values.
    """
    stated = plan.patterns
    if stated is None:
        return {}
    from tael.models import RuleMiner
    from tael.models.rules_measure import by_period, jaccard, measure

    parts = sample.split.parts()
    early, last = np.sort(np.concatenate([parts["train"], parts["validation"]])), parts["out_of_time"]
    y = sample.flag.astype(np.int64)
    early = _once(early, sample.X[key].to_numpy(), y, plan.seed)
    if len(early) > stated.rows:
        early = np.sort(np.random.default_rng(plan.seed).choice(early, stated.rows, replace=False))
    time = sample.X[CUTOFF].cast(pl.Datetime("us")).to_numpy()
    ordered = len(np.unique(time[early])) > 1
    miner = RuleMiner(
        stated.max_rules, max_terms=stated.max_terms, least_recall=stated.least_recall,
        most_flagged=stated.most_flagged, min_rows=stated.min_rows,
        judged=stated.judged, permutations=stated.permutations, significance=stated.significance,
        descriptions={
            name: {lang: words[lang][i] for lang in LANGUAGES} | ({"unit": unit} if unit else {})
            for i, (name, unit) in enumerate(zip_longest(features.columns, units))
        },
        random_state=plan.seed,
    )  # fmt: skip
    try:
        miner.fit(
            features[early], y[early], time=time[early] if ordered else None,
            groups=None if sample.groups is None else sample.groups[early],
            amount=None if stake is None else stake[early],
        )  # fmt: skip
    except ModelError as error:  # too few cases to mine: a result that the report tells, not the end of the run
        return {"patterns": {"rules": [], "text": Words(error.problem, "样本不足，未能挖掘规则。").to_dict(), "n": 0}}
    fires, hit = miner.fires(features[last]), y[last] == 1
    weight = np.ones(len(last))
    found = measure(fires, hit, weight, None if stake is None else stake[last])
    names = miner.column_names()
    told = {lang: miner.words(lang) for lang in LANGUAGES}
    each = {lang: miner.conditions(lang) for lang in LANGUAGES}
    shared, alone = jaccard(fires), np.zeros(len(last), dtype=bool)
    rules = []
    for k, (rule, seen) in enumerate(zip(miner.rules_, found, strict=True)):
        alone |= fires[:, k]
        rules.append(
            {
                "rule": k + 1,
                "words": {lang: told[lang][k] for lang in LANGUAGES},
                "conditions": [{lang: each[lang][k][i] for lang in LANGUAGES} for i in range(len(rule.terms))],
                "features": [names[term.column] for term in rule.terms],
                "expected": rule.expected,
                "p_value": rule.p_value,
                **{name: _finite(getattr(seen, name)) for name in type(seen).__dataclass_fields__},
                "union_recall": float(hit[alone].sum() / hit.sum()) if hit.any() else None,
                "union_precision": float(hit[alone].mean()) if alone.any() else None,
                "overlap": float(np.delete(shared[k], k).max(initial=0.0)),
                "periods": [
                    {"start": p.start, "end": p.end, "rows": p.rows, "hits": p.hits, "precision": _finite(p.precision),
                     "lift": _finite(p.lift)}
                    for p in by_period(fires[:, k], hit, weight, time[last], miner.periods)
                ],
            }
        )  # fmt: skip
    return {
        "patterns": {
            "rules": rules,
            "text": _text(len(rules), miner.n_candidates_).to_dict(),
            "n": len(last),
            "mined": len(early),
            "positives": int(hit.sum()),
            "base_rate": float(hit.mean()) if len(hit) else None,
            "candidates": miner.n_candidates_,
            "chance": _finite(float(np.max(miner.chance_))) if len(miner.chance_) else None,
        }
    }


def _once(rows: NDArray[np.int64], keys: NDArray[Any], y: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """One row of each key, a positive one where there is any: else a rule could know an account again, and look good.

    >>> _once(np.arange(4), np.array([7, 7, 8, 8]), np.array([0, 1, 0, 0]), 0).tolist()[0]
    1
    """
    lot = np.random.default_rng(seed).random(len(rows))
    order = np.lexsort((lot, -y[rows], keys[rows]))
    first = np.unique(keys[rows][order], return_index=True)[1]
    return np.sort(rows[order][first])


def _text(rules: int, candidates: int) -> Words:
    if not rules:
        return Words(
            f"No rule is stronger than chance ({candidates:,} candidates).",
            f"没有规则强于随机（候选 {candidates:,} 条）。",
        )
    held, they = ("1 rule", "it was") if rules == 1 else (f"{rules} rules", "they were")
    return Words(
        f"{held} out of {candidates:,} candidates held on rows that {they} not mined on.",
        f"候选 {candidates:,} 条，其中 {rules} 条在未参与挖掘的样本上成立。",
    )


def _finite(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else float(value)
