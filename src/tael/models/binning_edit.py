"""Other bins for a fitted column, by a person: from the training rows, or out of its fine bins alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone

from tael.errors import ModelError
from tael.models.binning_columns import NUMBER, read_columns
from tael.models.binning_fit import check_groups, check_splits, fit_column
from tael.models.binning_log import BinEdit, moment, said
from tael.models.binning_rows import training_rows
from tael.models.binning_rule import BinnedColumn

if TYPE_CHECKING:
    from tael.models.binning import OptimalBinning


def edited(
    binning: OptimalBinning, j: int, splits: Sequence[Any], who: Any, why: Any, when: Any, X: Any, y: Any,
    sample_weight: Any,
) -> OptimalBinning:  # fmt: skip
    """A copy of a fitted binning with the user's bins in column j, and the edit in its log.

    Parameters
    ----------
    binning : OptimalBinning
    j : int
    splits, who, why, when, X, y, sample_weight
        As in `OptimalBinning.edit`.
    """
    old, who, why = binning.columns_[j], said("a name (who)", who), said("a reason (why)", why)
    training = getattr(binning, "_training", None)
    if X is not None:
        if y is None:
            raise ModelError("The labels of the rows are needed too.", expected="edit(..., X=X, y=y)", got="no y")
        columns = read_columns(binning, X, kinds=[rule.kind for rule in binning.columns_])
        rows, used, _ = training_rows(binning, len(columns[0]), y, sample_weight, None)
        training = ([c.take(used) for c in columns] if used is not None else columns, rows)
    if training is None:
        new = from_cells(old, splits)
    else:
        new = fit_column(training[0][j], training[1], binning._limits(), special=old.special, splits=splits)
    out = clone(binning).set_params(splits={**(binning.splits or {}), old.name: list(splits)})
    out.__dict__.update({name: value for name, value in vars(binning).items() if name.endswith("_")})
    out._training = getattr(binning, "_training", None)
    out.columns_ = [new if k == j else rule for k, rule in enumerate(binning.columns_)]
    before, after = (
        rule.splits.tolist() if rule.kind == NUMBER else [list(group) for group in rule.groups] for rule in (old, new)
    )
    out.edits_ = [*binning.edits_, BinEdit(old.name, who, why, moment(when), before, after, old.iv, new.iv)]
    return out


def from_cells(rule: BinnedColumn, splits: Sequence[Any]) -> BinnedColumn:
    """The column with the user's bins, counted from its fine bins.

    Parameters
    ----------
    rule : BinnedColumn
    splits : sequence
        Splits among ``rule.cells``; or groups of categories that each are a cell.

    Raises
    ------
    ModelError
        A cut inside a fine bin: that needs the training rows.
    """
    k = rule.n_ordinary
    rest = np.vstack([rule.goods[k:], rule.bads[k:]])
    if rule.kind == NUMBER:
        wanted = check_splits(rule.name, splits)
        inside = wanted[~np.isin(wanted, rule.cells)]
        if inside.size:
            near = sorted({float(rule.cells[np.abs(rule.cells - v).argmin()]) for v in inside if rule.cells.size})
            raise _needs_rows(rule, ", ".join(f"{v:g}" for v in inside), ", ".join(f"{v:g}" for v in near))
        starts = np.concatenate([[0], np.searchsorted(rule.cells, wanted) + 1])
        counts = np.hstack([np.add.reduceat(rule.cell_counts, starts, axis=1), rest])
        return replace(rule, trend="user", splits=wanted, goods=counts[0], bads=counts[1])
    groups = check_groups(rule.name, splits)
    cell_of = {name: i for i, cell in enumerate(rule.cells) for name in cell}
    together = [cell for cell in rule.cells if len(cell) > 1]
    lost = sorted({name for group in groups for name in group if name not in cell_of})
    torn = [cell for cell in together if sum(any(name in cell for name in group) for group in groups) > 1]
    if lost or torn:
        raise _needs_rows(rule, ", ".join(lost or torn[0]), ", ".join(sorted(cell_of)[:20]))
    taken = [sorted({cell_of[name] for name in group}) for group in groups]
    left = [i for i in range(len(rule.cells)) if not any(i in cells for cells in taken)]
    bins = [*taken, *([left] if left else [])]
    joined = np.column_stack([rule.cell_counts[:, cells].sum(axis=1) for cells in bins])
    counts = np.hstack([joined, rest])
    names = [*groups, *([()] if left else [])]
    other = len(taken) if left else -1
    missing = len(bins) + len(rule.special)
    was_other = rule.unseen >= 0 and rule.unseen == rule.other
    unseen = -1 if rule.unseen < 0 else other if was_other and other >= 0 else missing
    return replace(rule, trend="user", groups=tuple(names), other=other, unseen=unseen, goods=counts[0], bads=counts[1])


def _needs_rows(rule: BinnedColumn, got: str, near: str) -> ModelError:
    return ModelError(
        "These bins cut through what was counted together, and the training rows are not here.",
        expected=f"cuts between the fine bins: {near or 'there are none'}",
        got=got,
        where=f"column {rule.name}",
        fix="Give the training rows: edit(..., X=X, y=y).",
    )
