"""tael on the panel in a folder, one thread: python tael_panel.py FOLDER TASK..."""

from __future__ import annotations

from typing import Any

import numpy as np
from timing import asked, fields_of, measure

from tael.kernels import panel as kernels
from tael.panels import Panel, PanelPlan, library


def kernel(task: str, fields: dict[str, Any], ranked: Any, out: Any) -> Any:
    """The kernel of that name on the close (and the volume), e.g. ``ts_mean 20``."""
    name, *window = task.split()
    x, how = fields["close"], {"n_threads": 1}
    if name == "rank_ic":
        return kernels.rank_ic(x, ranked, ranked=True, n_threads=1)
    if name in ("ts_corr", "ts_cov"):
        return getattr(kernels, name)(x, fields["volume"], int(window[0]), out=out, **how)
    if name == "ts_quantile":
        return kernels.ts_quantile(x, int(window[0]), 0.8, out=out, **how)
    return getattr(kernels, name)(x, *map(int, window), out=out, **how)


def alpha158(fields: dict[str, Any]) -> PanelPlan:
    """All 158 factors in the language, planned."""
    rows, columns = fields["close"].shape
    times = np.datetime64("2015-01-01") + np.arange(rows)
    panel = Panel(times, tuple(f"s{n}" for n in range(columns)), fields)
    return PanelPlan([formula for _, formula in library("alpha158")], panel, n_threads=1)


def in_batches(plan: PanelPlan) -> None:
    """Compute forty factors at a time and let them go."""
    for _ in plan.batches(40):
        pass


def main() -> None:
    """Measure every task asked for."""
    folder, tasks = asked()
    fields = fields_of(folder)
    ranked, out = kernels.rank(fields["volume"]), np.empty_like(fields["close"])
    for task in tasks:
        if task == "alpha158":
            plan = alpha158(fields)
            measure(task, lambda plan=plan: in_batches(plan), folder, "tael")
        else:
            measure(task, lambda task=task: kernel(task, fields, ranked, out), folder, "tael")


if __name__ == "__main__":
    main()
