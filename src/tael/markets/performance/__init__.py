"""Performance: return and risk, how sure a Sharpe ratio is, overfitting, factors, information coefficients."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tael.markets.performance.benchmark import (
        Relative,
        relative,
    )
    from tael.markets.performance.drawdown import (
        Drawdown,
        calmar_ratio,
        drawdowns,
        max_drawdown,
    )
    from tael.markets.performance.fama_french import (
        read_fama_french,
    )
    from tael.markets.performance.ic import (
        ICSummary,
        factor_correlation,
        forward_returns,
        ic_decay,
        information_coefficient,
        neutralise,
        summarise_ic,
    )
    from tael.markets.performance.overfitting import (
        Overfitting,
        overfitting_probability,
    )
    from tael.markets.performance.quantiles import (
        FactorTurnover,
        Quantiles,
        factor_turnover,
        quantile_returns,
    )
    from tael.markets.performance.regression import (
        FactorRegression,
        MeanTest,
        factor_regression,
        mean_test,
    )
    from tael.markets.performance.resampling import (
        Interval,
        block_length,
        bootstrap,
    )
    from tael.markets.performance.returns import (
        annual_return,
        expected_shortfall,
        hit_rate,
        periods_per_year,
        sharpe_ratio,
        sortino_ratio,
        value_at_risk,
        volatility,
    )
    from tael.markets.performance.sharpe import (
        DeflatedSharpe,
        autocorrelated_sharpe,
        deflated_sharpe,
        expected_best_sharpe,
        minimum_track_record,
        probabilistic_sharpe,
        sharpe_error,
    )
    from tael.markets.performance.summary import (
        Performance,
        performance,
    )

# One line a name: scipy and frames load with the first name that needs them.
_WHERE = {
    "DeflatedSharpe": "tael.markets.performance.sharpe",
    "Drawdown": "tael.markets.performance.drawdown",
    "FactorRegression": "tael.markets.performance.regression",
    "FactorTurnover": "tael.markets.performance.quantiles",
    "ICSummary": "tael.markets.performance.ic",
    "Interval": "tael.markets.performance.resampling",
    "MeanTest": "tael.markets.performance.regression",
    "Overfitting": "tael.markets.performance.overfitting",
    "Performance": "tael.markets.performance.summary",
    "Quantiles": "tael.markets.performance.quantiles",
    "Relative": "tael.markets.performance.benchmark",
    "annual_return": "tael.markets.performance.returns",
    "autocorrelated_sharpe": "tael.markets.performance.sharpe",
    "block_length": "tael.markets.performance.resampling",
    "bootstrap": "tael.markets.performance.resampling",
    "calmar_ratio": "tael.markets.performance.drawdown",
    "deflated_sharpe": "tael.markets.performance.sharpe",
    "drawdowns": "tael.markets.performance.drawdown",
    "expected_best_sharpe": "tael.markets.performance.sharpe",
    "expected_shortfall": "tael.markets.performance.returns",
    "factor_correlation": "tael.markets.performance.ic",
    "factor_regression": "tael.markets.performance.regression",
    "factor_turnover": "tael.markets.performance.quantiles",
    "forward_returns": "tael.markets.performance.ic",
    "hit_rate": "tael.markets.performance.returns",
    "ic_decay": "tael.markets.performance.ic",
    "information_coefficient": "tael.markets.performance.ic",
    "max_drawdown": "tael.markets.performance.drawdown",
    "mean_test": "tael.markets.performance.regression",
    "minimum_track_record": "tael.markets.performance.sharpe",
    "neutralise": "tael.markets.performance.ic",
    "overfitting_probability": "tael.markets.performance.overfitting",
    "performance": "tael.markets.performance.summary",
    "periods_per_year": "tael.markets.performance.returns",
    "probabilistic_sharpe": "tael.markets.performance.sharpe",
    "quantile_returns": "tael.markets.performance.quantiles",
    "read_fama_french": "tael.markets.performance.fama_french",
    "relative": "tael.markets.performance.benchmark",
    "sharpe_error": "tael.markets.performance.sharpe",
    "sharpe_ratio": "tael.markets.performance.returns",
    "sortino_ratio": "tael.markets.performance.returns",
    "summarise_ic": "tael.markets.performance.ic",
    "value_at_risk": "tael.markets.performance.returns",
    "volatility": "tael.markets.performance.returns",
}

__all__ = [
    "DeflatedSharpe",
    "Drawdown",
    "FactorRegression",
    "FactorTurnover",
    "ICSummary",
    "Interval",
    "MeanTest",
    "Overfitting",
    "Performance",
    "Quantiles",
    "Relative",
    "annual_return",
    "autocorrelated_sharpe",
    "block_length",
    "bootstrap",
    "calmar_ratio",
    "deflated_sharpe",
    "drawdowns",
    "expected_best_sharpe",
    "expected_shortfall",
    "factor_correlation",
    "factor_regression",
    "factor_turnover",
    "forward_returns",
    "hit_rate",
    "ic_decay",
    "information_coefficient",
    "max_drawdown",
    "mean_test",
    "minimum_track_record",
    "neutralise",
    "overfitting_probability",
    "performance",
    "periods_per_year",
    "probabilistic_sharpe",
    "quantile_returns",
    "read_fama_french",
    "relative",
    "sharpe_error",
    "sharpe_ratio",
    "sortino_ratio",
    "summarise_ic",
    "value_at_risk",
    "volatility",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
