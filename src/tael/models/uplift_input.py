"""What every uplift learner asks of its rows: columns as numbers, an outcome, arms, propensities, weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tael.errors import ModelError, did_you_mean
from tael.models.logistic import Floats
from tael.validation.arrays import as_array, floats

Codes = NDArray[np.int64]
MOST_ARMS = 20
MOST_LEVELS = 30  # flags of one column of text; rarer values share "none of these"


@dataclass(frozen=True)
class Encoding:
    """Columns as they come, to numbers: text becomes one flag a value seen in training, numbers stay.

    A value that training did not see has no flag set. A missing text has a flag of its own where training had some.

    Parameters
    ----------
    levels : tuple
        For each column None (a number) or its values, most frequent first; ``None`` among them is "missing".
    """

    levels: tuple[tuple[str | None, ...] | None, ...]

    @property
    def plain(self) -> bool:
        """Whether all columns are numbers."""
        return all(level is None for level in self.levels)

    @property
    def source(self) -> Codes:
        """Which column of X each column of the matrix comes from, shape (q,)."""
        sizes = [1 if levels is None else len(levels) for levels in self.levels]
        return np.repeat(np.arange(len(sizes)), sizes)

    def apply(self, columns: list[NDArray[Any]]) -> Floats:
        """Matrix of shape (n, q) from one array a column, NaN for missing numbers."""
        out: list[Floats] = []
        for values, levels in zip(columns, self.levels, strict=True):
            if levels is None:
                if values.dtype == object:
                    raise ModelError(
                        "A column of numbers has come as text.",
                        expected="numbers, as in training",
                        got=repr(next((v for v in values if v is not None), None)),
                        fix="Read the column as numbers.",
                    )
                out.append(values)
                continue
            text = values if values.dtype == object else as_text(values)
            out += [np.array([v == level for v in text], dtype=np.float64) for level in levels]
        return np.ascontiguousarray(np.column_stack(out)) if out else np.zeros((0, 0))


def as_text(values: Floats) -> NDArray[Any]:
    """Numbers as the text that a column of text would hold.

    >>> import numpy as np
    >>> as_text(np.array([1.0, np.nan])).tolist()
    ['1', None]
    """
    return np.array([None if np.isnan(v) else f"{v:g}" for v in values], dtype=object)


def learn_encoding(columns: list[NDArray[Any]]) -> Encoding:
    """Which columns are text, and their values by frequency (ties by name, so that the order of rows is no matter)."""
    levels: list[tuple[str | None, ...] | None] = []
    for values in columns:
        if values.dtype != object:
            levels.append(None)
            continue
        missing = np.array([v is None for v in values], dtype=bool)
        seen, count = np.unique(values[~missing].astype(str), return_counts=True)
        order = np.lexsort((seen, -count))[:MOST_LEVELS]
        levels.append((*seen[order].tolist(), *([None] if missing.any() else [])))
    return Encoding(tuple(levels))


def read_columns(estimator: Any, X: Any, *, reset: bool) -> list[NDArray[Any]]:
    """X as one array a column: float64 with NaN for numbers and flags, object with None for text.

    Raises
    ------
    ModelError
        Times, which need a cutoff to become ages.
    """
    import narwhals as nw
    from sklearn.utils.validation import validate_data

    frame = nw.from_native(X, eager_only=True, pass_through=True)
    if isinstance(frame, nw.DataFrame) and not all(d.is_numeric() for d in frame.schema.values()):
        validate_data(estimator, X, reset=reset, skip_check_array=True)
        return [_column(frame[name]) for name in frame.columns]
    if isinstance(X, np.ndarray) and X.ndim == 2 and X.dtype.kind in "OU":
        text = [any(isinstance(v, str) for v in X[:, j]) for j in range(X.shape[1])]
        if any(text):
            validate_data(estimator, X, reset=reset, skip_check_array=True)
            return [
                np.array([None if v is None or v != v else str(v) for v in X[:, j]], dtype=object)
                if text[j]
                else np.array([np.nan if v is None else v for v in X[:, j]], dtype=np.float64)
                for j in range(X.shape[1])
            ]
    matrix = validate_data(
        estimator, X, reset=reset, dtype=np.float64, ensure_all_finite="allow-nan", ensure_min_samples=2 if reset else 1
    )
    return list(matrix.T)


def _column(series: Any) -> NDArray[Any]:
    import narwhals as nw

    dtype = series.dtype
    if dtype.is_temporal():
        raise ModelError(
            "The model does not take times.",
            expected="numbers, flags or text",
            got=f"{series.name} ({dtype})",
            fix="Turn times into ages at the cutoff (tael.AutoFeatures does), or drop the column.",
        )
    if dtype.is_numeric() or dtype == nw.Boolean:
        values = np.asarray(series.cast(nw.Float64()).to_numpy(), dtype=np.float64)
        if np.isinf(values).any():
            raise ModelError("A column holds infinity.", got=str(series.name), fix="Read infinities as missing.")
        return values
    return np.array([None if v is None or v != v else str(v) for v in series.to_list()], dtype=object)


def read_arms(
    treatment: ArrayLike | None, n: int, control: Any, known: NDArray[Any] | None = None
) -> tuple[Codes, Any]:
    """Arms as codes, 0 for the control, and what each code stands for.

    Parameters
    ----------
    treatment : array-like of shape (n,)
        0 and 1, true and false, or names.
    n : int
        Rows of X.
    control : object
        Which value means "not treated"; None where the values say so themselves (0 or False).
    known : ndarray, optional
        Arms of an earlier fit, control first; the codes then follow them.

    Raises
    ------
    ModelError
        No treatment, missing values, one arm, too many, or no way to know the control.

    Examples
    --------
    >>> codes, arms = read_arms(["mail", "none", "mail"], 3, "none")
    >>> codes.tolist(), arms.tolist()
    ([1, 0, 1], ['none', 'mail'])
    """
    if treatment is None:
        raise ModelError(
            "An uplift model can be neither fitted nor scored without the treatment.",
            expected="treatment=, one value a row",
            got="None",
            fix="Call fit(X, y, treatment=...) and score(X, y, treatment=...). For cross-validation call "
            "sklearn.set_config(enable_metadata_routing=True) and "
            "model.set_fit_request(treatment=True).set_score_request(treatment=True), and pass it as a parameter.",
        )
    values = as_array(treatment)
    if len(values) != n:
        raise ModelError("The treatment does not match the rows.", expected=f"{n} rows", got=f"{len(values)} rows")
    if values.dtype == object:
        missing = np.array([v is None or v != v for v in values], dtype=bool)
        if not missing.any():
            plain = np.array(values.tolist())
            values = plain if plain.dtype.kind in "biufU" and plain.ndim == 1 else values.astype(str)
    else:
        missing = np.isnan(values) if values.dtype.kind == "f" else np.zeros(n, dtype=bool)
    if missing.any():
        raise ModelError(
            f"{int(missing.sum())} of {n} rows have no treatment.",
            got=f"nothing in row {int(np.flatnonzero(missing)[0])}",
            fix="Leave out the rows whose treatment is not known.",
        )
    if values.dtype.kind == "f" and np.all(values == np.round(values)):
        values = values.astype(np.int64)
    found = np.unique(values)
    if known is None:
        known = _order_arms(found, control)
    unknown = [v for v in found.tolist() if v not in known.tolist()]
    if unknown:
        raise ModelError(
            "A row has an arm that was not there in training.",
            expected=", ".join(map(repr, known.tolist())),
            got=repr(unknown[0]),
        )
    codes = np.zeros(n, dtype=np.int64)
    for k, arm in enumerate(known.tolist()):
        codes[values == arm] = k
    return codes, known


def arm_code(arm: Any, arms: NDArray[Any]) -> int:
    """Place of an arm among ``arms_``; None is the only treatment.

    Raises
    ------
    ModelError
        An arm that training did not have, the control, or None where there are several treatments.

    Examples
    --------
    >>> arm_code("mail", np.array(["none", "call", "mail"]))
    2
    """
    known = arms.tolist()
    if arm is None and len(known) == 2:
        return 1
    code = known.index(arm) if arm in known else 0
    if code == 0:
        problem = "The effect of which arm is not said." if arm is None else "There is no effect of such an arm."
        fix = did_you_mean(arm, known[1:]) if isinstance(arm, str) and arm not in known else None
        raise ModelError(
            problem,
            expected=f"arm= one of {', '.join(map(repr, known[1:]))}",
            got="nothing" if arm is None else f"{arm!r}{', the control' if arm in known else ''}",
            fix=fix or "Each effect is that of one treatment against the control.",
        )
    return code


def _order_arms(found: NDArray[Any], control: Any) -> NDArray[Any]:
    shown = ", ".join(map(repr, found[:6].tolist())) + (" ..." if len(found) > 6 else "")
    if len(found) < 2:
        raise ModelError(
            "All rows have the same treatment, so its effect cannot be told.",
            expected="treated rows and control rows",
            got=f"{shown} alone",
            fix="Add the rows of the other arm; without a control group there is no uplift model.",
        )
    if len(found) > MOST_ARMS:
        raise ModelError(
            "The treatment has too many values to be arms.",
            expected=f"at most {MOST_ARMS}",
            got=f"{len(found)}: {shown}",
        )
    if control is None and found.dtype.kind in "biu" and found[0] == 0:
        control = found[0]
    if control is None or control not in found.tolist():
        raise ModelError(
            "It is not clear which arm is the control.",
            expected=f"control= one of {shown}",
            got="nothing" if control is None else repr(control),
            fix=f"Name it, for example control={found[0].item()!r}.",
        )
    return np.concatenate([found[found == control], found[found != control]])


def read_outcome(y: ArrayLike, n: int) -> Floats:
    """The outcome as numbers: 0 and 1, or an amount.

    Raises
    ------
    ModelError
        Missing, infinite, or the same in all rows.
    """
    values = floats(y, "outcomes")
    if len(values) != n:
        raise ModelError("The outcomes do not match the rows.", expected=f"{n} rows", got=f"{len(values)} rows")
    bad = ~np.isfinite(values)
    if bad.any():
        raise ModelError(
            f"{int(bad.sum())} of {n} outcomes are missing or infinite.",
            got=f"{values[bad][0]} in row {int(np.flatnonzero(bad)[0])}",
            fix="Leave out the rows whose outcome is not known yet.",
        )
    if np.all(values == values[0]):
        raise ModelError(
            "The outcome is the same in all rows, so there is nothing to learn.",
            expected="an outcome that varies",
            got=f"{n} rows, all {values[0]:g}",
            fix="Look at the outcome's definition and its window, or take a longer period.",
        )
    return values


def read_propensity(propensity: Any, arm: Codes, arms: NDArray[Any]) -> Floats | None:
    """Known probabilities of each arm, shape (n, number of arms); None where they are to be estimated.

    Parameters
    ----------
    propensity : None, float, mapping or array-like
        With one treatment: its probability, one number or one a row. With several: a mapping from arm to probability,
        or an array of shape (n, number of arms) in the order of ``arms_``, the control first.
    """
    if propensity is None:
        return None
    n, size = len(arm), len(arms)
    if isinstance(propensity, Mapping):
        share = np.array([float(propensity.get(a, np.nan)) for a in arms.tolist()])
        if np.isnan(share[0]):
            share[0] = 1.0 - np.nansum(share)
        given = np.tile(share, (n, 1))
    else:
        given = np.asarray(propensity, dtype=np.float64)
        if size == 2 and (given.ndim == 0 or given.shape in ((n,), (n, 1))):
            given = np.broadcast_to(given.reshape(-1), n)
            given = np.column_stack([1.0 - given, given])
    if given.shape != (n, size):
        raise ModelError(
            "The propensities do not match the rows and arms.",
            expected="a number or one a row" if size == 2 else f"a mapping, or an array of shape ({n}, {size})",
            got=f"shape {given.shape}",
        )
    wrong = ~((given > 0) & (given < 1)) | (np.abs(given.sum(axis=1, keepdims=True) - 1.0) > 1e-6)
    if wrong.any():
        row = int(np.flatnonzero(wrong.any(axis=1))[0])
        raise ModelError(
            "A propensity is not a probability strictly between 0 and 1, or a row's do not sum to 1.",
            expected="0 < p < 1: each row could have got each arm",
            got=f"{given[row].tolist()} in row {row}",
            fix="Leave out the rows whose treatment was fixed in advance: nothing can be learned from them.",
        )
    return given
