"""Estimators by name: any of scikit-learn's convention, from packages whose code may be run for a text's sake."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from tael.errors import ModelError, did_you_mean

PACKAGES = ("sklearn", "lightgbm", "tael")
"""A scenario and a bundle are data that may come from others, so that a name in them imports these alone."""
GROUP = "tael.estimators"
"""Entry points of this group name further packages: whoever installs one has trusted it."""
NAME = "estimator"
"""Key under which a table of parameters names an estimator within another."""


def packages() -> tuple[str, ...]:
    """Packages that an estimator may be named from.

    >>> packages()[:2]
    ('sklearn', 'lightgbm')
    """
    found = [one.value.partition(":")[0].partition(".")[0] for one in entry_points(group=GROUP)]
    return tuple(dict.fromkeys([*PACKAGES, *found]))


def class_of(name: str, where: str = "") -> type:
    """The class of that name.

    Parameters
    ----------
    name : str
        Such as ``"sklearn.ensemble.RandomForestClassifier"``.
    where : str
        What an error calls the place.

    Returns
    -------
    type
        An estimator of scikit-learn's convention.

    Raises
    ------
    ModelError
        Of another package, not there, or no estimator.

    Examples
    --------
    >>> class_of("sklearn.naive_bayes.GaussianNB").__name__
    'GaussianNB'
    >>> class_of("os.system")
    Traceback (most recent call last):
    tael.errors.ModelError: No estimator is taken from there.
      expected: a name of sklearn, lightgbm, tael
      got:      'os.system'
      to do:    For instance "sklearn.ensemble.RandomForestClassifier".
    """
    from sklearn.base import BaseEstimator

    module, _, kind = name.rpartition(".")
    if module.partition(".")[0] not in packages() or not all(part.isidentifier() for part in name.split(".")):
        raise ModelError(
            "No estimator is taken from there.", expected=f"a name of {', '.join(packages())}", got=repr(name),
            where=where or None, fix='For instance "sklearn.ensemble.RandomForestClassifier".',
        )  # fmt: skip
    try:
        home: Any = import_module(module)
    except ImportError:
        raise ModelError(
            "There is no such estimator.", expected="package.module.Class", got=repr(name), where=where or None,
            fix=_elsewhere(kind),
        ) from None  # fmt: skip
    found = getattr(home, kind, None)
    if found is None:
        near = did_you_mean(kind, [one for one in dir(home) if one[:1].isupper()])
        raise ModelError(
            "There is no such estimator.", expected=f"a class of {module}", got=repr(name), where=where or None,
            fix=_elsewhere(kind) or near,
        )  # fmt: skip
    if not (isinstance(found, type) and issubclass(found, BaseEstimator) and hasattr(found, "fit")):
        raise ModelError(
            "This is no estimator.", expected="a class with fit and predict", got=repr(name), where=where or None
        )
    return found


def _elsewhere(kind: str) -> str | None:
    """Where scikit-learn keeps a class of that name, if it has one."""
    from sklearn.utils import all_estimators

    known = dict(all_estimators())
    if kind in known:
        return f'It is "{public_name(known[kind])}".'
    return None


def public_name(kind: type) -> str:
    """A class's name as a person writes it: without the private module behind the public one.

    >>> from sklearn.ensemble import RandomForestClassifier
    >>> public_name(RandomForestClassifier)
    'sklearn.ensemble.RandomForestClassifier'
    """
    parts = kind.__module__.split(".")
    for length in range(1, len(parts) + 1):
        module = ".".join(parts[:length])
        if any(part.startswith("_") for part in parts[:length]):
            break
        if length > 1 and getattr(import_module(module), kind.__name__, None) is kind:
            return f"{module}.{kind.__name__}"
    return f"{kind.__module__}.{kind.__name__}"


def build(name: str, parameters: Mapping[str, Any] | None = None, *, seed: int | None = 0, where: str = "") -> Any:
    """An unfitted estimator by its name.

    Parameters
    ----------
    name : str
    parameters : mapping, optional
        Its own. One that is an estimator itself is a table: ``{"estimator": "sklearn.tree.DecisionTreeClassifier",
        "parameters": {"max_depth": 3}}``; a list may hold such tables.
    seed : int or None
        Its ``random_state``, where it has one and no other is stated; that of the estimators within it too.
    where : str
        What an error calls the place.

    Returns
    -------
    estimator

    Raises
    ------
    ModelError
        No such estimator, or a parameter that it does not have.

    Examples
    --------
    >>> build("sklearn.ensemble.BaggingClassifier",
    ...       {"n_estimators": 5, "estimator": {"estimator": "sklearn.tree.DecisionTreeClassifier"}})
    BaggingClassifier(estimator=DecisionTreeClassifier(random_state=0),
                      n_estimators=5, random_state=0)
    >>> build("sklearn.linear_model.Ridge", {"alpa": 1.0}, where="model")
    Traceback (most recent call last):
    tael.errors.ModelError: The estimator has no such parameter.
      expected: alpha, copy_X, fit_intercept, max_iter, positive, random_state, solver, tol
      got:      alpa
      where:    parameters of model
      to do:    Did you mean "alpha"?
    """
    kind: Any = class_of(name, where)
    stated = {key: _within(value, seed, where) for key, value in (parameters or {}).items()}
    known = kind._get_param_names()
    open_ended = kind.__module__.startswith("lightgbm")  # hands on what it does not know itself
    for key in stated:
        if key not in known and not open_ended:
            raise ModelError(
                "The estimator has no such parameter.", expected=", ".join(sorted(known)) or "none", got=key,
                where=f"parameters of {where or name}", fix=did_you_mean(key, known),
            )  # fmt: skip
    try:
        made = kind(**stated)
    except TypeError as error:
        raise ModelError(
            "The estimator cannot be made so.", expected="its required parameters", got=str(error),
            where=f"parameters of {where or name}",
        ) from None  # fmt: skip
    if open_ended and not {"verbose", "verbosity"} & set(stated):
        made.set_params(verbose=-1)
    if seed is not None and "random_state" in made.get_params(deep=False) and "random_state" not in stated:
        made.set_params(random_state=seed)
    return made


def _within(value: Any, seed: int | None, where: str) -> Any:
    if isinstance(value, Mapping) and isinstance(value.get(NAME), str) and set(value) <= {NAME, "parameters"}:
        return build(value[NAME], value.get("parameters"), seed=seed, where=where)
    if isinstance(value, list | tuple):
        made = [_within(one, seed, where) for one in value]
        # (name, estimator) pairs are told from lists by their second half
        pair = len(made) == 2 and isinstance(made[0], str) and hasattr(made[1], "get_params")
        return tuple(made) if pair or isinstance(value, tuple) else made
    return value


@contextmanager
def told(name: str, where: str = "") -> Iterator[None]:
    """What an estimator by name refuses at `fit`, of its parameters or of the rows, is told as tael tells errors."""
    from sklearn.utils._param_validation import InvalidParameterError

    try:
        yield
    except InvalidParameterError as error:
        raise ModelError(
            "The estimator does not take this value.", got=str(error), where=f"parameters of {where or name}"
        ) from None
    except ModelError:
        raise
    except ValueError as error:
        raise ModelError(
            "The estimator cannot be fitted to these rows.", got=str(error), where=where or name,
            fix="Take another estimator, or other parameters.",
        ) from error  # fmt: skip
