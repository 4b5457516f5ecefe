"""A run as ``run.json`` holds it, made from a seeded simulation so that its curves look like curves."""

from __future__ import annotations

import copy
import importlib.util
import os
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "browser: opens the report in headless Chromium")


def both(en: str, zh: str) -> dict[str, str]:
    return {"en": en, "zh": zh}


def around(value: float, half: float) -> dict[str, float]:
    return {"value": float(value), "low": float(value - half), "high": float(value + half)}


def auc_of(score: np.ndarray, bad: np.ndarray) -> float:
    ranks = np.empty(len(score))
    ranks[np.argsort(score)] = np.arange(1, len(score) + 1)
    n_bad = bad.sum()
    return float((ranks[bad].sum() - n_bad * (n_bad + 1) / 2) / (n_bad * (len(bad) - n_bad)))


def curves_of(p: np.ndarray, bad: np.ndarray) -> dict[str, Any]:
    order = np.argsort(-p)
    caught = np.cumsum(bad[order])
    wrong = np.cumsum(~bad[order])
    keep = np.linspace(0, len(p) - 1, 400).astype(int)
    safest = np.argsort(p)
    bins = []
    for part in np.array_split(safest, 10):
        rate, n = float(bad[part].mean()), len(part)
        half = 1.96 * np.sqrt(max(rate * (1 - rate), 1e-4) / n)
        bins.append(
            {
                "n": n,
                "predicted": float(p[part].mean()),
                "observed": rate,
                "low": max(rate - half, 0.0),
                "high": rate + half,
            }
        )
    gains = []
    for depth in np.arange(0.1, 1.01, 0.1):
        captured = float(caught[int(depth * len(p)) - 1] / bad.sum())
        gains.append({"depth": float(depth), "captured": captured, "lift": captured / float(depth)})
    return {
        "roc": {"x": (wrong / (~bad).sum())[keep].tolist(), "y": (caught / bad.sum())[keep].tolist()},
        "pr": {"x": (caught / bad.sum())[keep].tolist(), "y": (caught / np.arange(1, len(p) + 1))[keep].tolist()},
        "ks": {
            "x": ((keep + 1) / len(p)).tolist(),
            "good": (np.cumsum(~bad[safest]) / (~bad).sum())[keep].tolist(),
            "bad": (np.cumsum(bad[safest]) / bad.sum())[keep].tolist(),
        },
        "calibration": bins,
        "gains": gains,
    }


def metrics_of(auc: float, half: float, ks: float | None = None) -> dict[str, Any]:
    return {
        "roc_auc": around(auc, half),
        "gini": around(2 * auc - 1, 2 * half),
        "ks": around(1.45 * (auc - 0.5) if ks is None else ks, half * 1.5),
        "pr_auc": around(auc - 0.45, half * 1.4),
        "log_loss": around(0.62 - 0.4 * auc, half / 2),
        "brier": around(0.17 - 0.1 * auc, half / 3),
    }


WORDS = [
    ("number of instalments paid late in the 180 days before", "此前 180 天内逾期还款的期数"),
    (
        "largest share of the monthly income that went to other lenders in the 90 days before",
        "此前 90 天内流向其他贷款机构的收入占比最大值",
    ),
    ("number of other applicants who used the same device", "使用同一设备的其他申请人数"),
    ("days since the last salary was received", "距最近一次工资到账的天数"),
    ("standard deviation of daily balances in the 60 days before", "此前 60 天日余额的标准差"),
    ("share of app events between midnight and five in the 30 days before", "此前 30 天内零点至五点的应用行为占比"),
    ("number of enquiries by other lenders in the 30 days before", "此前 30 天内其他机构查询次数"),
    ("amount applied for, over the mean monthly inflow", "申请金额与月均流入之比"),
    ("age of the applicant", "申请人年龄"),
]


def _features(rng: np.random.Generator, base: float) -> list[dict[str, Any]]:
    found, gains = [], 1.0 / np.arange(1, 27) ** 0.9
    for k, gain in enumerate(gains):
        en, zh = WORDS[k % len(WORDS)]
        slope = rng.uniform(-1, 1.8)
        shape = []
        for b in range(6):
            rate = float(np.clip(base * np.exp(slope * (b - 2.5) / 3 + rng.normal(0, 0.05)), 0.01, 0.9))
            shape.append(
                {
                    "label": f"{b * 2} to {b * 2 + 2}",
                    "low": b * 2.0,
                    "high": b * 2.0 + 2,
                    "n": int(rng.integers(900, 3000)),
                    "rate": rate,
                    "mean_contribution": float(np.log(rate / base)),
                }
            )
        if k % 3 == 0:
            shape.append(
                {"label": "missing", "low": None, "high": None, "n": 420, "rate": base * 1.3, "mean_contribution": 0.2}
            )
        found.append(
            {
                "name": f"feature_{k}",
                "formula": f'count(instalments, where=days_late > {k}, last="180d")',
                "words": both(en, zh),
                "gain": float(1000 * gain),
                "share": float(gain / gains.sum()),
                "stability": float(rng.uniform(0.6, 0.99)),
                "coverage": float(rng.uniform(0.7, 1)),
                "shape": shape,
            }
        )
    return found


def simulated_run() -> dict[str, Any]:
    """Eight thousand applicants after the cut in time, six thousand before, with a model of AUC about 0.75."""
    rng = np.random.default_rng(7)

    def part(n: int, drift: float) -> tuple[np.ndarray, np.ndarray]:
        logit = rng.normal(-2.35 + drift, 0.95, n)
        p = 1 / (1 + np.exp(-logit))
        return p, rng.random(n) < p

    (p_v, y_v), (p_t, y_t) = part(6000, 0.0), part(8000, 0.08)
    of = {"validation": curves_of(p_v, y_v), "out_of_time": curves_of(p_t, y_t)}
    auc = {"train": 0.802, "validation": auc_of(p_v, y_v), "out_of_time": auc_of(p_t, y_t)}
    ks = {s: max(b - g for g, b in zip(c["ks"]["bad"], c["ks"]["good"], strict=True)) for s, c in of.items()}
    base = float(np.mean(np.r_[y_v, y_t]))
    order = np.argsort(p_t)
    count = np.arange(1, len(order) + 1)
    each = (1 - p_t[order]) * 1450 - p_t[order] * 9300 - 60
    profit, expected, observed = np.cumsum(each), np.cumsum(p_t[order]) / count, np.cumsum(y_t[order]) / count
    keep = np.unique(np.linspace(39, len(order) - 1, 240).astype(int))
    half = 1.96 * np.sqrt(expected * (1 - expected) / count)
    money_half = 1.96 * np.sqrt(np.cumsum(p_t[order] * (1 - p_t[order]))) * 9300
    marginal = [float(p_t[order][max(0, k - 60) : k + 60].mean()) for k in keep]
    best = int(np.searchsorted(expected[keep], 0.08)) - 1
    cutoff = float(p_t[order][keep[best]])
    approve = int((p_t < cutoff - 0.02).sum())
    refer = int(((p_t >= cutoff - 0.02) & (p_t < cutoff + 0.02)).sum())
    curve = {
        "threshold": p_t[order][keep].tolist(),
        "approval": (count[keep] / len(order)).tolist(),
        "bad_rate": expected[keep].tolist(),
        "bad_rate_low": (expected - half)[keep].tolist(),
        "bad_rate_high": (expected + half)[keep].tolist(),
        "observed_bad_rate": observed[keep].tolist(),
        "marginal_bad_rate": marginal,
        "profit": profit[keep].tolist(),
        "profit_low": (profit - money_half)[keep].tolist(),
        "profit_high": (profit + money_half)[keep].tolist(),
    }
    edges = np.linspace(0, 0.8, 41)
    periods = []
    for k in range(24):
        n = int(rng.normal(1150 + 15 * k, 60))
        labelled = n if k < 22 else n // 3 if k == 22 else 0
        bad = int(labelled * (0.105 + 0.012 * np.sin(k / 2) + 0.0008 * k))
        periods.append(
            {
                "period": f"{2022 + k // 12}-{k % 12 + 1:02d}",
                "n": n,
                "labelled": labelled,
                "bad": bad,
                "rate": bad / labelled if labelled else None,
            }
        )
    features = _features(rng, base)
    at = keep[best]

    def policy(en: str, zh: str, k: int) -> dict[str, Any]:
        return {
            "policy": both(en, zh),
            "profit": around(profit[k], money_half[k]),
            "approval": float(count[k] / len(order)),
            "bad_rate": float(observed[k]),
        }

    def sample(name: str, p: float, decision: str, sign: float) -> dict[str, Any]:
        reasons = [
            {
                "feature": f["name"],
                "words": f["words"],
                "value": str(3 + k),
                "contribution": float(c),
                "typical": str(k),
            }
            for k, (f, c) in enumerate(zip(features, np.array([0.82, 0.44, -0.21, 0.17, -0.09]) * sign, strict=False))
        ]
        return {"id": name, "cutoff": "2023-11-02", "probability": p, "decision": decision, "reasons": reasons}

    title = {
        "roc_auc": both("ROC AUC", "ROC AUC"),
        "gini": both("Gini", "基尼系数"),
        "ks": both("KS", "KS"),
        "pr_auc": both("PR AUC", "PR AUC"),
        "log_loss": both("Log loss", "对数损失"),
        "brier": both("Brier score", "布里尔分数"),
    }
    meaning = both("chance that a bad case scores worse than a good one", "随机一个坏客户得分差于好客户的概率")
    titles = {
        k: {**v, "meaning_en": meaning["en"], "meaning_zh": meaning["zh"]} if k == "roc_auc" else v
        for k, v in title.items()
    }
    return {
        "format": 1,
        "tael": {
            "version": "0.1.0",
            "python": "3.11.7",
            "libraries": {"numpy": "2.4.6", "lightgbm": "4.7.0", "polars": "2.1.0"},
        },
        "scenario": {
            "name": "credit-approval",
            "title": both("Credit approval", "是否授信"),
            "question": both("Who will default on the loan, and whom should we approve?", "谁会违约，应当向谁授信？"),
            "label_formula": 'max(instalments.days_late, next="180d") >= 60',
            "label_words": both(
                "60 days late or more within 180 days of the application", "申请后 180 天内逾期达到 60 天"
            ),
            "config": {"seed": 0},
        },
        "simulated": True,
        "started": "2026-11-23T08:00:00Z",
        "seed": 0,
        "cost": {
            "wall_seconds": {
                "tables": 1.2,
                "observations": 0.6,
                "features": 17.9,
                "model": 9.1,
                "decision": 0.4,
                "report": 0.2,
            },
            "cpu_seconds": 51.2,
            "peak_memory_mb": 1140,
        },
        "data": {
            "fingerprint": "9f2c1be07d5a44e2a1c7705be8f1f0d9c8b3a6e25f4d1908b7c6a5e4d3c2b1a0",
            "tables": [
                {"name": n, "title": both(en, zh), "rows": r, "columns": c, "first": f, "last": t, "missing_share": m}
                for n, en, zh, r, c, f, t, m in [
                    ("customers", "Applicants and their household", "申请人及家庭", 20000, 14, None, None, 0.021),
                    ("applications", "Loan applications", "贷款申请", 27814, 9, "2022-01-01", "2023-12-31", 0.004),
                    ("transactions", "Bank transactions", "银行流水", 1612907, 7, "2021-06-01", "2023-12-31", 0.013),
                    ("app_events", "Events in the app", "应用行为", 388420, 5, "2021-09-11", "2023-12-31", 0.081),
                    (
                        "instalments",
                        "Instalments due and paid",
                        "应还与实还",
                        141033,
                        8,
                        "2021-03-02",
                        "2024-03-30",
                        0.0,
                    ),
                ]
            ],
            "violations": [
                {
                    "code": "TAEL-T03",
                    "severity": "warning",
                    "table": "transactions",
                    "column": "amount",
                    "count": 214,
                    "message": both("Amounts outside the stated bounds.", "金额超出声明的范围。"),
                    "examples": ["-99999", "1e12"],
                },
            ],
            "leaks": [
                {
                    "code": "TAEL-L02",
                    "column": "applications.closed_at",
                    "strength": 0.97,
                    "message": both("Filled only after the outcome; it was left out.", "仅在结果之后才有值，已剔除。"),
                }
            ],
        },
        "observations": {
            "entity": "applications",
            "entity_title": both("loan applications", "贷款申请"),
            "cutoff": "applied",
            "n": sum(p["n"] for p in periods),
            "n_labelled": sum(p["labelled"] for p in periods),
            "n_pending": sum(p["n"] - p["labelled"] for p in periods),
            "excluded": [
                {"reason": both("staff loans", "员工贷款"), "n": 312},
                {"reason": both("test accounts", "测试账户"), "n": 18},
            ],
            "base_rate": base,
            "by_period": periods,
        },
        "split": {
            "kind": "out-of-time",
            "text": both(
                "The last six labelled months are held back; nothing was chosen on them.",
                "最后六个有标签的月份留作检验，未参与任何选择。",
            ),
            "parts": {
                "train": {"n": 13100, "bad": 1420, "first": "2022-01-01", "last": "2023-01-31"},
                "validation": {"n": 6000, "bad": int(y_v.sum()), "first": "2023-02-01", "last": "2023-05-31"},
                "out_of_time": {"n": 8000, "bad": int(y_t.sum()), "first": "2023-06-01", "last": "2023-10-31"},
            },
        },
        "features": features,
        "search": {
            "candidates": 4210,
            "kept": 26,
            "dropped": {"constant": 310, "duplicate": 744, "no gain": 2890, "redundant": 240},
            "forecast_mb": 184,
            "seconds": 17.9,
        },
        "model": {
            "version": "3fb19c0d5e77",
            "n_features": 26,
            "calibration": {"intercept": -0.04, "slope": 1.03},
            "members": [
                {"name": "lightgbm, shallow", "weight": 0.41, "auc": 0.741, "log_loss": 0.3121},
                {"name": "lightgbm, deep", "weight": 0.23, "auc": 0.735, "log_loss": 0.3159},
                {"name": "logistic, ridge", "weight": 0.36, "auc": 0.728, "log_loss": 0.3180},
            ],
        },
        "metrics": {
            split: metrics_of(value, 0.008 if split == "train" else 0.016, ks.get(split))
            for split, value in auc.items()
        },
        "reference_metrics": {split: metrics_of(value - 0.034, 0.017) for split, value in auc.items()},
        "metric_titles": titles,
        "verdict": [
            {
                "code": "TAEL-V01",
                "severity": "ok",
                "text": both(
                    "Train and later months differ by less than their intervals allow.",
                    "训练集与之后月份的差异在区间允许范围之内。",
                ),
                "todo": both("", ""),
            },
            {
                "code": "TAEL-V03",
                "severity": "warning",
                "text": both("The bad rate drifts upwards over the last months.", "最近数月坏样本率呈上升趋势。"),
                "todo": both("Look again at the cut-off each month.", "每月复核分数线。"),
            },
            {
                "code": "TAEL-V07",
                "severity": "error",
                "text": both("A column was filled only after the outcome.", "有一列仅在结果之后才填写。"),
                "todo": both(
                    "It was left out; ask its owner when it is written.", "已剔除；请向数据负责人确认其写入时间。"
                ),
            },
        ],
        "curves": {
            "roc": {s: c["roc"] for s, c in of.items()},
            "pr": {s: c["pr"] for s, c in of.items()},
            "ks": {"out_of_time": of["out_of_time"]["ks"]},
            "calibration": {s: c["calibration"] for s, c in of.items()},
            "gains": {"out_of_time": of["out_of_time"]["gains"]},
            "score_histogram": {
                "edges": edges.tolist(),
                "good": np.histogram(p_t[~y_t], edges)[0].tolist(),
                "bad": np.histogram(p_t[y_t], edges)[0].tolist(),
            },
        },
        "stability": {
            "score": {
                "psi": 0.021,
                "threshold": 0.1,
                "adjusted_threshold": 0.013,
                "verdict": both(
                    "The score moved a little more than chance, far below what calls for action.",
                    "评分变动略超偶然水平，远低于需要处理的程度。",
                ),
            },
            "features": [
                {"name": f["name"], "words": f["words"], "psi": float(0.27 / (k + 1)), "adjusted_threshold": 0.012}
                for k, f in enumerate(features)
            ],
        },
        "decision": {
            "kind": "approval",
            "currency": "CNY",
            "message": both(
                f"Approve {approve:,} of 8,000 applicants below a default probability of "
                f"{100 * cutoff:.1f} %; refer {refer:,} to a person.",
                f"8,000 位申请人中，违约概率低于 {100 * cutoff:.1f}% 的 {approve:,} 位予以批准，{refer:,} 位转人工。",
            ),
            "cutoff": cutoff,
            "refer": [cutoff - 0.02, cutoff + 0.02],
            "limits": {"max_bad_rate": 0.08},
            "counts": {"approve": approve, "refer": refer, "decline": 8000 - approve - refer},
            "counts_split": "out_of_time",
            "curve": curve,
            "values": [
                policy("chosen cut-off", "选定的分数线", at),
                policy("today's rule", "现行规则", 5200),
                policy("approve all", "全部批准", len(order) - 1),
            ],
            "swap_set": {
                "both_approve": {"n": 4310, "bad_rate": 0.058},
                "swap_in": {"n": 1240, "bad_rate": 0.071},
                "swap_out": {"n": 905, "bad_rate": 0.183},
                "both_decline": {"n": 1545, "bad_rate": 0.262},
            },
            "economics": {
                "text": both(
                    "Profit per applicant over the life of the loan, before tax.",
                    "单个申请人在贷款存续期内的税前利润。",
                ),
                "formula": "(1 - pd) * margin - pd * lgd * ead - cost",
                "parameters": [
                    {
                        "name": "margin",
                        "value": 1450,
                        "unit": both("CNY per loan", "元/笔"),
                        "title": both("Interest margin after funding", "扣除资金成本后的息差"),
                    },
                    {
                        "name": "lgd",
                        "value": 0.62,
                        "unit": both("share of exposure", "占敞口比例"),
                        "title": both("Loss given default", "违约损失率"),
                    },
                    {
                        "name": "ead",
                        "value": 15000,
                        "unit": both("CNY", "元"),
                        "title": both("Exposure at default", "违约敞口"),
                    },
                    {
                        "name": "cost",
                        "value": 60,
                        "unit": both("CNY per application", "元/申请"),
                        "title": both("Cost of handling", "处理成本"),
                    },
                ],
            },
        },
        "samples": [
            sample("A000123", 0.041, "approve", -1.0),
            sample("A004711", 0.142, "refer", 0.5),
            sample("A009876", 0.412, "decline", 1.6),
        ],
        "worries": [
            both("The bad rate has risen in four of the last six months.", "最近六个月中有四个月坏样本率上升。"),
            both("Two features moved more than chance explains.", "有两个特征的变动超出偶然范围。"),
        ],
        "limits": [
            both(
                "Declined applicants have no outcome: the model knows only those who were lent to.",
                "被拒客户没有结果：模型只了解曾获贷款者。",
            ),
            both("Exposure and loss are assumed, not modelled.", "敞口与损失为假设值，未建模。"),
        ],
        "next_steps": [
            both("Run beside today's rule for a month.", "与现行规则并行运行一个月。"),
            both("Model the loss given default.", "对违约损失率建模。"),
        ],
        "reproduce": {
            "command": "tael run credit-approval --seed 0",
            "config_toml": 'name = "credit-approval"\nseed = 0\n\n[decision]\nmax_bad_rate = 0.08\n',
            "fingerprint": "9f2c1be07d5a",
        },
    }


_RUN = simulated_run()


@pytest.fixture
def run() -> dict[str, Any]:
    """A whole run, the test's own copy."""
    return copy.deepcopy(_RUN)


def _beside(name: str) -> ModuleType:
    """A module of this folder: tests are no package."""
    spec = importlib.util.spec_from_file_location(f"tael_tests_reports_{name}", Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_OPTION_RUNS = {kind: made(_RUN) for kind, made in _beside("option_runs").KINDS.items()}


@pytest.fixture
def option_runs() -> dict[str, dict[str, Any]]:
    """Whole runs whose decision is one among options, by the kind of model."""
    return copy.deepcopy(_OPTION_RUNS)


@pytest.fixture(params=sorted(_OPTION_RUNS))
def option_run(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Each of them."""
    return copy.deepcopy(_OPTION_RUNS[request.param])


@pytest.fixture
def chromium() -> str:
    """Path of a Chromium. Without one the test is skipped, except in CI, where it fails."""
    import shutil

    found: Callable[[str], str | None] = shutil.which
    path = os.environ.get("CHROMIUM") or next(
        (p for n in ("chromium", "chromium-browser", "google-chrome") if (p := found(n))), None
    )
    if path is None:
        reason = "No Chromium on this machine (Debian: apt-get install chromium)."
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return path
