"""Reports against the truth, counted by hand."""

from __future__ import annotations

import pytest

from tael.networks import NetworkError, gang_metrics


def test_counted_by_hand() -> None:
    truth = {1: {"a", "b", "c", "d"}, 2: {"e", "f"}, 3: {"x", "y", "z"}}
    reports = [{"a", "b", "q"}, {"x", "1", "2", "3"}, {"m", "n"}, {"c", "d", "a", "b"}]
    got = gang_metrics(reports, truth, typology={1: "cycle", 2: "fan_in", 3: "cycle"}, also_right={9: {"m", "n", "o"}},
                       first=(1, 2, 3, 50))  # fmt: skip
    assert got.recall == pytest.approx(1 / 3)
    assert got.recall_any == pytest.approx(1 / 3)
    assert got.recall_close == pytest.approx(1 / 3)
    assert got.precision == pytest.approx({1: 1.0, 2: 0.5, 3: 2 / 3, 50: 3 / 4})
    assert got.truth["report"].to_list() == [4, None, 2]
    assert got.by_typology().row(0) == ("cycle", 2, 1, 0.5, pytest.approx((1.0 + 1 / 6) / 2))


def test_one_common_member_is_no_find() -> None:
    got = gang_metrics([{"a", "z"}], {1: {"a", "b"}})
    assert got.recall == 0.0
    assert got.precision[10] == 0.0


def test_nothing_reported() -> None:
    got = gang_metrics([], {1: {"a", "b"}})
    assert got.recall == 0.0
    assert got.precision[50] == 0.0


def test_no_truth() -> None:
    with pytest.raises(NetworkError, match="no true gang"):
        gang_metrics([{"a"}], {})
