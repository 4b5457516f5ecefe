"""``mine``: factors found on a training stretch, and all that was tried on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.errors import MarketError
from tael.formulas.panel import resolve_panel
from tael.formulas.printer import to_text
from tael.markets.mining.breeding import Breeder
from tael.markets.mining.canonical import oriented
from tael.markets.mining.proof import overlap_of
from tael.markets.mining.searching import FIRST, Search, Tell
from tael.markets.mining.seeds import seeds
from tael.markets.mining.staging import Stage
from tael.markets.mining.tried import Tried
from tael.panels import Panel

LEAST_BARS = 60
LEAST_ENTITIES = 8
SCREENED_BARS, SCREENED_ENTITIES = 1000, 300
"""Of the screen: of a longer panel every k-th bar is looked at first, of a wider one some entities."""


@dataclass(frozen=True)
class Mined:
    """What a search found.

    Attributes
    ----------
    factors : list of (str, str)
        Name and formula of each factor kept, the strongest first; each is a rank, higher where more is expected.
    tried : int
        Formulas.
    chance : float
        The |t| that the best of so many reaches by chance, every second time.
    threshold : float
        The |t| that a factor had to pass, alone and beside those kept before it: what the best of so many reaches by
        chance one time in a hundred, never below 3.
    ledger : polars.DataFrame
        Everything tried: formula, generation, rank_ic, t, gain_t, turnover, novelty, coverage, why, because_of.
    interrupted : bool
        Whether the search was ended by Ctrl-C; what is kept passed all the same.
    """

    factors: list[tuple[str, str]]
    tried: int
    chance: float
    threshold: float
    ledger: pl.DataFrame = field(repr=False)
    interrupted: bool = False
    rows: list[dict[str, Any]] = field(default_factory=list, repr=False)

    @property
    def kept(self) -> int:
        """Factors kept."""
        return len(self.factors)

    def to_dict(self) -> dict[str, Any]:
        """The figures as plain data: those above, a row a factor, and how many formulas met which fate."""
        fates = self.ledger.group_by("why").len().sort("len", "why", descending=[True, False])
        return {
            "tried": self.tried,
            "kept": self.kept,
            "chance": self.chance,
            "threshold": self.threshold,
            "interrupted": self.interrupted,
            "factors": [dict(row) for row in self.rows],
            "fates": dict(fates.iter_rows()),
        }


def mine(
    panel: Panel,
    outcome: NDArray[Any],
    *,
    candidates: int = 2000,
    keep: int = 20,
    time: str | float | None = None,
    seed: int = 0,
    n_threads: int | None = None,
    held: Sequence[str] = (),
    tell: Tell | None = None,
) -> Mined:
    """Search for factors: formulas whose ranks foretell those of the outcome, bar by bar.

    First formulas are written by the units of the fields; from those that do best on every second of ten blocks of time
    others are bred. All are tried on some bars and entities of a large panel, and the best on all. A formula is kept if
    the robust t of its mean rank IC passes what the best of all that were tried reaches by chance one time in a
    hundred, with one sign in both halves and in four of five blocks of time, and if it passes again with what the
    factors kept before it (and ``held``) leave unexplained. For a bred formula only the blocks count that its breeding
    did not see. On noise nothing is kept, but for one search in a hundred.

    Parameters
    ----------
    panel : Panel
        The training stretch alone: the search sees nothing else.
    outcome : array, shape (T, N)
        What came of each entity after each bar; NaN where unknown.
    candidates : int
        Formulas tried at most.
    keep : int
        Factors kept at most.
    time : str or float, optional
        Such as ``"5min"``, or seconds; what is found by then is judged.
    seed : int
        Of the breeding and of the draws of chance.
    n_threads : int, optional
    held : sequence of str
        Formulas that the model has already: what says the same is not kept.
    tell : callable, optional
        Called with a text and the share done.

    Returns
    -------
    Mined

    Raises
    ------
    MarketError
        An outcome of another shape, or too few bars or entities to learn from.
    FormulaError
        A formula of ``held`` that does not fit the panel.

    References
    ----------
    Harvey, Liu and Zhu (2016), "... and the Cross-Section of Expected Returns", Review of Financial Studies 29(1).
    Newey and West (1987), Econometrica 55(3). Romano and Wolf (2005), "Stepwise Multiple Testing as Formalized Data
    Snooping", Econometrica 73(4).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> close = np.exp(rng.normal(0, 0.02, (300, 40)).cumsum(axis=0))
    >>> days = np.datetime64("2023-01-01") + np.arange(300)
    >>> panel = Panel(days, tuple(f"{n:03d}" for n in range(40)), {"close": close})
    >>> found = mine(panel, rng.normal(size=(300, 40)), candidates=60)
    >>> found.factors, found.tried <= 60, found.threshold > 3
    ([], True, True)
    """
    outcome = _checked(panel, outcome, candidates, keep)
    for text in held:
        resolve_panel(text, panel.schema)
    usable = np.isfinite(outcome) & panel.members
    rows = np.flatnonzero(usable.sum(axis=1) >= LEAST_ENTITIES)
    if len(rows) < LEAST_BARS:
        raise MarketError(
            "There are too few bars to find factors on.",
            expected=f"{LEAST_BARS} bars on which {LEAST_ENTITIES} members have an outcome",
            got=str(len(rows)),
            fix="Give the training stretch more bars, or state factors instead of mining them.",
        )
    outcome = np.where(np.isin(np.arange(len(panel)), rows)[:, None], outcome, np.nan)
    whole = Stage(panel, outcome, rows, n_threads=n_threads)
    thin = _thinned(panel, outcome, rows, seed, n_threads) or whole
    search = Search(
        thin, whole, overlap_of(outcome, panel.members), Breeder.of(panel), tuple(held), candidates, keep, seed,
        _seconds(time), tell or (lambda text, share: None),
    )  # fmt: skip
    kept = search.run(seeds(panel, max(1, int(FIRST * candidates)) if candidates > 1 else candidates))
    factors = [(f"mined_{number}", to_text(_oriented(one))) for number, one in enumerate(kept, 1)]
    made = [_row(name, formula, one) for (name, formula), one in zip(factors, kept, strict=True)]
    return Mined(
        factors, len(search.ledger), search.chance, search.threshold, search.ledger.frame(), search.interrupted, made
    )


def _thinned(
    panel: Panel, outcome: NDArray[Any], rows: NDArray[np.int64], seed: int, n_threads: int | None
) -> Stage | None:
    """Fewer bars and entities for the screen; None where there are few.

    Bars are dear, since entities move together, and entities cheap: but series need all bars of an entity.
    """
    every, wide = max(1, -(-len(rows) // SCREENED_BARS)), panel.shape[1] > 1.5 * SCREENED_ENTITIES
    if every == 1 and not wide:
        return None
    if wide:
        chosen = np.sort(np.random.default_rng(seed).permutation(panel.shape[1])[:SCREENED_ENTITIES])
        panel, outcome = _some(panel, chosen), outcome[:, chosen]
    return Stage(panel, outcome, rows[every // 2 :: every], n_threads=n_threads)


def _some(panel: Panel, columns: NDArray[np.int64]) -> Panel:
    """Some of the entities."""
    return replace(
        panel,
        entities=tuple(panel.entities[column] for column in columns),
        fields={name: values[:, columns] for name, values in panel.fields.items()},
        groups={name: codes[:, columns] for name, codes in panel.groups.items()},
        listed=panel.listed[:, columns],
        suspended=panel.suspended[:, columns],
        members=panel.members[:, columns],
    )


def _oriented(one: Tried) -> Any:
    return oriented(one.node, one.rank_ic > 0)


def _row(name: str, formula: str, one: Tried) -> dict[str, Any]:
    """Of a factor: what was found about it, in the direction in which it is kept."""
    figures = {"rank_ic": one.rank_ic, "t": one.t, "gain_t": one.gain_t}
    novelty = one.novelty if np.isfinite(one.novelty) else 1.0
    return {
        "name": name, "formula": formula, "generation": one.generation,
        **{key: abs(value) for key, value in figures.items()},
        "turnover": one.turnover, "novelty": novelty, "coverage": one.coverage, "blocks": one.steady,
    }  # fmt: skip


def _checked(panel: Panel, outcome: Any, candidates: int, keep: int) -> NDArray[Any]:
    values = np.asarray(outcome)
    if values.shape != panel.shape or values.dtype.kind != "f":
        raise MarketError(
            "The outcome does not fit the panel.",
            expected=f"an array of floats of shape {panel.shape}",
            got=f"{values.dtype} of shape {values.shape}",
            where="mine(outcome=...)",
        )
    for name, value in (("candidates", candidates), ("keep", keep)):
        if value < 1:
            raise MarketError("A search tries and keeps something.", expected=f"{name} >= 1", got=str(value))
    return values


def _seconds(time: str | float | None) -> float | None:
    if time is None or not isinstance(time, str):
        return time
    from tael.features.forecast import parse_seconds

    return parse_seconds(time)
