"""A LightGBM member: fitted quietly and reproducibly, kept as LightGBM's own text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tael.kernels.forest import Forest, explain, read_forest
from tael.models.logistic import Floats

if TYPE_CHECKING:
    import lightgbm

# One thread a fit: the portfolio runs its fits side by side, which is faster than threads inside small fits, and
# keeps the sums in one order. `feature_pre_filter` off: otherwise a small sample loses columns before the first tree.
_ALWAYS: dict[str, Any] = {
    "objective": "binary",
    "verbosity": -1,
    "deterministic": True,
    "force_col_wise": True,
    "num_threads": 1,
    "feature_pre_filter": False,
}


class BoostedScorer:
    """A LightGBM model, kept as its text.

    The text is the model: once it is written, the booster is read back from it. A model that was just fitted writes it
    when it is first asked for; until then its booster scores, to the same bit, and a fold's model that only scores the
    rows held out never spends the time.

    Parameters
    ----------
    text : str or lightgbm.Booster
        LightGBM's text format, or what writes it.
    """

    def __init__(self, text: str | lightgbm.Booster) -> None:
        self._text = text if isinstance(text, str) else None
        self._booster = None if isinstance(text, str) else text
        self._forest: list[Forest | None] = []

    @property
    def text(self) -> str:
        """LightGBM's text format."""
        if self._text is None:
            self._text = self.booster().model_to_string()
            self._booster = None  # with it go LightGBM's buffers of the training rows
        return self._text

    def booster(self) -> lightgbm.Booster:
        """The booster, read once."""
        booster = self._booster
        if booster is None:
            import lightgbm

            booster = self._booster = lightgbm.Booster(model_str=self._text)
        return booster

    def __getstate__(self) -> dict[str, Any]:
        """Only the text travels to other processes."""
        return {"_text": self.text, "_booster": None, "_forest": []}

    def score(self, X: Floats) -> Floats:
        """Log-odds, shape (n,)."""
        return np.asarray(self.booster().predict(X, raw_score=True, num_threads=1), dtype=np.float64)

    def contributions(self, X: Floats) -> Floats:
        """Shapley values of the log-odds (TreeSHAP, Lundberg 2018), the base last, shape (n, p + 1).

        `tael.kernels.forest` works them out, some thirty times faster than LightGBM. LightGBM itself does where
        `read_forest` gives None, and where it will refuse the number of columns.
        """
        if not self._forest:
            self._forest.append(read_forest(self.text))
        forest = self._forest[0]
        if forest is not None and X.shape[1] == forest.n_features:
            return explain(forest, X)
        return np.asarray(self.booster().predict(X, pred_contrib=True, num_threads=1), dtype=np.float64)


def fit_boosted(
    X: Floats,
    y: Floats,
    weight: Floats,
    sign: NDArray[np.int64],
    *,
    rounds: int,
    params: Mapping[str, Any],
    seed: int,
) -> BoostedScorer:
    """Fit one LightGBM model for a fixed number of rounds.

    Fixed rounds, no early stopping: a fold that stops its own training is no longer unseen, and its log loss flatters.

    Parameters
    ----------
    X, y, weight, sign
        As in `tael.models.linear.fit_linear`; `sign` goes to LightGBM as monotone constraints.
    rounds : int
        Number of trees.
    params : mapping
        LightGBM's own names.
    seed : int
    """
    import lightgbm

    settings = {**_ALWAYS, **params, "seed": seed}
    if np.any(sign != 0):
        settings |= {"monotone_constraints": sign.tolist(), "monotone_constraints_method": "basic"}
    data = lightgbm.Dataset(X, label=y, weight=weight, params=settings)
    # Otherwise LightGBM writes the model and reads it back at once.
    booster = lightgbm.train(settings, data, num_boost_round=rounds, keep_training_booster=True)
    return BoostedScorer(booster.free_dataset())
