"""What rows' scenarios and markets' have in common."""

from __future__ import annotations

import pytest

from tael.errors import ScenarioError
from tael.scenarios import SCENARIOS, scenario


@pytest.mark.parametrize("name", ["credit-approval", "stock-daily"])
def test_a_scenario_without_an_example_asks_for_tables(name: str) -> None:
    one = scenario(name)
    bare = type(one)(one.plan.model_copy(update={"example": None}))
    with pytest.raises(ScenarioError, match=r"no example data") as found:
        bare.example()
    assert found.value.where == name


@pytest.mark.parametrize("name", list(SCENARIOS))
def test_it_shows_its_name(name: str) -> None:
    assert repr(scenario(name)).endswith(f"Scenario({name!r})")


def test_its_own_text_goes_into_the_runs_folder_unless_another_is_given() -> None:
    one = scenario("credit-approval")
    assert one._files(None) == {"scenario.toml": one.source}
    assert one._files({"scenario.toml": "a", "b": "c"}) == {"scenario.toml": "a", "b": "c"}
    assert type(one)(one.plan)._files(None) is None
