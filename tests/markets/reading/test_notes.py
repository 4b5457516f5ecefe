"""Every note that a reader can make is told in Chinese."""

from __future__ import annotations

import re

import pytest

from tael.markets.reading.notes import in_chinese
from tael.markets.reading.stocks import NOTE_ADJUSTED, NOTE_SURVIVORS

NOTES = (
    NOTE_ADJUSTED,
    NOTE_SURVIVORS,
    "1 bars are flagged as not traded and have volume: first sz.002500 at 2020-06-17.",
    "2 bars are flagged as traded and have no volume: first sh.600000 at 2020-06-17.",
    "3 bars have a change in per cent that is not that of close to reference price (the latter counts): first A at "
    "2020-01-02.",
    "4 reference prices of the adjusted series are not the last close (the factor bridges them): first A at "
    "2020-01-02.",
    "5 bars with volume lack a price: such a price is missing.",
    "DCE: amounts are in 10,000 of currency.",
    "wh: multiplier 10 by the data, 20 today.",
)


@pytest.mark.parametrize("note", NOTES)
def test_a_note_is_told_in_chinese_with_its_numbers(note: str) -> None:
    told = in_chinese(note)
    assert told != note
    assert not re.search(r"\b(?:bars|the|are|first|of)\b", told)
    assert re.findall(r"\d[\d,.-]*\d|\d", told) == re.findall(r"\d[\d,.-]*\d|\d", note)


def test_what_is_not_known_stays() -> None:
    assert in_chinese("Something else.") == "Something else."
