"""What the sections of a market's ``scenario.toml`` may say."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from tael.errors import FormulaError
from tael.formulas.parser import parse
from tael.runs.plans._strict import Strict


def _read(text: str) -> str:
    try:
        parse(text)
    except FormulaError as error:
        raise ValueError(f"a formula; {error.problem} {error.got or ''}".strip()) from None
    return text


class MarketSection(Strict):
    """Which bars are traded, and by whose rules.

    Parameters
    ----------
    kind : {"stocks", "futures", "book", "minutes"}
        ``book``: snapshots of order books; ``minutes``: bars within the day, around which a book is assumed. Both are
        foretold over time and dealt by ``[execution]``.
    bars : str
        The table of bars: one row for each entity and time.
    entity : str
        Its column that names the entity (for futures: the contract).
    time : str
        Its column with the time of each bar.
    columns : dict of str to str
        Standard name -> column, where they differ: ``{ amount = "turnover" }``.
    fields : tuple of str
        Further columns of the bars that formulas may name.
    securities : str, optional
        The table with what does not change of an entity.
    groups : tuple of str
        Columns of `securities` or of the bars by which formulas may compare (``by=sector``).
    exchange : str
        Whose rules hold: ``cn_stocks``, ``us_stocks``, ``cn_futures``.
    prices : {"real", "forward_adjusted", "backward_adjusted"}
        What the prices of the table are.
    survivors : bool
        The entities are those of the end of the data; the report says so.
    universe : str, optional
        A formula on the panel: who belongs on each bar, as known then.
    bar : str
        What one row spans.
    close : str
        The time of day at which a bar that is dated by its day is known.
    roll : {"open_interest", "volume", "days_before_expiry"}
        Futures: when a product moves to its next contract.
    contracts : dict
        Futures: what else is known of them (``halve_before``, ``limit``, ``margin``), as in
        ``tael.markets.futures.contract_bars``.
    levels : int
        Books: levels of each side that become fields.
    clock : str, optional
        Books: rows at regular times ("3s") instead of one a snapshot.
    half_spread : float
        Minutes: ticks between the close and either side of the assumed book.
    multiplier : float
        Books: of a contract.
    """

    kind: Literal["stocks", "futures", "book", "minutes"] = "stocks"
    bars: str = "bars"
    entity: str = "code"
    time: str = "date"
    columns: dict[str, str] = Field(default_factory=dict)
    fields: tuple[str, ...] = ()
    securities: str | None = None
    groups: tuple[str, ...] = ()
    exchange: str = "cn_stocks"
    prices: Literal["real", "forward_adjusted", "backward_adjusted"] = "real"
    survivors: bool = False
    universe: str | None = None
    bar: str = "1d"
    close: str = Field(default="15:00", pattern=r"^\d{2}:\d{2}$")
    roll: Literal["open_interest", "volume", "days_before_expiry"] = "open_interest"
    contracts: dict[str, Any] = Field(default_factory=dict)
    levels: int = Field(default=5, ge=1, le=10)
    clock: str | None = None
    half_spread: float = Field(default=0.5, gt=0)
    multiplier: float = Field(default=1.0, gt=0)

    _formulas = field_validator("universe")(lambda text: None if text is None else _read(text))


class PanelLabel(Strict):
    """What is foretold.

    Parameters
    ----------
    formula : str
        Looks forward: ``close[+2] / close[+1] - 1`` is the return from tomorrow's close to the day after.
    across : {"entities", "time"}
        Whether a bar's entities are told apart, or one entity's bars: then scores and outcomes are correlated over
        time, and labels that reach into another session are missing.
    scale : {"raw", "demean", "zscore", "rank", "rank_normal", "volatility"}
        How the labels of one bar are put on one scale; over time "raw", or "volatility": in units of what the price
        was wont to move. Left out: "zscore", over time "volatility".
    horizons : tuple of int
        Bars for which the decay of the scores is measured.
    """

    formula: str = "close[+2] / close[+1] - 1"
    across: Literal["entities", "time"] = "entities"
    scale: Literal["raw", "demean", "zscore", "rank", "rank_normal", "volatility"] = "zscore"
    horizons: tuple[int, ...] = (1, 2, 5, 10, 20)

    _formulas = field_validator("formula")(_read)

    @model_validator(mode="before")
    @classmethod
    def _usual_scale(cls, told: Any) -> Any:
        if isinstance(told, dict) and told.get("across") == "time" and "scale" not in told:
            return {**told, "scale": "volatility"}
        return told

    @model_validator(mode="after")
    def _scale_fits(self) -> PanelLabel:
        if (self.across == "time") != (self.scale in ("raw", "volatility")) and self.scale != "raw":
            raise ValueError('scale = "raw" or "volatility" with across = "time", the others with "entities"')
        return self


class MinePlan(Strict):
    """Search for factors.

    Parameters
    ----------
    candidates : int
        Formulas tried at most.
    keep : int
        Factors kept at most.
    time : str, optional
        Such as ``"5min"``.
    """

    candidates: int = Field(default=2000, ge=1)
    keep: int = Field(default=20, ge=1)
    time: str | None = None


class PanelFeatures(Strict):
    """What the model is given.

    Parameters
    ----------
    libraries : tuple of str
        Factor libraries: ``alpha158``, ``alpha101``, ``futures_classics``; of books ``order_book``.
    formulas : dict of str to str
        Name -> formula on the panel.
    events : dict of str to str
        Name -> formula on other tables, as in other scenarios, asked for every entity at every bar
        (``count(analysts, last="5d")``). Panel formulas may use the name.
    mine : MinePlan, optional
        Also search for factors, on the training stretch alone.
    neutral : str, optional
        A group by which every feature is compared with its own group alone (``sector``).
    """

    libraries: tuple[str, ...] = ()
    formulas: dict[str, str] = Field(default_factory=dict)
    events: dict[str, str] = Field(default_factory=dict)
    mine: MinePlan | None = None
    neutral: str | None = None

    @field_validator("formulas", "events")
    @classmethod
    def _formulas(cls, stated: dict[str, str]) -> dict[str, str]:
        return {name: _read(text) for name, text in stated.items()}

    @model_validator(mode="after")
    def _something(self) -> PanelFeatures:
        if not (self.libraries or self.formulas or self.mine):
            raise ValueError("libraries, formulas or [features.mine]: a model needs something to look at")
        return self


class PanelSplit(Strict):
    """How time is parted.

    Parameters
    ----------
    start : str, optional
        First day of the training.
    validation, test : str or float
        First day of each stretch; or the share of the bars that lie before it.
    embargo : int
        Bars left out between stretches, besides those into which labels reach.
    retrain : int, optional
        Fit again after so many bars of the test.
    window : int, optional
        Train on the last so many bars alone.
    """

    start: str | None = None
    validation: str | float = 0.6
    test: str | float = 0.75
    embargo: int = Field(default=0, ge=0)
    retrain: int | None = Field(default=None, ge=1)
    window: int | None = Field(default=None, ge=1)


class PanelModel(Strict):
    """The model.

    Parameters
    ----------
    kind : {"booster", "linear", "ranker", "estimator", "formula"}
        "estimator": the one that `estimator` names, which needs no `kind`. "formula": no model; the score is `score`.
    blend : tuple of kinds
        Further models whose scores (put on one scale bar by bar) are averaged with it.
    score : str, optional
        The formula, for the kind "formula".
    estimator : str, optional
        Any regressor of scikit-learn's convention by its name, such as ``"sklearn.ensemble.ExtraTreesRegressor"``.
    parameters : dict
        Of that estimator. One that is an estimator itself is a table of the same two keys.
    settings : dict
        Parameters of the estimator (``learning_rate``, ``n_seeds``, ...), see ``tael.markets.modelling``.
    """

    kind: Literal["booster", "linear", "ranker", "estimator", "formula"] = "booster"
    estimator: str | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)
    blend: tuple[Literal["booster", "linear", "ranker"], ...] = ()
    score: str | None = None
    settings: dict[str, float | int] = Field(default_factory=dict)

    _formulas = field_validator("score")(lambda text: None if text is None else _read(text))

    @model_validator(mode="before")
    @classmethod
    def _a_name_is_a_kind(cls, value: Any) -> Any:
        stated = isinstance(value, dict) and value.get("estimator") is not None and "kind" not in value
        return {**value, "kind": "estimator"} if stated else value

    @model_validator(mode="after")
    def _a_name_has_its_kind(self) -> PanelModel:
        if (self.kind == "estimator") != (self.estimator is not None):
            raise ValueError('estimator = "package.module.Class" without a kind, and with no other')
        if self.parameters and self.estimator is None:
            raise ValueError("[model.settings]: [model.parameters] are those of an estimator that is named")
        if self.settings and self.estimator is not None:
            raise ValueError("[model.parameters] beside an estimator that is named, not [model.settings]")
        return self

    @model_validator(mode="after")
    def _score_of_a_formula(self) -> PanelModel:
        if (self.kind == "formula") != (self.score is not None):
            raise ValueError('score = "..." with kind = "formula", and with no other')
        return self


class PortfolioPlan(Strict):
    """From scores to positions.

    Parameters
    ----------
    method : str
        ``top_k_drop``, ``mean_variance``, ``risk_parity``, ``equal_weight``, ``volatility_target`` ...; see
        ``tael.markets.portfolio.METHODS``.
    every : int or str
        Bars between two rebalances, or a calendar period such as ``"1w"``.
    settings : dict
        Parameters of the method (``k``, ``drop``, ``max_weight``, ...).
    risk : str, optional
        A risk model, for methods that need one: ``statistical``, ``styles``, ``ledoit_wolf``.
    risk_settings : dict
        Its parameters.
    """

    method: str = "top_k_drop"
    every: int | str = 1
    settings: dict[str, Any] = Field(default_factory=dict)
    risk: str | None = None
    risk_settings: dict[str, Any] = Field(default_factory=dict)


class TradingPlan(Strict):
    """With how much money, how it is dealt, and what that costs.

    Parameters
    ----------
    cash : float
        At the start, in the currency of the prices.
    fill : {"open", "vwap", "close"}
        Price of the next bar at which orders are filled.
    costs : dict
        Where they differ from the exchange's fees and the defaults: ``commission``, ``half_spread_bp``, ``impact``,
        ... as in ``tael.markets.backtest.StockCosts`` and ``FuturesCosts``.
    rules : dict
        Where they differ from the defaults: ``participation``, ``unfilled``, ``short``, ``leverage``, ... as in
        ``StockRules`` and ``FuturesRules``.
    benchmark : {"equal_weight", "none"}
        The universe, equally weighted and rebalanced on every bar; or nothing but cash.
    """

    cash: float = Field(default=1e8, gt=0)
    fill: Literal["open", "vwap", "close"] = "open"
    costs: dict[str, Any] = Field(default_factory=dict)
    rules: dict[str, Any] = Field(default_factory=dict)
    benchmark: Literal["equal_weight", "none"] = "equal_weight"


class MarketExample(Strict):
    """The example data: a simulator and its size.

    Parameters
    ----------
    simulator : {"market", "futures", "order_book", "minutes"}
    n_entities, n_bars, seed : int
        ``order_book``: one stock, `n_bars` seconds a day; ``minutes``: `n_entities` products.
    n_days : int
        Within the day: trading days.
    """

    simulator: Literal["market", "futures", "order_book", "minutes"] = "market"
    n_entities: int = Field(default=300, ge=1)
    n_bars: int = Field(default=1000, ge=100)
    n_days: int = Field(default=4, ge=1)
    seed: int = 0
