"""KunQuant on the panel in a folder, compiled with AVX2, one thread: python kunquant_panel.py FOLDER TASK...

Compilation is not counted. KunQuant gives no value for windows that hold a missing one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from KunQuant import ops
from KunQuant.Driver import KunCompilerConfig
from KunQuant.jit import cfake
from KunQuant.Op import Builder, Input, Output, Rank
from KunQuant.predefined.Alpha158 import AllData
from KunQuant.runner import KunRunner
from KunQuant.Stage import Function
from timing import asked, fields_of, measure

EVERYTHING = {"kbar": {}, "rolling": {}, "price": {"windows": [0]}}


def expression(task: str, inputs: dict[str, Any]) -> Any:
    """The same statistic in KunQuant's words; None where it has none."""
    name, *window = task.split()
    x, w = inputs["close"], int(window[0]) if window else 0
    found = {
        "ts_sum": lambda: ops.WindowedSum(x, w),
        "ts_mean": lambda: ops.WindowedAvg(x, w),
        "ts_std": lambda: ops.WindowedStddev(x, w),
        "ts_max": lambda: ops.WindowedMax(x, w),
        "ts_argmax": lambda: ops.TsArgMax(x, w),
        "ts_rank": lambda: ops.TsRank(x, w) / w,
        "ts_quantile": lambda: ops.WindowedQuantile(x, w, 0.8),
        "ts_corr": lambda: ops.WindowedCorrelation(x, w, inputs["volume"]),
        "ts_slope": lambda: ops.WindowedLinearRegressionSlope(x, w),
        "ts_rsquare": lambda: ops.WindowedLinearRegressionRSqaure(x, w),
        "decay_linear": lambda: ops.DecayLinear(x, w),
        "rank": lambda: Rank(x),
        "delta": lambda: x - ops.BackRef(x, w),
    }.get(name)
    return None if found is None else found()


def compiled(task: str) -> Any:
    """A module whose outputs are the task's; None where KunQuant cannot say it."""
    builder = Builder()
    with builder:
        if task == "alpha158":
            data = AllData(**{n: Input(n) for n in ("open", "close", "high", "low", "volume", "amount")})
            prices = [("OPEN", data.open), ("HIGH", data.high), ("LOW", data.low), ("VWAP", data.vwap)]
            fields, names = data.build(EVERYTHING | {"price": {"windows": [0], "feature": prices}})
            for field, name in zip(fields, names, strict=True):
                Output(field, name)
        else:
            wanted = expression(task, {n: Input(n) for n in ("close", "volume")})
            if wanted is None:
                return None
            Output(wanted, "y")
    how = KunCompilerConfig(input_layout="TS", output_layout="TS", dtype="double", blocking_len=4)
    library = cfake.compileit([("m", Function(builder.ops), how)], "panel", cfake.CppCompilerConfig())
    return library, library.getModule("m")


def main() -> None:
    """Measure what KunQuant has a word for."""
    folder, tasks = asked()
    fields = fields_of(folder)
    fields["amount"] = fields["vwap"] * fields["volume"]
    executor = KunRunner.createSingleThreadExecutor()
    rows = len(fields["close"])
    for task in tasks:
        found = compiled(task)
        if found is None:
            continue
        names = ("open", "close", "high", "low", "volume", "amount") if task == "alpha158" else ("close", "volume")
        if task != "alpha158" and not task.startswith("ts_corr"):
            names = ("close",)
        inputs = {n: np.ascontiguousarray(fields[n]) for n in names}

        def call(found: Any = found, inputs: Any = inputs, task: str = task) -> Any:
            result = KunRunner.runGraph(executor, found[1], inputs, 0, rows)
            return None if task == "alpha158" else result["y"]

        measure(task, call, folder, "kunquant")


if __name__ == "__main__":
    main()
