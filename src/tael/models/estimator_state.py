"""Fitted estimators of scikit-learn's convention as plain data: what they learned, and nothing that could be run.

An estimator is written as the name of its class and its attributes. Numbers and texts are data; arrays are their bytes;
estimators within it are written alike; trees, losses and kernels have forms of their own. An attribute of any other
kind (a random generator, an optimiser) is left out: `tael.models.named` asks the copy the same questions as the
original before it lets it be written, so that nothing is left out that an answer needs.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import numpy as np

from tael.errors import ModelError
from tael.models.booster_text import check_booster
from tael.models.estimators import packages

State = dict[str, Any]
_IS = "is"
_PLAIN = "biufU"
_KERNELS = "sklearn.gaussian_process.kernels"
_LOSSES = "sklearn._loss.loss"
_HOLDERS = {("sklearn.calibration", "_CalibratedClassifier")}
"""Classes that are no estimators and hold estimators and data alone."""


class UnwritableError(Exception):
    """A value that is no data; the attribute that holds it is left out."""


def encode(value: Any) -> Any:
    """Anything that a fitted estimator holds, as what JSON knows.

    Parameters
    ----------
    value : object

    Returns
    -------
    None, bool, int, float, str, list or dict

    Raises
    ------
    ModelError
        If the estimator itself is of a kind that cannot be written.

    Examples
    --------
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> tree = DecisionTreeClassifier().fit([[0.0], [1.0]], [0, 1])
    >>> decode(encode(tree)).predict([[0.2], [0.9]]).tolist()
    [0, 1]
    """
    try:
        return _encode(value)
    except UnwritableError as refused:
        raise ModelError(
            "This model cannot be saved as data.", expected="an estimator of scikit-learn or LightGBM",
            got=str(refused), fix="Take another estimator; tael writes no pickles, since loading one runs code.",
        ) from None  # fmt: skip


def _encode(value: Any) -> Any:
    from sklearn.base import BaseEstimator

    from tael.models.persist import Text, registered

    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {_IS: "float", "value": repr(value)}
    if isinstance(value, np.generic):
        return {_IS: "scalar", **_bytes(np.asarray(value))} if value.dtype.kind in _PLAIN else _refuse(value)
    if isinstance(value, np.ndarray):
        return _array(value)
    if isinstance(value, np.dtype):
        return {_IS: "dtype", "name": value.str} if value.kind in _PLAIN + "O" and not value.names else _refuse(value)
    if isinstance(value, list):
        return [_encode(one) for one in value]
    if isinstance(value, tuple):
        return {_IS: "tuple", "items": [_encode(one) for one in value]}
    if type(value) is dict:
        return {_IS: "dict", "pairs": [[_encode(key), _encode(one)] for key, one in value.items()]}
    if isinstance(value, type):
        return {_IS: "type", "name": value.__name__} if value in (np.float64, np.float32) else _refuse(value)
    module, name = type(value).__module__, type(value).__qualname__
    if name == "Tree" and module == "sklearn.tree._tree":
        return _tree(value)
    if name == "TreePredictor":
        return {_IS: "predictor", **{part: _array(getattr(value, part)) for part in _PREDICTOR}}
    if module == _LOSSES:
        return {_IS: "loss", "class": name, "settings": _settings(value)}
    if module == "lightgbm.basic" and name == "Booster":
        text = value.model_to_string()
        objective = next(line[10:] for line in text.splitlines() if line.startswith("objective="))
        classes = value.num_model_per_iteration()
        return {_IS: "booster", "text": Text(text), "objective": objective, "classes": classes}
    if module.startswith("tael.") and (written := registered(value)) is not None:
        return {_IS: "registered", "class": name, "state": written}
    known = isinstance(value, BaseEstimator) or module == _KERNELS or (module, name) in _HOLDERS
    if known and module.partition(".")[0] in packages() and "<" not in name:
        return {_IS: "object", "class": f"{module}.{name}", "state": _attributes(value)}
    return _refuse(value)


def _refuse(value: Any) -> Any:
    raise UnwritableError(f"{type(value).__module__}.{type(value).__qualname__}")


def _attributes(value: Any) -> State:
    """What an object holds, by name; what is no data is left out."""
    out: State = {}
    for name, one in vars(value).items():
        try:
            out[name] = _encode(one)
        except UnwritableError:
            continue
    return out


def _bytes(array: np.ndarray) -> State:
    array = array.astype(array.dtype.newbyteorder("<"), copy=False)
    text = base64.b64encode(array.tobytes("C")).decode("ascii")
    return {"dtype": array.dtype.str, "shape": list(array.shape), "bytes": text}


def _array(value: np.ndarray) -> State:
    if value.dtype.kind in _PLAIN:
        order = "F" if value.flags.f_contiguous and not value.flags.c_contiguous else "C"
        return {_IS: "array", **_bytes(value), "order": order, "writable": bool(value.flags.writeable)}
    if value.dtype.kind == "O":
        return {_IS: "objects", "shape": list(value.shape), "items": [_encode(one) for one in value.ravel().tolist()]}
    if value.dtype.names:
        fields: Any = value.dtype.fields
        return {
            _IS: "record",
            "shape": list(value.shape),
            "itemsize": value.dtype.itemsize,
            "fields": [
                {"name": name, "offset": int(fields[name][1]), **_bytes(value[name])} for name in value.dtype.names
            ],
        }
    raise UnwritableError(f"an array of {value.dtype}")


_PREDICTOR = ("nodes", "binned_left_cat_bitsets", "raw_left_cat_bitsets")


def _tree(value: Any) -> State:
    _, made_of, state = value.__reduce__()
    return {_IS: "tree", "made_of": _encode(tuple(made_of)), "state": _encode(dict(state))}


def _settings(loss: Any) -> State:
    """What a loss is made with: the number of classes, a quantile, a power."""
    from inspect import signature

    out: State = {}
    for name in signature(type(loss)).parameters:
        found = getattr(loss, name, getattr(loss.closs, name, None))
        if name in ("n_classes", "quantile", "power", "delta") and found is not None:
            out[name] = _encode(found)
    return out


def decode(value: Any) -> Any:
    """The way back from `encode`.

    Raises
    ------
    KeyError, TypeError, ValueError
        If it is none that `encode` made.
    ModelError
        If a class is named that is not taken.
    """
    if isinstance(value, list):
        return [decode(one) for one in value]
    if not isinstance(value, Mapping):
        return value
    kind = value[_IS]
    if kind not in _READERS:
        raise ValueError(f"a value of kind {kind!r}")
    return _READERS[kind](value)


def _read_dtype(name: str) -> np.dtype[Any]:
    found = np.dtype(name)
    if found.kind not in _PLAIN + "O":
        raise ValueError(f"a type {name!r}")
    return found


def _read_bytes(value: Mapping[str, Any]) -> np.ndarray:
    dtype = np.dtype(value["dtype"])
    if dtype.kind not in _PLAIN:
        raise ValueError(f"an array of {dtype}")
    raw = base64.b64decode(value["bytes"], validate=True)
    return np.frombuffer(raw, dtype=dtype).reshape(value["shape"]).astype(dtype.newbyteorder("="))


def _read_array(value: Mapping[str, Any]) -> np.ndarray:
    out = np.array(_read_bytes(value), order=value["order"])
    out.flags.writeable = bool(value["writable"])
    return out


def _read_objects(value: Mapping[str, Any]) -> np.ndarray:
    out = np.empty(len(value["items"]), dtype=object)
    for k, one in enumerate(value["items"]):
        out[k] = decode(one)
    return out.reshape(value["shape"])


def _read_record(value: Mapping[str, Any]) -> np.ndarray:
    columns = {one["name"]: _read_bytes(one) for one in value["fields"]}
    dtype = np.dtype(
        {
            "names": list(columns),
            "formats": [column.dtype for column in columns.values()],
            "offsets": [int(one["offset"]) for one in value["fields"]],
            "itemsize": int(value["itemsize"]),
        }
    )
    out = np.zeros(value["shape"], dtype=dtype)
    for name, column in columns.items():
        out[name] = column
    return out


def _read_tree(value: Mapping[str, Any]) -> Any:
    from sklearn.tree._tree import Tree

    made_of, state = decode(value["made_of"]), decode(value["state"])
    nodes, values = state["nodes"], state["values"]
    _check_nodes(nodes["left_child"], nodes["right_child"], nodes["feature"], nodes["left_child"] < 0, made_of[0])
    if not len(nodes) == len(values) == state["node_count"]:
        raise ValueError("a tree of as many nodes as values")
    tree = Tree(*made_of)
    tree.__setstate__(state)
    return tree


def _check_nodes(left: Any, right: Any, feature: Any, leaf: Any, n_features: int) -> None:
    """The libraries look up nodes and columns without checking: a file may lead them nowhere else."""
    at = np.arange(len(left))
    inner = ~np.asarray(leaf, dtype=bool)
    for side in (np.asarray(left, dtype=np.int64), np.asarray(right, dtype=np.int64)):
        if ((side[inner] <= at[inner]) | (side[inner] >= len(at))).any():
            raise ValueError("a tree whose splits lead to later nodes")
    column = np.asarray(feature, dtype=np.int64)[inner]
    if len(at) == 0 or (column < 0).any() or (column >= n_features).any():
        raise ValueError("a tree whose splits look at columns that there are")


def _read_predictor(value: Mapping[str, Any]) -> Any:
    from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor

    nodes, *sets = (decode(value[part]) for part in _PREDICTOR)
    if nodes["is_categorical"].any():
        raise ValueError("a tree of splits by numbers")
    _check_nodes(nodes["left"], nodes["right"], nodes["feature_idx"], nodes["is_leaf"] == 1, 2**31)
    return TreePredictor(nodes, *sets)


def _read_loss(value: Mapping[str, Any]) -> Any:
    from sklearn._loss import loss

    kind = getattr(loss, str(value["class"]), None)
    if not (isinstance(kind, type) and issubclass(kind, loss.BaseLoss)):
        raise ValueError(f"a loss {value['class']!r}")
    return kind(**{name: decode(one) for name, one in value["settings"].items()})


def _read_booster(value: Mapping[str, Any]) -> Any:
    import lightgbm

    check_booster(value["text"], str(value["objective"]), int(value["classes"]))
    return lightgbm.Booster(model_str=value["text"])


def _read_object(value: Mapping[str, Any]) -> Any:
    from sklearn.base import BaseEstimator

    module, _, name = str(value["class"]).rpartition(".")
    if module.partition(".")[0] not in packages():
        raise ValueError(f"a class of {module}")
    kind = getattr(import_module(module), name, None)
    allowed = isinstance(kind, type) and (
        issubclass(kind, BaseEstimator) or module == _KERNELS or (module, name) in _HOLDERS
    )
    if not allowed:
        raise ValueError(f"a class {value['class']!r}")
    made: Any = object.__new__(kind)  # type: ignore[arg-type]
    made.__dict__.update({key: decode(one) for key, one in value["state"].items()})
    if getattr(made, "_fit_method", None) in ("kd_tree", "ball_tree"):  # grown again from its rows: the same tree
        from sklearn.neighbors import BallTree, KDTree

        grown = KDTree if made._fit_method == "kd_tree" else BallTree
        made._tree = grown(made._fit_X, made.leaf_size, metric=made.effective_metric_, **made.effective_metric_params_)
    _check_inside(made)
    return made


def _check_inside(made: Any) -> None:
    """What the libraries look up in memory without checking: columns that trees split by, support vectors.

    An estimator checks rows against its own number of columns, and its trees against nothing.
    """
    from sklearn.ensemble._forest import BaseForest
    from sklearn.ensemble._gb import BaseGradientBoosting
    from sklearn.svm._base import BaseLibSVM

    held, n = vars(made), vars(made).get("n_features_in_", 0)
    trees = [held["tree_"]] if "tree_" in held else []
    if isinstance(made, BaseForest | BaseGradientBoosting) and "estimators_" in held:
        trees += [one.tree_ for one in np.ravel(np.asarray(made.estimators_, dtype=object))]
    if any(tree.n_features != n for tree in trees):
        raise ValueError("trees of as many columns as their estimator")
    for stage in held.get("_predictors", ()):
        for one in stage:
            if (one.nodes["feature_idx"][one.nodes["is_leaf"] == 0] >= n).any():
                raise ValueError("trees that split by columns of their estimator")
    if isinstance(made, BaseLibSVM) and "support_vectors_" in held:
        rows, counts = len(made.support_vectors_), np.asarray(made._n_support)
        told = made._dual_coef_.shape[1] == rows == len(made.support_) and made.support_vectors_.shape[1] == n
        if hasattr(made, "classes_"):
            pairs = len(counts) * (len(counts) - 1) // 2
            told &= (counts >= 0).all() and counts.sum() == rows and len(made._dual_coef_) == len(counts) - 1
            told &= np.size(made._intercept_) == pairs
            told &= np.size(made._probA) == np.size(made._probB) and np.size(made._probA) in (0, pairs)
        if not told:
            raise ValueError("as many support vectors as weights")


def _read_registered(value: Mapping[str, Any]) -> Any:
    from tael.models.persist import restored

    return restored(str(value["class"]), value["state"])


_READERS: dict[str, Any] = {
    "float": lambda value: float(value["value"]),
    "scalar": lambda value: _read_bytes(value)[()],
    "array": _read_array,
    "objects": _read_objects,
    "record": _read_record,
    "dtype": lambda value: _read_dtype(str(value["name"])),
    "tuple": lambda value: tuple(decode(value["items"])),
    "dict": lambda value: {decode(key): decode(one) for key, one in value["pairs"]},
    "type": lambda value: {"float64": np.float64, "float32": np.float32}[value["name"]],
    "tree": _read_tree,
    "predictor": _read_predictor,
    "loss": _read_loss,
    "booster": _read_booster,
    "object": _read_object,
    "registered": _read_registered,
}
