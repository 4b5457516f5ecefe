"""Medicare providers (inpatient claims): which providers defraud? 1,436 providers, 27,279 claims, 22,221 patients."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl

from tael.tables import Tables
from tasks.base import Task

DATES = ("ClaimStartDt", "ClaimEndDt", "AdmissionDt", "DischargeDt")
LEAST_CODES = 200  # a column of codes filled in fewer claims than this is left out
CONDITIONS = [
    "Alzheimer",
    "Heartfailure",
    "KidneyDisease",
    "Cancer",
    "ObstrPulmonary",
    "Depression",
    "Diabetes",
    "IschemicHeart",
    "Osteoporasis",
    "rheumatoidarthritis",
    "stroke",
]
AMOUNTS = ("IPAnnualReimbursementAmt", "IPAnnualDeductibleAmt", "OPAnnualReimbursementAmt", "OPAnnualDeductibleAmt")
MONTHS = ("NoOfMonths_PartACov", "NoOfMonths_PartBCov")
PEOPLE = ("AttendingPhysician", "OperatingPhysician", "OtherPhysician")
PATIENT = ("Gender", "Race", "RenalDiseaseIndicator", "State", "County")


def schema(codes: list[str]) -> dict[str, Any]:
    """The promise of the three tables, with the columns of codes that are used."""
    categories = {
        name: {"type": "category"} for name in (*PEOPLE, "ClmAdmitDiagnosisCode", "DiagnosisGroupCode", *codes)
    }
    return {
        "providers": {"key": "Provider", "columns": {"PotentialFraud": {"type": "category", "role": "label"}}},
        "claims": {
            "key": "ClaimID",
            "time": "ClaimStartDt",
            "columns": {
                "Provider": {"to": "providers"},
                "BeneID": {"to": "beneficiaries"},
                **{name: {"type": "time"} for name in DATES},
                "InscClaimAmtReimbursed": {"type": "number", "unit": "USD"},
                "DeductibleAmtPaid": {"type": "number", "unit": "USD"},
                **categories,
            },
        },
        "beneficiaries": {
            "key": "BeneID",
            "columns": {
                "DOB": {"type": "time"},
                "DOD": {"type": "time", "known_at": "DOD"},
                **{name: {"type": "category"} for name in PATIENT},
                **{name: {"type": "number"} for name in MONTHS},
                **{f"ChronicCond_{name}": {"type": "number"} for name in CONDITIONS},
                **{name: {"type": "number", "unit": "USD"} for name in AMOUNTS},
            },
        },
    }


def _read(path: Path, dates: tuple[str, ...]) -> pl.DataFrame:
    frame = pl.read_parquet(path)
    text = [name for name, kind in frame.schema.items() if kind == pl.String]
    frame = frame.with_columns(pl.when(pl.col(name) != "NA").then(pl.col(name)).alias(name) for name in text)
    return frame.with_columns(pl.col(name).str.to_datetime("%Y-%m-%d") for name in dates)


def load(folder: Path) -> Task:
    """Read the three files; every provider is judged the day after the last claim."""
    source = folder / "claims" / "provider_fraud"
    providers = pl.read_csv(source / "providers.csv")
    claims = _read(source / "inpatient.parquet", DATES).with_columns(pl.col("DeductibleAmtPaid").cast(pl.Float64))
    people = _read(source / "beneficiaries.parquet", ("DOB", "DOD"))
    numbers = [*MONTHS, *AMOUNTS, *(f"ChronicCond_{name}" for name in CONDITIONS)]
    people = people.with_columns(pl.col(PATIENT).cast(pl.String), pl.col(numbers).cast(pl.Float64))
    codes = [name for name in claims.columns if name.startswith(("ClmDiag", "ClmProc"))]
    filled = [name for name in codes if claims[name].is_not_null().sum() >= LEAST_CODES]
    claims = claims.drop(set(codes) - set(filled))
    last = claims.select(pl.max_horizontal(pl.col(DATES).max())).item()
    tables = Tables({"providers": providers, "claims": claims, "beneficiaries": people}, schema(filled))
    return Task(
        name="provider-fraud",
        tables=tables,
        entity="providers",
        X=providers.select("Provider", pl.lit(last + timedelta(days=1)).alias("cutoff")),
        y=(providers["PotentialFraud"] == "Yes").cast(pl.Int64).to_numpy(),
        history="claims",
        through="Provider",
    )
