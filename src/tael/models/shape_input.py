"""What `AdditiveBooster` is asked for, checked against the columns that came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import Any

import numpy as np

from tael.errors import ModelError
from tael.models._input import check_monotone
from tael.models.binning_columns import NUMBER, Column, by_column, position_of
from tael.models.shape_terms import Indices


def directions(monotone: Any, columns: Sequence[Column]) -> Indices:
    """Wanted directions as one sign a column.

    Parameters
    ----------
    monotone : None, dict or array of shape (p,)
    columns : sequence of p Column

    Raises
    ------
    ModelError
        Unknown columns, no signs, or a direction for a column of categories.
    """
    sign = check_monotone(monotone, len(columns), [column.name for column in columns])
    for column, one in zip(columns, sign, strict=True):
        if one and column.kind != NUMBER:
            raise ModelError(
                "A direction is given for a column of categories, which have no order of their own.",
                expected="a column of numbers",
                got=f"{column.name} ({column.kind})",
                where="monotone",
                fix="Turn the categories into numbers whose order means something, or leave the direction out.",
            )
    return sign


def named_pairs(interactions: Any, names: Sequence[str]) -> Indices | None:
    """The pairs that were asked for as positions, shape (q, 2), or None where the data is to say.

    Parameters
    ----------
    interactions : int or sequence of pairs
    names : sequence of str

    Raises
    ------
    ModelError
        What is no pair of two different columns, or stands there twice.

    Examples
    --------
    >>> named_pairs([("income", "age")], ["age", "income"])
    array([[0, 1]])
    """
    if isinstance(interactions, Integral):
        return None
    pairs: list[tuple[int, int]] = []
    for given in interactions:
        if isinstance(given, (str, Integral)) or len(given) != 2:
            raise ModelError(
                "An interaction is not a pair of columns.",
                expected="two columns, by name or position",
                got=repr(given),
                where="interactions",
            )
        a, b = sorted(position_of(one, names, "interactions") for one in given)
        if a == b or (a, b) in pairs:
            raise ModelError(
                "An interaction names one column twice, or stands there twice.",
                expected="two different columns, each pair once",
                got=repr(given),
                where="interactions",
            )
        pairs.append((a, b))
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def specials(special: Any, columns: Sequence[Column]) -> list[Any]:
    """Special codes of each column: a mapping by column, or one sequence for every column of numbers.

    Parameters
    ----------
    special : None, sequence or dict of column to sequence
    columns : sequence of p Column
    """
    if special is None or isinstance(special, Mapping):
        return by_column(special or {}, [column.name for column in columns], "special", ())
    return [special if column.kind == NUMBER else () for column in columns]
