"""The bundle of a market's run: plan, factors and models, sealed; what scores the next bar and trades on it."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tael.errors import RunError
from tael.models import load_model, save_model
from tael.runs.folder import read_json, write_json
from tael.runs.markets.plan import MarketPlan
from tael.runs.markets.scoring import next_scores
from tael.runs.sealing import environment, exact, opened, read_exact, seal, told_of

if TYPE_CHECKING:
    from tael.panels import Panel

FORMAT = 100
"""Far from the format of other bundles: neither reads the other's."""
GOLDEN = 20


@dataclass(frozen=True)
class MarketBundle:
    """Everything needed to score the next bar and to decide on positions.

    Attributes
    ----------
    plan : MarketPlan
    factors : tuple of (str, str)
        Name and the formula that the models are given.
    models : dict of str to estimator
    version : str
        The first letters of the hash of everything in the bundle.
    """

    plan: MarketPlan
    factors: tuple[tuple[str, str], ...]
    models: dict[str, Any]
    version: str

    def scores(self, panel: Panel, bars: int = 1, *, n_threads: int = 1) -> NDArray[np.float64]:
        """Scores of the last bars, shape (bars, N): to the last bit what computing every bar would give.

        Parameters
        ----------
        panel : Panel
            As :func:`tael.runs.markets.data.market_data` makes it; must reach back as far as the factors do.
        bars : int
        """
        from tael.markets.modelling import rows_of
        from tael.panels import PanelPlan, compute

        members = np.ascontiguousarray(panel.members[len(panel) - bars :])
        shape = (bars, len(panel.entities))
        if self.plan.model.score is not None:
            out = compute(panel, [self.plan.model.score], n_threads=n_threads)[0][len(panel) - bars :]
            return np.where(members, out, np.nan)
        if not members.any():
            return np.full(shape, np.nan)
        values = PanelPlan([formula for _, formula in self.factors], panel, n_threads=n_threads).compute_last(bars)
        rows = rows_of(values, members, len(self.factors))
        return next_scores(self.models, rows.X, shape, members)


def save_market_bundle(
    folder: Path, *, plan: MarketPlan, factors: list[tuple[str, str]], models: Mapping[str, Any], golden: NDArray[Any]
) -> str:
    """Write a bundle.

    Parameters
    ----------
    folder : Path
        Must not exist.
    factors : list of (name, formula)
    models : dict of str to estimator
    golden : (n, p) array
        Rows of factors, some of which are kept with their answers.

    Returns
    -------
    str
        The model version.
    """
    from tael.markets import modelling

    modelling.register_models()
    folder.mkdir(parents=True)
    write_json(folder / "plan.json", plan.to_dict())
    write_json(folder / "factors.json", [{"name": name, "formula": formula} for name, formula in factors])
    asked = golden[np.unique(np.linspace(0, max(len(golden) - 1, 0), min(GOLDEN, len(golden))).astype(int))]
    told = {}
    for kind, model in models.items():
        if "n_jobs" in model.get_params(deep=False):
            model = copy(model).set_params(n_jobs=1)
        save_model(model, folder / "weights" / kind)
        told[kind] = exact(model.predict(asked))
    write_json(folder / "golden.json", {"rows": [exact(row) for row in asked.astype(np.float64)], "scores": told})
    return seal(folder, FORMAT)


def load_market_bundle(folder: str | Path) -> MarketBundle:
    """Read a bundle, or the bundle of a run folder.

    Raises
    ------
    RunError
        If a file was altered, is absent or superfluous, or the golden rows are answered differently.
    """
    from tael.markets import modelling

    modelling.register_models()
    where, manifest = opened(folder, FORMAT)
    plan = MarketPlan.from_dict(read_json(where / "plan.json"), where=str(where / "plan.json"))
    factors = tuple((one["name"], one["formula"]) for one in read_json(where / "factors.json"))
    golden = read_json(where / "golden.json")
    rows = np.array([read_exact(row) for row in golden["rows"]], dtype=np.float32)
    models = {}
    for kind, texts in golden["scores"].items():
        models[kind] = load_model(where / "weights" / kind)
        here, expected = models[kind].predict(rows), read_exact(texts)
        if not np.array_equal(here, expected):
            row = int(np.flatnonzero(here != expected)[0])
            raise RunError(
                "The bundle answers its golden rows differently here.",
                expected=f"{expected[row]!r} for golden row {row}",
                got=f"{here[row]!r}",
                where=f"{where}, written with {told_of(manifest)}; here {told_of(environment())}",
                fix="Install the libraries that the manifest names, or train again.",
            )
    return MarketBundle(plan, factors, models, manifest["version"])
