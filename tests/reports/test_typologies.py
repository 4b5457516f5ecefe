"""Names of typologies: every planted one has a name in both languages."""

from __future__ import annotations

import re

from tael.datasets.claims_schemes import SCHEMES
from tael.datasets.laundering_typologies import TYPOLOGIES
from tael.reports.typologies import NAMES, typology_name


def test_every_planted_typology_has_a_name() -> None:
    assert {*SCHEMES, *TYPOLOGIES} <= set(NAMES)
    for english, chinese in NAMES.values():
        assert "_" not in english
        assert re.search("[一-鿿]", chinese)


def test_an_unknown_one_is_said_as_it_is_written() -> None:
    assert typology_name("forged_receipts", "zh") == "forged receipts"
    assert typology_name("", "en") == ""
