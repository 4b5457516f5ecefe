"""From factors to scores: models walked forward, blended on one scale."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tael.errors import ModelError, ScenarioError, did_you_mean
from tael.runs.markets.plan import MarketPlan
from tael.runs.markets.stretches import Stretches

if TYPE_CHECKING:
    from tael.markets.modelling import PanelRows

Say = Callable[[str, float], None]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Scored:
    """Scores and what made them.

    Attributes
    ----------
    scores : (T, N) array
        All stretches; the training's own are there to be held beside the others.
    models : dict of str to estimator
        The last fit of each kind: what scores the next bar.
    gain : (p,) array
        Part of each factor in the model, the mean over the kinds; empty where a formula is the score.
    fits : int
        How many models were fitted.
    """

    scores: Floats
    models: dict[str, Any]
    gain: Floats
    fits: int


def estimator_of(kind: str, plan: MarketPlan, n_jobs: int) -> Any:
    """An unfitted model with the plan's settings.

    Raises
    ------
    ScenarioError
        If it has no parameter of a name that the plan sets.
    """
    from tael.markets.modelling import MODELS

    made = MODELS[kind]()
    if kind == "estimator":
        return _by_name(plan, n_jobs)
    known = made.get_params()
    stated = plan.model.settings if kind == plan.model.kind else {}
    for name in stated:
        if name not in known:
            raise ScenarioError(
                f"The model {kind!r} has no such setting.",
                expected=", ".join(sorted(known)),
                got=name,
                where="model.settings",
                fix=did_you_mean(name, known),
            )
    given: dict[str, Any] = {
        name: int(value) if isinstance(known[name], int) and float(value).is_integer() else value
        for name, value in stated.items()
    }
    given |= {
        name: value
        for name, value in (("n_jobs", n_jobs), ("random_state", plan.seed))
        if name in known and name not in given
    }
    return made.set_params(**given)


def check_models(plan: MarketPlan) -> None:
    """Refuse a model that cannot stand there before anything is computed."""
    for kind in dict.fromkeys([plan.model.kind, *plan.model.blend]):
        if kind != "formula":
            estimator_of(kind, plan, 1)


def _by_name(plan: MarketPlan, n_jobs: int) -> Any:
    """The estimator that the plan names, refused here if it cannot stand there."""
    from tael.markets.modelling import PanelNamed
    from tael.markets.modelling.named import regressor

    name, parameters = str(plan.model.estimator), plan.model.parameters or None
    try:
        regressor(name, parameters, seed=plan.seed)
    except ModelError as error:
        where = f"model.estimator = {name}"
        raise ScenarioError(
            error.problem, expected=error.expected, got=error.got, where=where, fix=error.fix
        ) from error
    return PanelNamed(name, parameters, random_state=plan.seed, n_jobs=n_jobs)


def scored(
    plan: MarketPlan, rows: PanelRows, label: NDArray[Any], members: NDArray[np.bool_], parts: Stretches, say: Say,
    n_jobs: int,
) -> Scored:  # fmt: skip
    """Fit the models of a plan and score every bar."""
    from tael.markets.modelling import folds_of, standardised, walk_forward

    target = standardised(label, members, plan.label.scale)
    folds = folds_of(
        parts.bars, valid=parts.validation, test=parts.test, ahead=parts.ahead, start=parts.start,
        embargo=parts.embargo, every=plan.split.retrain, window=plan.split.window,
    )  # fmt: skip
    kinds: list[str] = list(dict.fromkeys([plan.model.kind, *plan.model.blend]))
    made: list[Floats] = []
    models: dict[str, Any] = {}
    gains = []
    for k, kind in enumerate(kinds):

        def told(text: str, share: float, k: int = k, kind: str = kind) -> None:
            say(f"{kind}: {text}", (k + share) / len(kinds))

        walked = walk_forward(estimator_of(kind, plan, n_jobs), rows, target, folds, told)
        both = np.where(np.isfinite(walked.scores), walked.scores, walked.train_scores)
        made.append(both)
        models[kind] = walked.models[-1]
        gains.append(walked.models[-1].feature_importances_)
    return Scored(blended(made, members), models, np.mean(gains, axis=0), len(kinds) * len(folds))


def blended(scores: Sequence[Floats], members: NDArray[np.bool_]) -> Floats:
    """Scores of several models as one: the mean of their normal deviates by rank, bar by bar; one stays as it is."""
    from tael.markets.modelling import standardised

    if len(scores) == 1:
        return scores[0]
    return np.asarray(np.mean([standardised(one, members, "rank_normal") for one in scores], axis=0))


def next_scores(models: dict[str, Any], X: NDArray[Any], shape: tuple[int, int], members: NDArray[np.bool_]) -> Floats:
    """Scores of bars that come after all training.

    Parameters
    ----------
    models : dict of str to estimator
    X : (n, p)
        The members' factors, bar after bar.
    shape : (int, int)
    members : bool array of that shape
    """
    made = []
    for model in models.values():
        out = np.full(shape, np.nan)
        out[members] = model.predict(X)
        made.append(out)
    return blended(made, members)
