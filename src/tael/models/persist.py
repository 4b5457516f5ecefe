"""Models on disk as numbers and LightGBM's text: nothing that is loaded can run."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tael.errors import ModelError, did_you_mean
from tael.models.binning import OptimalBinning
from tael.models.binning_state import binning_from_state, binning_state, scorecard_from_state, scorecard_state
from tael.models.blending import Calibration
from tael.models.boosted import BoostedScorer
from tael.models.booster_text import check_booster
from tael.models.crossfit import Candidate, Member
from tael.models.hazard import CompetingRisks
from tael.models.hazard_state import hazard_from_state, hazard_state
from tael.models.linear import BinnedScorer, LinearScorer
from tael.models.logistic import Scorer
from tael.models.named import NamedClassifier, classifier_from_state, classifier_state
from tael.models.named_scorer import NamedScorer, scorer_from_state
from tael.models.portfolio import PortfolioClassifier
from tael.models.recommender import ProductRecommender
from tael.models.recommender_base import Recommender
from tael.models.recommender_baselines import ItemToItemRecommender, PopularityRecommender
from tael.models.recommender_state import recommender_from_state, recommender_state, segments_from_state, segments_state
from tael.models.reference import LogisticReference
from tael.models.rules import RuleMiner
from tael.models.rules_state import rules_from_state, rules_state
from tael.models.scorecard import Scorecard
from tael.models.segments import Segments
from tael.models.shape_state import shapes_from_state, shapes_state
from tael.models.shapes import AdditiveBooster
from tael.models.uplift_state import CLASSES as UPLIFT
from tael.models.uplift_state import writers

FORMAT = 1
_FILE = "model.json"

State = dict[str, Any]
_REGISTRY: dict[str, tuple[type, Callable[[Any], State], Callable[[State], Any]]] = {}


class Text(str):
    """A long text in a state: it goes to a file of its own beside ``model.json``."""

    __slots__ = ()


def register(cls: type, to_state: Callable[[Any], State], from_state: Callable[[State], Any]) -> None:
    """Let `save_model` and `load_model` handle one more class.

    Parameters
    ----------
    cls : type
        Known on disk by its ``__name__``.
    to_state : callable
        Model to a dict of None, flags, integers, floats, strings, NumPy arrays, `Text`, lists and dicts of such with
        string keys.
    from_state : callable
        The way back; it must give a model that scores the same to the last bit.

    Raises
    ------
    ModelError
        If another class holds the name.
    """
    known = _REGISTRY.get(cls.__name__)
    if known is not None and known[0] is not cls:
        raise ModelError(
            f"Two classes want to be saved as {cls.__name__}.",
            expected="one class for each name",
            got=f"{known[0].__module__} and {cls.__module__}",
            fix="Rename one of them.",
        )
    _REGISTRY[cls.__name__] = (cls, to_state, from_state)


def registered(model: Any) -> State | None:
    """The state of a model whose class is registered; None of any other."""
    known = _REGISTRY.get(type(model).__name__)
    return known[1](model) if known is not None and known[0] is type(model) else None


def restored(name: str, state: State) -> Any:
    """A model of a registered class from its state.

    Raises
    ------
    KeyError
        If no such class is registered.
    """
    return _REGISTRY[name][2](state)


def save_model(model: Any, folder: str | Path) -> None:
    """Write a fitted model to a folder: ``model.json`` and one text file a booster.

    Numbers are written in the shortest decimal that reads back as the same float. Out-of-fold scores stay out: they
    belong to the training rows, not to the model.

    Parameters
    ----------
    model : estimator
        Of a registered class.
    folder : path
        Made if it is not there; must not hold a model yet.

    Raises
    ------
    ModelError
        Unknown class, model not fitted, or a folder that holds a model.

    Examples
    --------
    >>> import tempfile
    >>> model = LogisticReference().fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])
    >>> folder = tempfile.mkdtemp()
    >>> save_model(model, folder)
    >>> bool((load_model(folder).predict_proba([[1.5]]) == model.predict_proba([[1.5]])).all())
    True
    """
    name = type(model).__name__
    known = _REGISTRY.get(name)
    if known is None or known[0] is not type(model):
        raise ModelError(
            "Models of this class cannot be saved.",
            expected=", ".join(sorted(_REGISTRY)),
            got=f"{type(model).__module__}.{name}",
            fix="Register the class with tael.models.register(cls, to_state, from_state).",
        )
    if not (hasattr(model, "classes_") or hasattr(model, "n_features_in_")):
        raise ModelError("The model is not fitted, so there is nothing to save.", got=name, fix="Call fit first.")
    path = Path(folder)
    if (path / _FILE).exists():
        raise ModelError(
            "The folder holds a model already, and nothing is written over.",
            got=str(path / _FILE),
            fix="Name an empty folder.",
        )
    texts: list[str] = []
    document = {"format": FORMAT, "class": name, "state": _encode(known[1](model), texts, "state")}
    path.mkdir(parents=True, exist_ok=True)
    for number, text in enumerate(texts):
        (path / _text_file(number)).write_text(text, encoding="utf-8", newline="\n")
    (path / _FILE).write_text(
        json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1) + "\n", encoding="utf-8", newline="\n"
    )


def load_model(folder: str | Path) -> Any:
    """Read a model that `save_model` wrote.

    Parameters
    ----------
    folder : path

    Returns
    -------
    estimator
        Fitted; scores equal the saved model's to the last bit.

    Raises
    ------
    ModelError
        No model there, a file that is cut short or altered, an unknown class or format.
    """
    path = Path(folder) / _FILE
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ModelError("There is no model in this folder.", expected=_FILE, where=str(folder)) from error
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise _damaged(path, f"{error.msg} in line {error.lineno}") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        got = document.get("format") if isinstance(document, dict) else type(document).__name__
        raise ModelError(
            "The model is written in a format that this version does not read.",
            expected=f"format {FORMAT}",
            got=repr(got),
            where=str(path),
            fix="Use the version of tael that wrote it.",
        )
    name = document.get("class")
    if name not in _REGISTRY:
        raise ModelError(
            "The model is of a class that is not known here.",
            expected=", ".join(sorted(_REGISTRY)),
            got=repr(name),
            where=str(path),
            fix=did_you_mean(str(name), _REGISTRY),
        )
    try:
        return _REGISTRY[name][2](_decode(document["state"], path.parent))
    except (KeyError, TypeError, IndexError, ValueError) as error:
        if isinstance(error, ModelError):
            raise
        raise _damaged(path, f"{type(error).__name__}: {error}") from error


def _damaged(path: Path, got: str) -> ModelError:
    return ModelError(
        "The model file is damaged.",
        expected="a complete file, as save_model wrote it",
        got=got,
        where=str(path),
        fix="Restore the folder from where it was made.",
    )


def _text_file(number: int) -> str:
    return f"booster_{number:02d}.txt"


def _encode(value: Any, texts: list[str], where: str) -> Any:
    """Plain JSON; what JSON lacks (arrays, NaN, long texts) becomes an object with one ``$`` key."""
    if isinstance(value, Text):
        texts.append(str(value))
        return {"$text": _text_file(len(texts) - 1)}
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"$float": repr(value)}
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "biufUO":
            raise ModelError("The state holds an array that cannot be written.", got=str(value.dtype), where=where)
        dtype = "object" if value.dtype == object else value.dtype.str
        items = [_encode(v, texts, where) for v in value.ravel().tolist()]
        return {"$array": {"dtype": dtype, "shape": list(value.shape), "items": items}}
    if isinstance(value, (list, tuple)):
        return [_encode(v, texts, f"{where}[{k}]") for k, v in enumerate(value)]
    if isinstance(value, Mapping):
        if not all(isinstance(k, str) and not k.startswith("$") for k in value):
            raise ModelError("The state holds a key that is not plain text.", got=repr(list(value)[:5]), where=where)
        return {k: _encode(v, texts, f"{where}.{k}") for k, v in value.items()}
    raise ModelError(
        "The state holds a value that is not data.",
        expected="numbers, strings, flags, arrays, lists and dicts",
        got=type(value).__name__,
        where=where,
    )


def _decode(value: Any, folder: Path) -> Any:
    if isinstance(value, list):
        return [_decode(v, folder) for v in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"$float"}:
        return float(value["$float"])
    if set(value) == {"$array"}:
        array = value["$array"]
        dtype = np.dtype(array["dtype"])
        if dtype.kind not in "biufUO":
            raise TypeError(f"arrays of {dtype}")
        out = np.empty(len(array["items"]), dtype=dtype)
        for k, item in enumerate(array["items"]):
            out[k] = _decode(item, folder)
        return out.reshape(array["shape"])
    if set(value) == {"$text"}:
        name = value["$text"]
        # The file's name is data from outside: it may not lead out of the folder.
        if Path(name).name != name:
            raise ValueError(f"a file outside the folder: {name!r}")
        try:
            return (folder / name).read_text(encoding="utf-8")
        except FileNotFoundError as error:
            raise ModelError(
                "A part of the model is missing.", expected=name, where=str(folder), fix="Copy the whole folder."
            ) from error
    return {k: _decode(v, folder) for k, v in value.items()}


def _scorer_state(scorer: Scorer) -> State:
    if isinstance(scorer, BoostedScorer):
        return {"kind": "boosted", "text": Text(scorer.text)}
    if isinstance(scorer, LinearScorer):
        return {"kind": "linear", **vars(scorer)}
    if isinstance(scorer, BinnedScorer):
        return {"kind": "binned", **vars(scorer)}
    if isinstance(scorer, NamedScorer):
        return scorer.state()
    raise ModelError("A member of this kind cannot be saved.", got=type(scorer).__name__)


def _scorer(state: State) -> Scorer:
    kind = state.pop("kind")
    if kind == "boosted":
        check_booster(state["text"])
        return BoostedScorer(state["text"])
    if kind == "linear":
        return LinearScorer(**state)
    if kind == "binned":
        return BinnedScorer(tuple(state["edges"]), tuple(state["values"]), missing=state["missing"], base=state["base"])
    if kind == "named":
        return scorer_from_state(state)
    raise ValueError(f"a member of kind {kind!r}")


def _effect_scorer(state: State, objective: str) -> BoostedScorer:
    check_booster(state["text"], objective)
    return BoostedScorer(state["text"])


def _params(model: Any) -> State:
    """Constructor parameters that are data; a splitter or a generator is not, and scoring needs neither."""
    keep: State = {}
    for name, value in model.get_params(deep=False).items():
        if isinstance(value, Mapping) and name in ("monotone", "class_weight"):
            # JSON has text keys only, so pairs.
            keep[name] = {"pairs": [[k, v] for k, v in value.items()]}
        elif value is None or isinstance(value, (bool, int, float, str, list, tuple, np.ndarray, np.generic)):
            keep[name] = value
    return keep


def _restore_params(model: Any, params: State) -> None:
    model.set_params(**{k: dict(map(tuple, v["pairs"])) if isinstance(v, dict) else v for k, v in params.items()})


def _common(model: Any) -> State:
    return {
        "params": _params(model),
        "classes": model.classes_,
        "n_features_in": model.n_features_in_,
        "feature_names_in": getattr(model, "feature_names_in_", None),
    }


def _restore_common(model: Any, state: State) -> None:
    _restore_params(model, state["params"])
    model.classes_ = state["classes"]
    model.n_features_in_ = state["n_features_in"]
    if state["feature_names_in"] is not None:
        model.feature_names_in_ = state["feature_names_in"]


def _portfolio_state(model: PortfolioClassifier) -> State:
    return {
        **_common(model),
        "n_splits": model.n_splits_,
        "calibration": vars(model.calibration_),
        "candidates": [vars(c) for c in model.candidates_],
        "members": [{**vars(m), "scorers": [_scorer_state(s) for s in m.scorers]} for m in model.members_],
    }


def _portfolio(state: State) -> PortfolioClassifier:
    model = PortfolioClassifier()
    _restore_common(model, state)
    model.n_splits_ = state["n_splits"]
    model.calibration_ = Calibration(**state["calibration"])
    model.candidates_ = [Candidate(**c) for c in state["candidates"]]
    model.members_ = [Member(**{**m, "scorers": tuple(_scorer(s) for s in m["scorers"])}) for m in state["members"]]
    return model


def _reference_state(model: LogisticReference) -> State:
    return {**_common(model), "scorer": _scorer_state(model.scorer_)}


def _reference(state: State) -> LogisticReference:
    model = LogisticReference()
    _restore_common(model, state)
    scorer = _scorer(state["scorer"])
    if not isinstance(scorer, LinearScorer):
        raise TypeError("the reference's scorer is not linear")
    model.scorer_ = scorer
    return model


register(PortfolioClassifier, _portfolio_state, _portfolio)
register(NamedClassifier, classifier_state, classifier_from_state)
register(LogisticReference, _reference_state, _reference)
register(OptimalBinning, binning_state, binning_from_state)
register(Scorecard, scorecard_state, scorecard_from_state)
register(AdditiveBooster, shapes_state, shapes_from_state)
register(Segments, segments_state, segments_from_state)
register(RuleMiner, rules_state, rules_from_state)
register(CompetingRisks, lambda model: hazard_state(model, Text), hazard_from_state)
for _learner in UPLIFT.values():
    register(_learner, *writers(_learner, _scorer_state, _effect_scorer))


def _recommender(cls: type[Recommender]) -> Callable[[State], Recommender]:
    return lambda state: recommender_from_state(cls, state, _scorer)


for _kind in (ProductRecommender, ItemToItemRecommender, PopularityRecommender):
    register(_kind, lambda model: recommender_state(model, _scorer_state), _recommender(_kind))
