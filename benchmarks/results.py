"""Results of the benchmarks: one JSON line for each measurement, and tables of the latest of each.

    python benchmarks/results.py                       # all tables, as Markdown
    python benchmarks/results.py relational --since 2026-11-23
    python benchmarks/results.py --into docs/benchmarks.md   # put each table between its marks on a page
    python benchmarks/results.py --derived             # which of an analyst's quantities tael's search found

A later line for the same (table, set, features of) takes the place of an earlier one, so one contender can be measured
again and stand beside the others' earlier lines. A line carries when, on which machine and versions it was measured.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import textwrap
import time
from importlib import metadata
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
FILE = HERE / "results" / "results.jsonl"
Line = dict[str, Any]
ORDER = ("parents", "featuretools", "getml", "openfe", "autofeat", "hand", "tael")

COLUMNS = {
    "relational": ("AUC", "fold sd", "log loss", "features", "CPU s", "wall s", "peak MB"),
    "speed": ("features", "rows", "CPU s", "values per CPU s", "wall s", "peak MB"),
    "large": ("features", "AUC", "CPU s", "wall s", "peak MB"),
    "search": ("candidates", "CPU s", "wall s", "peak MB"),
}
# What an analyst would derive, as it looks in a formula; times may stand in either order.
DERIVED = {
    "superlender": {
        "days late": r"(firstrepaiddate|closeddate) - \S*firstduedate|firstduedate - \S*(firstrepaiddate|closeddate)",
        "days held": r"closeddate - \S*(approveddate|creationdate)|(approveddate|creationdate) - \S*closeddate",
        "share of the term held": r"closeddate[^,]*/ [^,]*termdays|termdays / [^,]*closeddate",
        "price of the loan": r"totaldue / \S*loanamount|loanamount / \S*totaldue",
    },
    "provider-fraud": {
        "stay": r"DischargeDt - \S*AdmissionDt|ClaimEndDt - \S*ClaimStartDt|AdmissionDt - \S*DischargeDt",
        "cost per day": r"Reimbursed / \(?[^,]*Dt[^,]* - |Dt[^,]* / \S*Reimbursed",
        "age": r"Dt - \S*DOB",
    },
}
FIELDS = {
    "AUC": ("auc", "{:.3f}"),
    "fold sd": ("auc_sd", "{:.3f}"),
    "log loss": ("log_loss", "{:.3f}"),
    "features": ("features", "{:,.0f}"),
    "candidates": ("candidates", "{:,.0f}"),
    "rows": ("rows", "{:,.0f}"),
    "CPU s": ("cpu_s", "{:.1f}"),
    "wall s": ("wall_s", "{:.1f}"),
    "peak MB": ("peak_mb", "{:,.0f}"),
    "values per CPU s": ("values_per_cpu_s", "{:,.0f}"),
}


def circumstances() -> Line:
    """When and where: date, state of the repository, processors, load, versions."""
    names = ("tael", "polars", "numpy", "lightgbm", "scikit-learn")
    described = subprocess.run(
        ["git", "-c", f"safe.directory={HERE.parent}", "describe", "--always", "--dirty"],
        cwd=HERE,
        capture_output=True,
        text=True,
        check=False,
    )
    return {
        "date": time.strftime("%Y-%m-%d %H:%M"),
        "state": described.stdout.strip() or "unknown",
        "processors": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "versions": {name: metadata.version(name) for name in names},
    }


def write(line: Line, file: Path = FILE) -> None:
    """Add one measurement to the file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as out:
        out.write(json.dumps(circumstances() | line) + "\n")


def read(file: Path = FILE) -> list[Line]:
    """The latest line of each measurement, in the order of their first appearance."""
    latest: dict[tuple[str, str, str], Line] = {}
    if file.is_file():
        for text in file.read_text().splitlines():
            line = json.loads(text)
            latest[line["table"], line["set"], line["of"]] = line
    return list(latest.values())


def table(lines: list[Line], name: str) -> str:
    """One table as Markdown; a contender that gave no result says why in the first of its cells."""
    columns = COLUMNS[name]
    out = [f"| set | features of | {' | '.join(columns)} |", f"|---|---|{'---:|' * len(columns)}"]
    chosen = [line for line in lines if line["table"] == name]
    sets = list(dict.fromkeys(line["set"] for line in chosen))
    for line in sorted(chosen, key=lambda line: (sets.index(line["set"]), place_of(line["of"]))):
        cells = [cell(line, column) for column in columns]
        if line.get("status", "ok") != "ok":
            cells[0] = textwrap.shorten(line["status"], 60, placeholder=" ...")
        most = max(other.get("folds", 1) for other in chosen if other["set"] == line["set"])
        folds = line.get("folds", most)
        of = line["of"] if folds == most else f"{line['of']} ({folds} of {most} folds)"
        out.append(f"| {line['set']} | {of} | {' | '.join(cells)} |")
    return "\n".join(out)


def placed(page: str, lines: list[Line]) -> str:
    """The page with each table put between ``<!-- table: NAME -->`` and ``<!-- end -->``; likewise what was derived."""

    def put(found: re.Match[str]) -> str:
        shown = table(lines, found[1]) if any(line["table"] == found[1] for line in lines) else found[2].strip()
        return f"<!-- table: {found[1]} -->\n{shown}\n<!-- end -->"

    page = re.sub(r"<!-- table: (\w+) -->(.*?)<!-- end -->", put, page, flags=re.DOTALL)
    found = "\n".join(f"- {text}" for text in derived(lines))
    whole = f"<!-- derived -->\n{found}\n<!-- end -->"
    return re.sub(r"<!-- derived -->.*?<!-- end -->", lambda _: whole, page, flags=re.DOTALL) if found else page


def derived(lines: list[Line]) -> list[str]:
    """For each quantity that an analyst would derive: in how many folds a kept formula holds it, and one of them."""
    out = []
    for line in lines:
        kept = line.get("formulas", {}) if line["of"] == "tael" else {}
        for words, pattern in DERIVED.get(line["set"], {}).items():
            folds = [[text for text in fold if re.search(pattern, text)] for fold in kept.get("kept", [])]
            if folds:
                having = [texts for texts in folds if texts]
                example = f", as in `{min(having[0], key=len)}`" if having else ""
                out.append(f"{line['set']}: {words}: {len(having)} of {len(folds)} folds{example}")
    return out


def place_of(name: str) -> int:
    """Where a contender stands in a table: from the plainest to tael."""
    return ORDER.index(name.split()[0].strip(","))


def cell(line: Line, column: str) -> str:
    """One figure, or nothing where it was not measured."""
    field, form = FIELDS[column]
    value = line.get(field)
    if value is None or (column == "fold sd" and line.get("folds") == 1):
        return ""
    if column in ("CPU s", "wall s") and not 0.1 <= value < 1000:
        form = "{:,.0f}" if value >= 1000 else "{:.3f}"
    text = form.format(value)
    if column in ("AUC", "fold sd", "log loss"):
        text = text.removeprefix("0")
    return ("about " if field in line.get("estimated", ()) else "") + text


def main() -> int:
    """Print the tables asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=f"of {', '.join(COLUMNS)}; left out: all")
    parser.add_argument("--into", type=Path, help="a page whose tables are brought up to date")
    parser.add_argument("--derived", action="store_true", help="what of an analyst's quantities was found")
    parser.add_argument("--file", type=Path, default=FILE)
    parser.add_argument("--since", default="", help="only measurements of this day (YYYY-MM-DD) and later")
    args = parser.parse_args()
    unknown = set(args.tables) - set(COLUMNS)
    if unknown:
        parser.error(f"no such table: {', '.join(sorted(unknown))}")
    lines = [line for line in read(args.file) if line["date"] >= args.since]
    if args.into:
        args.into.write_text(placed(args.into.read_text("utf-8"), lines), "utf-8")
        return 0
    if args.derived:
        sys.stdout.write("\n".join(derived(lines)) + "\n")
        return 0
    for name in args.tables or COLUMNS:
        if any(line["table"] == name for line in lines):
            sys.stdout.write(f"## {name}\n\n{table(lines, name)}\n\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
