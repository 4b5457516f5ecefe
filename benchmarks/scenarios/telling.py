"""The measurements of `bench_scenarios.py` as Markdown."""

from __future__ import annotations

import re
from typing import Any

Line = dict[str, Any]
MOST = 160


def tables_of(lines: list[Line]) -> dict[str, str]:
    """A table each: probabilities, decisions, effects, rankings; of one that nobody is in an empty text."""
    return {
        "auc": _auc([line for line in lines if "auc" in line or "refused" in line]),
        "decisions": _decisions([line for line in lines if "decision" in line]),
        "uplift": _uplift([line for line in lines if "uplift" in line]),
        "ranking": _ranking([line for line in lines if "ranking" in line]),
    }


def placed(page: str, tables: dict[str, str]) -> str:
    """The page with each table put between ``<!-- table: NAME -->`` and ``<!-- end -->``."""

    def put(found: re.Match[str]) -> str:
        shown = tables.get(found[1]) or found[2].strip()
        return f"<!-- table: {found[1]} -->\n{shown}\n<!-- end -->"

    return re.sub(r"<!-- table: (\w+) -->(.*?)<!-- end -->", put, page, flags=re.DOTALL)


def _grid(head: list[str], rows: list[list[str]]) -> str:
    if not rows:
        return ""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "/") for cell in row) + " |" for row in lines)


def _figure(value: Line | None, digits: int = 3, *, sign: bool = False) -> str:
    """A value with its interval; nothing where it is not defined."""
    if not value or value.get("value") is None:
        return ""
    form = f"{{:{'+' if sign else ''}.{digits}f}}"
    text = form.format(value["value"])
    if value.get("low") is None or value.get("high") is None:
        return text
    return f"{text} ({form.format(value['low'])} to {form.format(value['high'])})"


def _auc(lines: list[Line]) -> str:
    rows = []
    for line in lines:
        counted = line.get("rows", {})
        where = f"{counted.get('train', 0):,} / {counted.get('out_of_time', 0):,} ({line.get('events', 0):,})"
        kind = {"out_of_time": "later rows", "random": "random"}.get(line.get("split", ""), "")
        first = [line["set"], line["scenario"], f"{where}, {kind}"]
        if "refused" in line:
            told = line["refused"].splitlines()[0][:MOST]
            rows.append([*first, "tael", f"refused: {told}", "", f"{line['cpu_s']}"])
        for row in line.get("auc", ()):
            cpu = line["cpu_s"] if row["who"] == "tael" else row.get("cpu_s", "")
            rows.append([*first, row["who"], _figure(row), _figure(row.get("lead"), sign=True), f"{cpu}"])
    head = ["set", "scenario", "rows train / holdout (events)", "who", "AUC", "tael's lead", "CPU s"]
    return _grid(head, rows)


def _decisions(lines: list[Line]) -> str:
    rows = []
    for line in lines:
        told = line["decision"]
        for rule in told["rules"]:
            rows.append(
                [
                    line["set"],
                    str(rule["rule"]),
                    *(_money(rule, name, told) for name in ("profit_expected", "profit_realised", "behind")),
                ]
            )
    return _grid(["set", "rule", "worth as expected", "worth as it came", "chosen less this"], rows)


def _money(rule: Line, name: str, told: Line) -> str:
    value = rule.get(name)
    if value is None:
        return ""
    if isinstance(value, dict):
        if value.get("value") is None:
            return ""
        text = f"{value['value']:,.0f}"
        if value.get("low") is not None:
            text += f" ({value['low']:,.0f} to {value['high']:,.0f})"
        return f"{text} {told['currency']}"
    return f"{value:,.0f} {told['currency']}"


def _uplift(lines: list[Line]) -> str:
    rows = []
    for line in lines:
        for one in line["uplift"]:
            for who in ("model", "response"):
                if who in one:
                    metrics = one[who]
                    names = ("qini", "auuc", "uplift_at_30")
                    rows.append([line["set"], one["arm"], who, *(_figure(metrics.get(name), 4) for name in names)])
    return _grid(["set", "arm", "ranked by", "Qini", "AUUC", "uplift of the best 30 %"], rows)


def _ranking(lines: list[Line]) -> str:
    """A row a product, whoever ranked side by side; intervals where all products are taken together."""
    rows, who = [], []
    for line in lines:
        of: dict[str, dict[str, dict[str, Line]]] = {}
        who = list(line["ranking"])
        for name, measured in line["ranking"].items():
            for row in measured:
                of.setdefault(row["product"], {}).setdefault(name, {})[row["metric"]] = row
        for product, found in of.items():
            together = product in ("all", "mean of products")
            cells = [_short(found[name].get(metric), together) for name in who for metric in ("mrr", "hit")]
            rows.append([product, f"{found[who[0]]['mrr']['rows']:,}", *cells])
    return _grid(["product", "taken", *(f"{name}: {metric}" for name in who for metric in ("MRR", "hit at 3"))], rows)


def _short(value: Line | None, interval: bool) -> str:
    return _figure(value if interval or value is None else {"value": value.get("value")})
