"""Which product is taken next: a probability for each product of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.engine import Engine
from tael.errors import RunError, ScenarioError
from tael.observations import Observations
from tael.observations.observe import CUTOFF
from tael.runs.plan import Plan
from tael.runs.plans import RecommendPlan
from tael.runs.sample import Sample
from tael.runs.tasks.base import Fitted, Floats, Judged, Outputs, Task, Trained, identifier, train_rows
from tael.runs.tasks.by_name import check_estimator, title_of
from tael.tables.schema import Type, named
from tael.validation.words import Words

SHOWN = 3
"""Products on a list whose hits are counted."""


def recommend_of(plan: Plan) -> RecommendPlan:
    """The section ``[recommend]``, which the plan of a recommender has."""
    assert plan.recommend is not None
    return plan.recommend


class FittedRecommendation(Fitted):
    """``p_<product>``, and ``p``: the probability that any is taken."""

    def __init__(self, plan: Plan, model: Any) -> None:
        self.plan, self.model = plan, model

    @property
    def products(self) -> list[str]:
        """The catalogue, in the model's order."""
        return [str(one) for one in self.model.classes_]

    def outputs(self, features: pl.DataFrame) -> Outputs:
        """A column a product."""
        each = np.asarray(self.model.predict_proba(features), dtype=np.float64)
        return {"p": each.sum(axis=1), **{f"p_{identifier(n)}": each[:, k] for k, n in enumerate(self.products)}}

    @property
    def scores(self) -> tuple[str, ...]:
        """That of each product."""
        return tuple(self.products)

    def contributions(self, features: pl.DataFrame, score: str = "") -> Floats:
        """Of one product's own score, in log-odds."""
        product = self.model.classes_[self.products.index(score or self.products[0])]
        return np.asarray(self.model.contributions(features, product=product)[:, :-1], dtype=np.float64)


class TrainedRecommendation(FittedRecommendation, Trained):
    """The same, with popularity and item-to-item beside it."""

    def __init__(self, plan: Plan, model: Any, popularity: Any, pairs: Any) -> None:
        super().__init__(plan, model)
        self.popularity, self.pairs = popularity, pairs

    def taken(self, sample: Sample) -> NDArray[Any]:
        """The product that each labelled row took; an empty text: none."""
        return taken_by(sample)

    def judged(self, sample: Sample, features: pl.DataFrame) -> Judged:
        """A row for each observation and product that it may be offered."""
        p = np.asarray(self.model.predict_proba(features), dtype=np.float64)
        plain = np.asarray(self.popularity.predict_proba(features), dtype=np.float64)
        took = self.taken(sample)[:, None] == np.array(self.products, dtype=object)[None, :]
        may = p > 0 if not recommend_of(self.plan).repeat else np.ones(p.shape, dtype=bool)
        may |= took
        row, product = np.nonzero(may)
        part_of = np.full(len(p), -1)
        names = list(sample.split.parts())
        for k, rows in enumerate(sample.split.parts().values()):
            part_of[rows] = k
        parts = {name: np.flatnonzero(part_of[row] == k) for k, name in enumerate(names)}
        people = sample.groups if sample.groups is not None else np.arange(len(p)).astype(str)
        return Judged(
            took[row, product].astype(np.float64), p[row, product], plain[row, product], parts,
            None if sample.weight is None else sample.weight[row], people[row], sample.X[CUTOFF].gather(row),
        )  # fmt: skip

    def truths(self, sample: Sample, features: pl.DataFrame, rows: NDArray[np.int64]) -> Outputs:
        """Which product was taken."""
        took = self.taken(sample)[rows]
        each = {f"p_{identifier(name)}": (took == name).astype(np.float64) for name in self.products}
        return {"p": (took != "").astype(np.float64), **each}

    def section(self, sample: Sample, features: pl.DataFrame) -> dict[str, Any]:
        """Mean reciprocal rank, hit rate and NDCG of each product, beside popularity and item-to-item."""
        from tael.models import evaluate_ranking

        rows = sample.split.parts()["out_of_time"]
        took = self.taken(sample)[rows]
        there = np.isin(took, self.products)
        told: dict[str, Any] = {"split": "out_of_time", "k": SHOWN, "takers": int(there.sum()), "rows": len(rows)}
        if not there.any():
            return {"ranking": told}
        seen, took = features[rows[there]], took[there]
        models = {"model": self.model, "popularity": self.popularity, "item_to_item": self.pairs}
        may = self.model.predict_proba(seen) > 0
        may |= took[:, None] == np.array(self.products, dtype=object)[None, :]
        told["models"] = {
            name: evaluate_ranking(
                took, model.predict_proba(seen), self.model.classes_, candidates=may, k=SHOWN, n_boot=200,
                seed=self.plan.seed,
            ).to_dicts()
            for name, model in models.items()
        }  # fmt: skip
        return {"ranking": told}


def taken_by(sample: Sample) -> NDArray[Any]:
    """The product that each labelled row took; an empty text: none."""
    names = np.array([*sample.classes], dtype=object)
    out = names[sample.y.astype(np.int64)]
    if sample.extra.get("nothing") is not None:
        out = np.where(out == sample.extra["nothing"], "", out)
    return np.asarray(out, dtype=object)


class Recommendation(Task):
    """Foretell which product is taken next."""

    kinds = ("recommender",)

    def check(self, engine: Engine) -> None:
        """Holdings are flags, and their names can be features."""
        check_estimator(self.plan)
        for product, formula in recommend_of(self.plan).holdings.items():
            if not named(product):
                raise ScenarioError(
                    "A product's name cannot be a feature's.",
                    expected="letters, digits and _, not beginning with a digit",
                    got=product,
                    where="recommend.holdings",
                    fix="Rename the product in the data.",
                )
            found = engine.bind(formula).type
            if found != Type.FLAG:
                raise ScenarioError(
                    "A holding must be a flag.",
                    expected="such as count(purchases, where=product == ...) > 0",
                    got=f"a {found}",
                    where=f"recommend.holdings.{product} = {formula}",
                    fix="Compare it with a value.",
                )

    def outputs(self, engine: Engine) -> dict[str, Words]:
        """``p``, and a column a product where the holdings name them."""
        out = {"p": Words("probability that any product is taken", "购买任一产品的概率")}
        for product in recommend_of(self.plan).holdings:
            out[f"p_{identifier(product)}"] = Words(f"probability of taking {product}", f"购买 {product} 的概率")
        return out

    def check_label(self, seen: Observations, y: Floats) -> None:
        """The label is a category: the product that was taken."""
        if not seen.classes:
            raise RunError(
                "The label of a recommender is the product that was taken.",
                expected='a category, such as first(purchases.product, next="90d")',
                got="a flag or a number",
                where="label.formula",
                fix='And say what nothing taken means: missing_is = "none".',
            )
        known = set(recommend_of(self.plan).holdings)
        others = [c for c in seen.classes if c not in known and c != self.plan.label.missing_is]
        if others:
            raise ScenarioError(
                "A product was taken that the catalogue does not name.",
                expected=", ".join(sorted(known)),
                got=", ".join(others[:5]),
                where="recommend.holdings",
                fix="Add it there.",
            )

    def observe(self, engine: Engine, sample: Sample) -> Sample:
        """Remember which class means nothing taken."""
        from dataclasses import replace

        nothing = self.plan.label.missing_is
        if nothing is None:
            return sample
        return replace(sample, extra={**sample.extra, "nothing": np.full(len(sample.y), str(nothing), dtype=object)})

    def forced(self) -> dict[str, str]:
        """What is held, as numbers of 0 and 1."""
        return dict(recommend_of(self.plan).holdings)

    def estimator(self, *, n_jobs: int = 1) -> Any:
        """The recommender; holdings are features of the products' names."""
        from tael.models import ProductRecommender

        stated = recommend_of(self.plan)
        return ProductRecommender(
            products=list(stated.holdings), repeat=stated.repeat, n_jobs=n_jobs, **self._settings()
        )

    def fit(
        self, features: pl.DataFrame, sample: Sample, *, n_jobs: int = 1, monotone: Mapping[str, int] | None = None
    ) -> Trained:
        """Train a model a product, popularity, and what goes together."""
        from tael.models import ItemToItemRecommender, PopularityRecommender, ProductRecommender

        stated, rows = recommend_of(self.plan), train_rows(sample)
        took = taken_by(sample)[rows]
        y = np.array([None if one == "" else one for one in took.tolist()], dtype=object)
        weight = None if sample.weight is None else sample.weight[rows]
        held = list(stated.holdings)
        common: dict[str, Any] = {"products": held, "repeat": stated.repeat}
        model = ProductRecommender(n_jobs=n_jobs, **self._settings(), **common).fit(
            features[rows], y, sample_weight=weight
        )
        popularity = PopularityRecommender(**common).fit(features[rows], y, sample_weight=weight)
        pairs = ItemToItemRecommender(**common).fit(features[rows], y, sample_weight=weight)
        return TrainedRecommendation(self.plan, model, popularity, pairs)

    def _settings(self) -> dict[str, Any]:
        """How a product is modelled."""
        named = self.plan.model.estimator
        stated = {"method": recommend_of(self.plan).method if named is None else "named", "estimator": named}
        return {**stated, "parameters": self.plan.model.parameters or None, "random_state": self.plan.seed}

    def restore(self, model: Any) -> Fitted:
        """Around a model of the bundle."""
        return FittedRecommendation(self.plan, model)

    def told(self, auto: Any, fitted: Trained) -> dict[str, Any]:
        """Products and how many took each in training."""
        takers = getattr(fitted.model, "takers_", None)
        return {
            "title": title_of(self.plan, {"en": "recommender: a model a product", "zh": "推荐模型：每个产品一个模型"}),
            "products": [str(one) for one in fitted.model.classes_],
            "takers": None if takers is None else [int(n) for n in takers],
        }
