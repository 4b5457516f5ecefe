"""Runs whose decision is one among options, as ``run.json`` holds them: uplift, competing risks, a recommender."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

Run = dict[str, Any]


def both(en: str, zh: str) -> dict[str, str]:
    return {"en": en, "zh": zh}


def around(value: float, half: float) -> dict[str, float]:
    return {"value": float(value), "low": float(value - half), "high": float(value + half)}


WORDS = [
    ("number of logins in the 30 days before", "此前 30 天内登录次数"),
    ("balance at the end of the month before", "上月末余额"),
    ("complaints in the 180 days before", "此前 180 天内投诉次数"),
    ("age of the customer", "客户年龄"),
    ("days since the last purchase", "距最近一次购买的天数"),
]


def _option(name: str, title: dict[str, str], n: int, probability: float | None, each: float, **more: Any) -> Run:
    return {
        "option": name, "title": title, "eligible": 2000, "n": n, "share": n / 2000, "probability": probability,
        "value": n * each, "value_each": each if n else None, "uses": {"cost": 0.0}, "formula": "0", "cost": "0",
        "where": None, "words": both("0", "0"), "where_words": None,
    } | more  # fmt: skip


def _limit(name: str, kind: str, use: float, upper: float, price: float, unit: str) -> Run:
    return {
        "constraint": name, "kind": kind, "use": use, "lower": None, "upper": upper, "slack": upper - use,
        "shadow_price": price, "unit": unit,
    }  # fmt: skip


def _curve(name: str, limit: float, value: float, slope: float) -> Run:
    factors = [0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0]
    gained = [slope * limit * (f - 1) * (1.0 if f <= 1 else 0.5) for f in factors]
    return {
        "constraint": name, "factor": factors, "limit": [f * limit for f in factors],
        "value": [None if f == 0.25 else value + g for f, g in zip(factors, gained, strict=True)],
        "shadow_price": [slope * (2 - f) for f in factors],
    }  # fmt: skip


def _rule(title: dict[str, str], worth: float, half: float, ahead: float, treated: float, cost: float) -> Run:
    return {
        "policy": title, "profit": around(worth, half), "profit_expected": around(worth * 1.1, half * 0.4),
        "profit_realised": around(worth, half), "behind": around(ahead, half * 0.7 if ahead else 0.0),
        "treated": treated, "uses": {"cost": cost}, "uses_realised": {"cost": cost},
    }  # fmt: skip


def _decision(options: list[Run], limits: list[Run], curves: list[Run], values: list[Run], **more: Any) -> Run:
    counts = {one["option"]: one["n"] for one in options}
    told = ", ".join(f"{one['n']:,} {one['title']['en']}" for one in options)
    told_zh = "，".join(f"{one['title']['zh']} {one['n']:,} 户" for one in options)
    return {
        "kind": "options",
        "currency": "CNY",
        "message": both(f"Out of time, 2,000 customers: {told}.", f"跨期测试集共 2,000 户：{told_zh}。"),
        "binding": both("2,000 customers. A limit binds.", "共 2,000 户。有限额用足。"),
        "now": both("Decided now: 30 of 400 on 2025-01-01.", "当前决策：2025-01-01 共 400 个，其中 30 个获得方案。"),
        "status": "chosen",
        "batch": 1000.0,
        "holdout": 0.05,
        "counts": counts,
        "counts_split": "out_of_time",
        "reasons": {"best": 900, "limit": 600, "nothing": 300, "rule": 60, "holdout": 100, "not_eligible": 40},
        "options": options,
        "limits": limits,
        "gap": 0.00002,
        "curves": curves,
        "values_basis": "realised",
        "values_note": None,
        "values": values,
        "economics": {
            "text": both("Worth of each option for one customer.", "每个方案对单个客户的价值。"),
            "formula": "none: 0 - 0\ncall: p_call * margin - 14",
            "parameters": [
                {"name": "margin", "value": 700, "unit": "", "title": both("margin", "margin"), "assumed": False}
            ],
        },
    } | more


CHOSEN, TODAY = both("chosen", "所选策略"), both("today's rule", "现行规则")
NOTHING = both("leave alone", "不触达")


def _base(run: Run, name: str, title: dict[str, str], question: dict[str, str], label: str) -> Run:
    """The run of an approval with everything that is about applicants taken out."""
    out = copy.deepcopy(run)
    out["scenario"] = {
        "name": name, "title": title, "question": question, "label_formula": label,
        "label_words": both("the outcome comes within 60 days", "60 天内结果发生"), "config": {"seed": 0},
    }  # fmt: skip
    for k, feature in enumerate(out["features"]):
        feature["words"] = both(*WORDS[k % len(WORDS)])
    for row in out["stability"]["features"]:
        row["words"] = both(*WORDS[0])
    for row in out["data"]["tables"]:
        row["title"] = both("a table", "一张表")
    out["data"]["leaks"] = []
    out["observations"]["entity_title"] = both("customers", "客户")
    out["observations"]["excluded"] = []
    out["metric_titles"]["roc_auc"] = both("ROC AUC", "ROC AUC")
    out["verdict"] = [
        {"code": "V01", "severity": "ok", "text": both("It holds later.", "后期表现稳定。"), "todo": both("", "")}
    ]
    out["worries"], out["limits"] = [], [both("Effects fade.", "效果会衰减。")]
    out["next_steps"] = [both("Measure again.", "再次测量。")]
    out["reproduce"] = {"command": f"tael run {name}", "config_toml": f'name = "{name}"\n', "fingerprint": "9f2c"}
    out["model"] = {"version": "3fb19c0d5e77", "n_features": 26}
    return out


def waking(run: Run) -> Run:
    """Whom to wake: two ways of contact, randomised, with places for calls."""
    out = _base(
        run, "dormant-reactivation", both("Waking dormant customers", "沉睡唤醒"),
        both("Whom does it pay to contact?", "触达哪些客户是值得的？"), 'count(reapplications, next="60d") > 0',
    )  # fmt: skip
    rng = np.random.default_rng(3)
    share = np.linspace(0, 1, 41)

    def curve(bend: float, end: float) -> dict[str, list[float]]:
        qini = end * share + bend * share * (1 - share) + rng.normal(0, 0.8, len(share)) * share * (1 - share)
        return {"share": share.tolist(), "qini": qini.tolist(), "random": (end * share).tolist()}

    def effect(arm: str, end: float, slope: float) -> Run:
        metrics = {
            who: {
                "qini": around(level, 0.08), "qini_robust": around(level / 40, 0.002),
                "uplift_at_10": around(level / 3, 0.03), "effect": around(end / 800, 0.01),
            }
            for who, level in (("model", 0.21), ("response", -0.04))
        }  # fmt: skip
        rows = []
        for k in range(10):
            told = slope * (5 - k) / 5 + 0.01
            rows.append({"part": k + 1, "rows": 160, "predicted": told, **_observed(told + rng.normal(0, 0.01))})
        return {
            "arm": arm, "rows": 1600, "metrics": metrics,
            "curve": {"model": curve(3 * end, end), "response": curve(-0.4 * end, end)}, "table": rows,
            "calibration": {"mean": around(0.001, 0.008), "slope": around(0.93, 0.3)},
        }  # fmt: skip

    out["model"] |= {
        "kind": "uplift", "title": both("uplift model", "增量模型"), "learner": "UpliftChooser", "decided": True,
        "learners": [
            {"name": name, "chosen": k < 2, "metrics": {"qini": around(q, 0.06), "qini_robust": around(q / 40, 0.002)}}
            for k, (name, q) in enumerate([("t_linear", 0.2), ("x_boosted", 0.19), ("response", -0.02)])
        ],
    }  # fmt: skip
    out["uplift"] = {
        "split": "out_of_time", "arms": ["none", "sms", "call"], "rows": {"none": 620, "sms": 980, "call": 400},
        "rates": {"none": 0.05, "sms": 0.06, "call": 0.09},
        "effects": [effect("sms", 9.0, 0.03), effect("call", 31.0, 0.09)],
        "overlap": {"lowest": 0.2, "highest": 0.5, "trimmed": 0, "estimated": False, "auc": None},
        "titles": {
            "qini": both("Qini coefficient", "Qini 系数") | {"meaning_en": "0 is random", "meaning_zh": "0 为随机"},
            "qini_robust": both("Qini area, doubly robust", "Qini 面积（双重稳健）"),
            "uplift_at_10": both("Uplift, top 10 %", "前 10% 的增量"), "effect": both("Mean effect", "平均效应"),
        },
    }  # fmt: skip
    sms, call = both("message", "短信"), both("call", "电话")
    said = both("margin times the probability", "利润乘以概率")
    out["decision"] = _decision(
        [
            _option("none", NOTHING, 900, 0.06, 42.0, formula="p_none * margin", words=said),
            _option(
                "sms", sms, 700, 0.05, 51.0, formula="p_sms * margin", cost="0.3", words=said, uses={"cost": 210.0}
            ),
            _option(
                "call", call, 400, 0.04, 77.0, formula="p_call * margin", cost="14", words=said, eligible=1800,
                uses={"cost": 5600.0}, where="reachable", where_words=both("reachable", "可联系"),
            ),
        ],
        [_limit("call", "capacity", 400, 400, 12.345, "customer"), _limit("cost", "budget", 5810, 8000, 0.0, "unit")],
        [_curve("call", 400, 104300, 12.345), _curve("cost", 8000, 104300, 0.0)],
        [
            _rule(CHOSEN, 94000, 9000, 0, 0.55, 5810),
            _rule(TODAY, 86000, 9500, 8000, 1.0, 600),
            _rule(both("leave alone for all", "全部：不触达"), 80000, 8800, 14000, 0.0, 0.0),
            _rule(both("call for all who may get it", "符合条件者全部：电话"), 85000, 9900, 9000, 0.9, 25200),
        ],
    )  # fmt: skip
    out["samples"] = [_sample("C1", name, 0.04, 0.012) for name in ("call", "none", "sms")]
    return out


def _observed(value: float) -> dict[str, float]:
    return {"observed": float(value), "low": float(value - 0.03), "high": float(value + 0.03)}


def _sample(key: str, decision: str, probability: float, size: float) -> Run:
    reasons = [
        {"feature": f"f{k}", "words": both(*WORDS[k]), "value": str(3 + k), "contribution": c * size, "typical": str(k)}
        for k, c in enumerate((1.0, 0.6, -0.3))
    ]
    return {
        "id": key, "cutoff": "2023-11-02", "probability": probability, "decision": decision, "reasons": reasons,
    }  # fmt: skip


def payoff(run: Run) -> Run:
    """Who settles early, and when: a budget that binds, and a value that no outcome can stand in for."""
    out = _base(
        run, "early-payoff", both("Early payoff", "提前清贷"),
        both("Who settles early, and when?", "谁会提前清贷，何时？"),
        'count(settlements, where=kind == "early", next="90d") > 0',
    )  # fmt: skip
    months = np.linspace(0, 12, 37)
    out["model"] |= {
        "kind": "risks", "title": both("competing risks, discrete time", "离散时间竞争风险模型"), "method": "boosted",
        "events": ["early", "written_off"],
    }  # fmt: skip

    def event(name: str, n: int, end: float, off: float) -> Run:
        seen = end * (1 - np.exp(-months / 5))
        return {
            "event": name, "n": n, "time": months.tolist(), "predicted": (seen * off).tolist(),
            "observed": seen.tolist(), "low": (seen * 0.9).tolist(), "high": (seen * 1.1).tolist(),
        }  # fmt: skip

    out["incidence"] = {
        "split": "out_of_time", "by": "90d", "unit": "month",
        "events": [event("early", 310, 0.3, 1.03), event("written_off", 60, 0.06, 1.3)],
    }  # fmt: skip
    cut = both("rate cut", "降息挽留")
    out["decision"] = _decision(
        [
            _option("none", both("no offer", "不干预"), 1500, 0.05, 0.0),
            _option("rate_cut", cut, 500, 0.31, 88.0, formula="kept * p_early", uses={"cost": 12000.0}, cost="24"),
        ],
        [_limit("cost", "budget", 12000, 12000, 3.2, "CNY")],
        [_curve("cost", 12000, 44000, 3.2)],
        [
            _rule(CHOSEN, 44000, 3000, 0, 0.25, 12000) | {"profit_realised": None},
            _rule(TODAY, 0, 0, 44000, 0.0, 0.0) | {"profit_realised": None},
        ],
        values_basis="expected",
        values_note=both("What came of months_kept is not observed.", "months_kept 没有可观测的结果。"),
        holdout=0.0,
    )
    out["samples"] = [_sample("L7", name, 0.2, 0.8) for name in ("rate_cut", "none")]
    return out


def offers(run: Run) -> Run:
    """Which product to offer: a recommender, no limit at all, challengers that stand beside."""
    out = _base(
        run, "product-recommendation", both("Product recommendation", "产品推荐"),
        both("Which product next?", "接下来推荐哪种产品？"), 'first(purchases.product, next="90d")',
    )  # fmt: skip
    names = ["fund", "gold"]
    out["model"] |= {
        "kind": "recommender", "title": both("recommender: a model a product", "推荐模型：每个产品一个模型"),
        "products": names, "takers": [420, 80],
    }  # fmt: skip

    def table(level: float) -> list[Run]:
        return [
            {"product": product, "rows": n, "metric": metric, "k": 3, **around(level * by, 0.03)}
            for metric, by in (("mrr", 1.0), ("hit", 1.2), ("ndcg", 0.9))
            for product, n in (("all", 300), ("mean of products", 300), ("fund", 240), ("gold", 60))
        ]

    out["ranking"] = {
        "split": "out_of_time", "k": 3, "takers": 300, "rows": 2000,
        "models": {"model": table(0.61), "popularity": table(0.48), "item_to_item": table(0.52)},
    }  # fmt: skip
    out["challengers"] = {"scorecard": copy.deepcopy(out["reference_metrics"])}
    out["decision"] = _decision(
        [
            _option("none", both("no offer", "不推荐"), 1100, 0.02, 0.0),
            _option("fund", both("fund", "基金"), 700, 0.2, 31.0, formula="p_fund * 120"),
            _option("gold", both("gold", "黄金"), 200, 0.07, 22.0, formula="p_gold * 300"),
        ],
        [],
        [],
        [
            _rule(CHOSEN, 25000, 1500, 0, 0.45, 0.0),
            _rule(both("no offer for all", "全部：不推荐"), 0, 0, 25000, 0.0, 0.0),
        ],
        batch=None,
    )
    out["samples"] = [_sample("K9", name, 0.2, 0.5) for name in ("fund", "gold", "none")]
    return out


KINDS = {"uplift": waking, "risks": payoff, "recommender": offers}
