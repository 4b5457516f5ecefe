"""A booster's text is held against its own rules, so that a forged one gives an error and no end of the process."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tael.errors import ModelError
from tael.models import PortfolioClassifier, load_model, save_model
from tael.models.booster_text import check_booster
from tael.models.members import SETTINGS

BOOSTED = [name for name in SETTINGS if name not in ("linear", "binned")]


def made(name: str = "shallow", n: int = 300) -> str:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 5))
    X[rng.random(X.shape) < 0.1] = np.nan
    y = (rng.normal(size=n) + np.nan_to_num(X[:, 0]) > 0).astype(float)
    scorer = SETTINGS[name].fit(X, y, np.ones(n), np.zeros(5, dtype=np.int64), 0)
    return str(scorer.text)  # type: ignore[attr-defined]


TEXT = made()


@pytest.mark.parametrize("name", BOOSTED)
@pytest.mark.parametrize("n", [8, 300])
def test_every_setting_passes(name: str, n: int) -> None:
    check_booster(made(name, n))


def first(name: str, change: Callable[[str], str]) -> str:
    """The text with the first value of a name changed to one as long."""

    def other(found: re.Match[str]) -> str:
        new = change(found[2])
        assert len(new) == len(found[2])
        return found[1] + new

    return re.sub(rf"(\n{name}=)(\S+)", other, TEXT, count=1)


FORGED: dict[str, tuple[str, str]] = {
    "a tree grows": (TEXT.replace("Tree=3\n", "Tree=3\n\n"), "of the size"),
    "a size is another": (re.sub(r"tree_sizes=(\d)", lambda m: f"tree_sizes={9 - int(m[1])}", TEXT), "tree 0|size"),
    "a number cut off": (
        first("leaf_value", lambda old: "-" + " " * (len(old) - 1)),
        "tree 0: leaf_value is not a number",
    ),
    "a size is huge": (TEXT.replace("tree_sizes=", "tree_sizes=99999999999 "), "of the size"),
    "a size is negative": (TEXT.replace("tree_sizes=", "tree_sizes=-5 "), "of the size"),
    "trees are left out": (re.sub(r"tree_sizes=(\S+) .*", r"tree_sizes=\1", TEXT), "sizes told"),
    "a column beyond": (first("split_feature", lambda old: "9" * len(old)), "column that is not there"),
    "a child beyond": (first("left_child", lambda old: "9" * len(old)), "make no tree"),
    "a circle": (first("left_child", lambda old: "0" * len(old)), "make no tree"),
    "a categorical split": (first("decision_type", lambda old: "1" * len(old)), "unknown kind"),
    "more leaves": (first("num_leaves", lambda old: "9"), "values, not 9"),
    "no leaf": (first("num_leaves", lambda old: "0"), "does not make"),
    "linear leaves": (first("is_linear", lambda old: "1"), "does not make"),
    "more columns": (TEXT.replace("max_feature_idx=4", "max_feature_idx=7"), "8 columns with 5"),
    "another objective": (TEXT.replace("objective=binary", "objective=banana"), "objective=banana"),
    "several classes": (TEXT.replace("num_class=1", "num_class=3"), "num_class=3"),
    "no trees": (TEXT.replace("\nTree=", "\ntree="), "without trees"),
    "cut": (TEXT[: len(TEXT) // 2], "cut short"),
    "nothing": ("", "cut short"),
}


@pytest.mark.parametrize("name", list(FORGED))
def test_what_is_forged_is_told(name: str) -> None:
    text, told = FORGED[name]
    assert text != TEXT
    with pytest.raises(ValueError, match=told):
        check_booster(text)


@given(st.data())
def test_nothing_but_a_value_error_comes_of_any_change(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(TEXT) - 1))
    length = data.draw(st.integers(0, 40))
    put = data.draw(st.text("0123456789-. =\nTreeinf", max_size=20))
    with suppress(ValueError):
        check_booster(TEXT[:at] + put + TEXT[at + length :])


def test_a_forged_model_is_a_model_error(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 3))
    y = (X[:, 0] + rng.normal(size=200) > 0).astype(int)
    save_model(PortfolioClassifier(["shallow"], cv=2).fit(X, y), tmp_path / "model")
    booster = tmp_path / "model" / "booster_00.txt"
    booster.write_text(booster.read_text().replace("Tree=1\n", "Tree=1\n\n"))
    with pytest.raises(ModelError, match="not of the size told"):
        load_model(tmp_path / "model")
