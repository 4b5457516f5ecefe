"""Rules from kept formulas: Medicare providers in 5 x 3 folds, and vehicle claims in order of time.

    python benchmarks/bench_rules.py [--folds 5x3] [--cache DIR] [--lang en] [--sets provider-fraud vehicle]

Providers: in each fold, `AutoFeatures` with its defaults is fitted on the training providers, `RuleMiner` mines at most
five rules of its columns, and test providers are flagged. Two figures: precision where the rules are asked for the
recall of .833 (at which the best readable rules of a survey had precision .507), and what they find when they choose by
F1.
Beside it the score of the same LightGBM as in bench_relational.py, on tael's columns and on an analyst's (and on
featuretools', where its environment is there), with the overlap of score and rules.
Vehicle claims: one table, no search; mined on the first 70 % of the weeks, told on the rest.
--cache keeps the features of each fold in a folder, so that rules can be mined again in seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from bench_relational import repeats  # noqa: E402
from contest import CONTENDERS, foretold, prepared, python_of, varied, work  # noqa: E402
from results import FILE, write  # noqa: E402
from tasks import Task, load  # noqa: E402

WANTED = 0.833  # the recall at which the survey's rules had precision .507
TITLES = {
    "claims": ("inpatient claims", "住院理赔"),
    "beneficiaries": ("patients", "患者"),
    "InscClaimAmtReimbursed": ("reimbursed amount", "报销金额"),
    "DeductibleAmtPaid": ("deductible", "免赔额"),
    "BeneID": ("patient id", "患者编号"),
    "ClaimStartDt": ("claim start", "理赔开始"),
    "ClaimEndDt": ("claim end", "理赔结束"),
    "AdmissionDt": ("admission", "入院"),
    "DischargeDt": ("discharge", "出院"),
    "DOB": ("birth", "出生"),
    "DOD": ("death", "死亡"),
    "AttendingPhysician": ("attending physician", "主治医生"),
    "OperatingPhysician": ("operating physician", "手术医生"),
    "OtherPhysician": ("other physician", "其他医生"),
    "DiagnosisGroupCode": ("diagnosis group", "诊断分组"),
    "ClmAdmitDiagnosisCode": ("admission diagnosis", "入院诊断"),
    "IPAnnualReimbursementAmt": ("annual inpatient reimbursement", "年住院报销额"),
    "IPAnnualDeductibleAmt": ("annual inpatient deductible", "年住院免赔额"),
    "OPAnnualReimbursementAmt": ("annual outpatient reimbursement", "年门诊报销额"),
    "OPAnnualDeductibleAmt": ("annual outpatient deductible", "年门诊免赔额"),
    "RenalDiseaseIndicator": ("renal disease", "肾病"),
    "State": ("state", "州"),
    "County": ("county", "县"),
    "Gender": ("sex", "性别"),
    "Race": ("race", "种族"),
}
NUMBERED = {
    "ClmDiagnosisCode": ("diagnosis", "诊断"),
    "ClmProcedureCode": ("procedure", "手术"),
}
CHRONIC = {  # their codes: 1 yes, 2 no
    "Alzheimer": ("Alzheimer's", "阿尔茨海默病"),
    "Heartfailure": ("heart failure", "心力衰竭"),
    "KidneyDisease": ("chronic kidney disease", "慢性肾病"),
    "Cancer": ("cancer", "癌症"),
    "ObstrPulmonary": ("chronic lung disease", "慢性阻塞性肺病"),
    "Depression": ("depression", "抑郁症"),
    "Diabetes": ("diabetes", "糖尿病"),
    "IschemicHeart": ("ischaemic heart disease", "缺血性心脏病"),
    "Osteoporasis": ("osteoporosis", "骨质疏松"),
    "rheumatoidarthritis": ("rheumatoid arthritis", "类风湿关节炎"),
    "stroke": ("stroke", "脑卒中"),
}


def titled(task: Task) -> Any:
    """The task's schema with titles that a claims officer would use."""
    plain = task.tables.schema.model_dump(mode="json", exclude_defaults=True)
    for table, promise in plain["tables"].items():
        if table in TITLES:
            promise["title"] = dict(zip(("en", "zh"), TITLES[table], strict=True))
        for column, detail in promise["columns"].items():
            head, _, rest = column.partition("_")
            found = TITLES.get(column)
            if head in NUMBERED and rest:
                found = tuple(f"{text} {rest}" for text in NUMBERED[head])  # type: ignore[assignment]
            if head == "ChronicCond" and rest in CHRONIC:
                en, zh = CHRONIC[rest]
                found = f"{en} code", f"{zh}代码"
            if found:
                detail["title"] = dict(zip(("en", "zh"), found, strict=True))
    return type(task.tables.schema).model_validate(plain)


def features(task: Task, number: int, train: np.ndarray, cache: Path | None) -> tuple[np.ndarray, list[str], float]:
    """Values of the kept formulas for all rows, the formulas, and CPU seconds."""
    path = None if cache is None else cache / f"{task.name}_{number:02d}.npz"
    if path is not None and path.exists():
        kept = np.load(path)
        if np.array_equal(kept["train"], train):
            told = json.loads(str(kept["told"]))
            return kept["values"], told["formulas"], told.get("cpu_s", float("nan"))
    from tael.features import AutoFeatures

    start = time.process_time()
    auto = AutoFeatures(task.tables, entity=task.entity, random_state=0).fit(task.X[train], task.y[train])
    values = np.asarray(auto.transform(task.X).to_numpy(), dtype=float)
    told = {"formulas": list(auto.formulas_), "cpu_s": time.process_time() - start}
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, values=values, train=train, told=json.dumps(told))
    return values, told["formulas"], told["cpu_s"]


def others(task: Task, folds: list[Any], data: Path, environments: Path) -> Iterator[tuple[str, list[np.ndarray]]]:
    """Tables of those who made features before: one for each fold."""
    for name in ("hand", "featuretools"):
        python = python_of(CONTENDERS[name], environments)
        if python is None:
            print(f"{name}: not installed, so left out")
            continue
        with prepared(task, folds, data) as folder:
            work([str(python), str(HERE / "contenders" / CONTENDERS[name].script), str(folder)], folder, 900.0)
            yield name, [np.load(folder / "all.npy")] * len(folds)


def figures_of_score(y: np.ndarray, p: np.ndarray) -> dict[str, float]:
    """AUC, PR-AUC and the precision at the wanted recall."""
    from sklearn.metrics import average_precision_score, roc_auc_score

    ranked = y[np.argsort(-p, kind="stable")]
    enough = int(np.searchsorted(ranked.cumsum(), WANTED * y.sum() - 1e-9)) + 1
    return {
        "auc": float(roc_auc_score(y, p)),
        "pr_auc": float(average_precision_score(y, p)),
        "precision_at_recall": float(ranked[:enough].mean()),
    }


def providers(args: argparse.Namespace) -> None:
    """Print the tables and the rules of the first fold."""
    from tael.formulas import unit_of, words
    from tael.models import RuleMiner, beside

    task = load("provider-fraud", args.data)
    folds = list(task.folds(args.folds))[: args.first]
    schema = titled(task)
    scores: dict[str, list[dict[str, float]]] = {"tael": []}
    rules: dict[str, list[dict[str, float]]] = {"recall": [], "f1": []}
    laid: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for number, (train, test) in enumerate(folds):
        values, formulas, _ = features(task, number, train, args.cache)
        p = foretold(varied(values), task.y, train, test)
        scores["tael"].append(figures_of_score(task.y[test], p))
        said = {f: {lang: words(f, schema, task.entity, lang) for lang in ("en", "zh")} for f in formulas}
        for formula, texts in said.items():
            if unit := unit_of(formula, schema, task.entity):
                texts["unit"] = unit
        X = pl.DataFrame(values, schema=formulas)
        for aim, recall in (("recall", WANTED), ("f1", None)):
            start = time.process_time()
            miner = RuleMiner(5, least_recall=recall, descriptions=said, plainness=args.plainness)
            miner.fit(X[train], task.y[train])
            spent = time.process_time() - start
            flagged = miner.predict(X[test]) == 1
            hits = float((flagged & (task.y[test] == 1)).sum())
            line = {"rules": float(len(miner.rules_)), "flagged": float(flagged.sum()), "hits": hits, "cpu_s": spent}
            line |= {"precision": hits / max(flagged.sum(), 1), "recall": hits / task.y[test].sum()}
            # what the score finds in as many alerts
            top = np.argsort(-p, kind="stable")[: int(flagged.sum())]
            line["score_precision"] = float(task.y[test][top].mean()) if len(top) else float("nan")
            line["positive"] = float(task.y[test].sum())
            told = miner.out_of_fold_
            line["train_recall"] = told.recall if told is not None else float("nan")  # out of fold, on training rows
            line["words"] = float(np.mean([len(w.split()) for w in miner.words()])) if miner.rules_ else float("nan")
            rules[aim].append(line)
            if number == 0:
                print(f"Rules of the first fold, by {aim}:\n{miner.describe(args.lang)}\n")
            if aim == "f1" and number < 5:  # the first repetition: each provider once
                laid.append((p, flagged, task.y[test]))
    for name, made in others(task, folds, args.data.resolve(), args.environments.resolve()):
        scores[name] = [
            figures_of_score(task.y[test], foretold(varied(table), task.y, train, test))
            for (train, test), table in zip(folds, made, strict=True)
        ]
    print(f"\nscore of LightGBM on{'':<8}{'AUC':>8}{'sd':>7}{'PR-AUC':>8}{'sd':>7}   precision at recall {WANTED}")
    for name, lines in scores.items():
        told = {k: np.array([line[k] for line in lines]) for k in lines[0]}
        both = "".join(f"{told[k].mean():>8.3f}{told[k].std(ddof=1):>7.3f}" for k in ("auc", "pr_auc"))
        print(f"{name:<28}{both}   {told['precision_at_recall'].mean():.3f}")
        write(
            {"table": "rules", "set": task.name, "of": name, **{k: float(v.mean()) for k, v in told.items()}}, args.out
        )
    head = f"{'rules':>6}{'precision':>10}{'sd':>7}{'recall':>8}{'sd':>7}"
    print(f"\nrules chosen by     {head}  score, as many  words  CPU s")
    for aim, lines in rules.items():
        told = {k: np.array([line[k] for line in lines]) for k in lines[0]}
        pair = "".join(f"{told[k].mean():>9.3f}{told[k].std(ddof=1):>7.3f}" for k in ("precision", "recall"))
        print(
            f"{aim:<20}{told['rules'].mean():>6.1f} {pair}{told['score_precision'].mean():>12.3f}"
            f"{np.nanmean(told['words']):>10.0f}{told['cpu_s'].mean():>7.1f}"
        )
        pooled = told["hits"].sum() / told["flagged"].sum(), told["hits"].sum() / told["positive"].sum()
        print(f"{'  all folds pooled':<27}{pooled[0]:>9.3f}{pooled[1]:>15.3f}")
        means = {k: float(np.nanmean(v)) for k, v in told.items()}
        write({"table": "rules", "set": task.name, "of": f"rules by {aim}", "folds": len(folds), **means}, args.out)
    print("\nscore beside rules (by F1; alerts of each fold at equal number), first repetition:")
    ranks = np.concatenate([_alerts_first(p, f) for p, f, _ in laid])
    flagged, label = (np.concatenate([part[k] for part in laid]) for k in (1, 2))
    with pl.Config(tbl_rows=10, float_precision=3, tbl_hide_dataframe_shape=True, tbl_cols=12):
        print(beside(ranks, flagged, label, lang=args.lang))


def _alerts_first(p: np.ndarray, flagged: np.ndarray) -> np.ndarray:
    """1 for a fold's alerts (as many as its rules have), 0 for the rest: scores of folds are not of one scale."""
    out = np.zeros(len(p))
    out[np.argsort(-p, kind="stable")[: int(flagged.sum())]] = 1.0
    return out


def vehicle(args: argparse.Namespace) -> None:
    """Mine in the first weeks, tell on the last."""
    from tael.models import RuleMiner

    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    table = pl.read_csv(args.data / "claims" / "vehicle" / "fraud_oracle.csv")
    month = table["Month"].replace_strict(dict(zip(months, range(12), strict=True)), return_dtype=pl.Int64)
    week = (table["Year"].cast(pl.Int64) * 12 + month) * 5 + table["WeekOfMonth"].cast(pl.Int64)
    label = table["FraudFound_P"].to_numpy()
    table = table.drop("FraudFound_P", "PolicyNumber", "Year", "Month").with_columns(
        pl.when(pl.col("Age") > 0).then(pl.col("Age"))
    )
    columns, said = {}, {}
    for name in table.columns:
        if table[name].dtype != pl.String:
            columns[name], said[name] = table[name].cast(pl.Float64), {"en": name, "zh": name}
            continue
        for level in table[name].unique().sort().to_list():
            if level != "0" and (table[name] == level).sum() >= 50:
                key = f"{name} = {level}"
                columns[key] = (table[name] == level).cast(pl.Float64)
                said[key] = {"en": f"{name} is {level}", "zh": f"{name} 为 {level}"}
    start = time.process_time()
    miner = RuleMiner(5, descriptions=said).fit(pl.DataFrame(columns), label, time=week)
    print(
        f"\nVehicle claims: {table.height} rows, base rate {label.mean():.3f}, {time.process_time() - start:.1f} CPU s"
    )
    print(miner.describe(args.lang))
    table = miner.table(args.lang)
    if table.height:
        last = table.row(-1, named=True)
        print(f"together on the later rows: precision {last['union_precision']:.3f}, recall {last['union_recall']:.3f}")
        kept = {"precision": last["union_precision"], "recall": last["union_recall"], "rules": table.height}
        write({"table": "rules", "set": "vehicle", "of": "rules by f1", **kept}, args.out)


def main() -> int:
    """Run and print; exit 1 if the data is not there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    environments = Path(os.environ.get("TAEL_BENCH_ENVIRONMENTS", HERE.parent / ".venv-bench"))
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("TAEL_DATA", HERE.parents[1] / "shared/data")))
    parser.add_argument(
        "--sets", nargs="+", choices=["provider-fraud", "vehicle"], default=["provider-fraud", "vehicle"]
    )
    parser.add_argument("--folds", type=repeats, default=3, metavar="5xN", help="five folds, N times (default: 5x3)")
    parser.add_argument("--first", type=int, help="only so many folds, to try things out")
    parser.add_argument("--cache", type=Path, help="folder that keeps the features of each fold")
    parser.add_argument("--environments", type=Path, default=environments)
    parser.add_argument("--plainness", type=float, default=0.5, help="as in RuleMiner")
    parser.add_argument("--lang", default="en", choices=["en", "zh"])
    parser.add_argument("--out", type=Path, default=FILE)
    args = parser.parse_args()
    if not args.data.is_dir():
        print(f"No data at {args.data}: name the folder with --data or TAEL_DATA.", file=sys.stderr)
        return 1
    if "provider-fraud" in args.sets:
        providers(args)
    if "vehicle" in args.sets:
        vehicle(args)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
