"""How good a model is, how sure that is, and what gives it away: metrics, splits, stability, leaks, verdict."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tael.validation.calibration import (
        CalibrationFit,
        calibration_fit,
        calibration_table,
        expected_calibration_error,
        wilson,
    )
    from tael.validation.curves import gains_table, ks_curve, pr_curve, roc_curve
    from tael.validation.date_leaks import dates_after_cutoff
    from tael.validation.definitions import BadDefinitions, bad_definitions
    from tael.validation.delinquency import delinquency_events, delinquency_panel
    from tael.validation.fairness import Fairness, fairness_report
    from tael.validation.findings import Verdict
    from tael.validation.jurisdictions import JURISDICTIONS, Jurisdiction
    from tael.validation.key_leaks import key_carries_label
    from tael.validation.kin_leaks import kin_of_leaks
    from tael.validation.leak_scan import scan_table
    from tael.validation.leaks import Finding, scan_columns, shared_entities
    from tael.validation.metrics import (
        METRICS,
        Metric,
        MetricSpec,
        evaluate,
        evaluate_difference,
        metric,
        register_metric,
    )
    from tael.validation.pair_leaks import pairs_carry_label
    from tael.validation.proxies import Proxies, find_proxies
    from tael.validation.purged import PurgedKFold
    from tael.validation.purged_paths import CombinatorialPurgedCV
    from tael.validation.purged_sealed import Opening, Sealed
    from tael.validation.purged_walk import WalkForward
    from tael.validation.robustness import Robustness, noise_robustness
    from tael.validation.segments import PerformanceBy, performance_by
    from tael.validation.splits import Split, three_way
    from tael.validation.splitters import GroupedStratifiedKFold, OutOfTimeSplit, TimeOrderedKFold
    from tael.validation.stability import Stability, critical_psi, csi, psi
    from tael.validation.sum_leaks import sums_of_leaks
    from tael.validation.trail_leaks import trail_of_leaks
    from tael.validation.transitions import RollRates, roll_rates
    from tael.validation.uplift_metrics import (
        UPLIFT_METRICS,
        UpliftDraws,
        evaluate_uplift,
        qini_coefficient,
        qini_curve,
        uplift_difference,
        uplift_draws,
    )
    from tael.validation.uplift_observed import plain_effects, top_share, uplift_calibration, uplift_table
    from tael.validation.uplift_policy import (
        PolicyValue,
        policy_values,
        treat_where,
    )
    from tael.validation.verdict import judge
    from tael.validation.vintages import Vintages, vintage_curves
    from tael.validation.words import Words

_WHERE = {
    "Fairness": "tael.validation.fairness",
    "fairness_report": "tael.validation.fairness",
    "Proxies": "tael.validation.proxies",
    "find_proxies": "tael.validation.proxies",
    "JURISDICTIONS": "tael.validation.jurisdictions",
    "Jurisdiction": "tael.validation.jurisdictions",
    "BadDefinitions": "tael.validation.definitions",
    "bad_definitions": "tael.validation.definitions",
    "delinquency_events": "tael.validation.delinquency",
    "delinquency_panel": "tael.validation.delinquency",
    "PurgedKFold": "tael.validation.purged",
    "CombinatorialPurgedCV": "tael.validation.purged_paths",
    "Opening": "tael.validation.purged_sealed",
    "Sealed": "tael.validation.purged_sealed",
    "WalkForward": "tael.validation.purged_walk",
    "Robustness": "tael.validation.robustness",
    "noise_robustness": "tael.validation.robustness",
    "RollRates": "tael.validation.transitions",
    "roll_rates": "tael.validation.transitions",
    "PerformanceBy": "tael.validation.segments",
    "performance_by": "tael.validation.segments",
    "Vintages": "tael.validation.vintages",
    "vintage_curves": "tael.validation.vintages",
    "CalibrationFit": "tael.validation.calibration",
    "calibration_fit": "tael.validation.calibration",
    "calibration_table": "tael.validation.calibration",
    "expected_calibration_error": "tael.validation.calibration",
    "wilson": "tael.validation.calibration",
    "gains_table": "tael.validation.curves",
    "ks_curve": "tael.validation.curves",
    "pr_curve": "tael.validation.curves",
    "roc_curve": "tael.validation.curves",
    "Finding": "tael.validation.leaks",
    "key_carries_label": "tael.validation.key_leaks",
    "pairs_carry_label": "tael.validation.pair_leaks",
    "sums_of_leaks": "tael.validation.sum_leaks",
    "dates_after_cutoff": "tael.validation.date_leaks",
    "trail_of_leaks": "tael.validation.trail_leaks",
    "kin_of_leaks": "tael.validation.kin_leaks",
    "scan_table": "tael.validation.leak_scan",
    "scan_columns": "tael.validation.leaks",
    "shared_entities": "tael.validation.leaks",
    "METRICS": "tael.validation.metrics",
    "Metric": "tael.validation.metrics",
    "MetricSpec": "tael.validation.metrics",
    "evaluate": "tael.validation.metrics",
    "evaluate_difference": "tael.validation.metrics",
    "metric": "tael.validation.metrics",
    "register_metric": "tael.validation.metrics",
    "GroupedStratifiedKFold": "tael.validation.splitters",
    "OutOfTimeSplit": "tael.validation.splitters",
    "TimeOrderedKFold": "tael.validation.splitters",
    "Stability": "tael.validation.stability",
    "critical_psi": "tael.validation.stability",
    "csi": "tael.validation.stability",
    "psi": "tael.validation.stability",
    "Split": "tael.validation.splits",
    "three_way": "tael.validation.splits",
    "UPLIFT_METRICS": "tael.validation.uplift_metrics",
    "evaluate_uplift": "tael.validation.uplift_metrics",
    "plain_effects": "tael.validation.uplift_observed",
    "qini_coefficient": "tael.validation.uplift_metrics",
    "qini_curve": "tael.validation.uplift_metrics",
    "top_share": "tael.validation.uplift_observed",
    "uplift_calibration": "tael.validation.uplift_observed",
    "UpliftDraws": "tael.validation.uplift_metrics",
    "uplift_draws": "tael.validation.uplift_metrics",
    "uplift_difference": "tael.validation.uplift_metrics",
    "uplift_table": "tael.validation.uplift_observed",
    "PolicyValue": "tael.validation.uplift_policy",
    "policy_values": "tael.validation.uplift_policy",
    "treat_where": "tael.validation.uplift_policy",
    "Verdict": "tael.validation.findings",
    "judge": "tael.validation.verdict",
    "Words": "tael.validation.words",
}

__all__ = [
    "JURISDICTIONS",
    "METRICS",
    "UPLIFT_METRICS",
    "BadDefinitions",
    "CalibrationFit",
    "CombinatorialPurgedCV",
    "Fairness",
    "Finding",
    "GroupedStratifiedKFold",
    "Jurisdiction",
    "Metric",
    "MetricSpec",
    "Opening",
    "OutOfTimeSplit",
    "PerformanceBy",
    "PolicyValue",
    "Proxies",
    "PurgedKFold",
    "Robustness",
    "RollRates",
    "Sealed",
    "Split",
    "Stability",
    "TimeOrderedKFold",
    "UpliftDraws",
    "Verdict",
    "Vintages",
    "WalkForward",
    "Words",
    "bad_definitions",
    "calibration_fit",
    "calibration_table",
    "critical_psi",
    "csi",
    "dates_after_cutoff",
    "delinquency_events",
    "delinquency_panel",
    "evaluate",
    "evaluate_difference",
    "evaluate_uplift",
    "expected_calibration_error",
    "fairness_report",
    "find_proxies",
    "gains_table",
    "judge",
    "key_carries_label",
    "kin_of_leaks",
    "ks_curve",
    "metric",
    "noise_robustness",
    "pairs_carry_label",
    "performance_by",
    "plain_effects",
    "policy_values",
    "pr_curve",
    "psi",
    "qini_coefficient",
    "qini_curve",
    "register_metric",
    "roc_curve",
    "roll_rates",
    "scan_columns",
    "scan_table",
    "shared_entities",
    "sums_of_leaks",
    "three_way",
    "top_share",
    "trail_of_leaks",
    "treat_where",
    "uplift_calibration",
    "uplift_difference",
    "uplift_draws",
    "uplift_table",
    "vintage_curves",
    "wilson",
]


def __getattr__(name: str) -> Any:
    # scikit-learn and polars are imported by the first name that needs them, not by the package
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)
