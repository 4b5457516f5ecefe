"""Network operators in words."""

from __future__ import annotations

from tael.formulas import operators
from tael.formulas.bound import BoundAggregate, BoundColumn
from tael.formulas.grammar import spoken_number
from tael.formulas.owners import Owners


def network_words(speaker: Owners, bound: BoundAggregate, window: str, condition: str) -> str:
    """Say a network operator.

    Parameters
    ----------
    speaker : Owners
    bound : BoundAggregate
        With a network.
    window, condition : str
        In words; empty: none.
    """
    assert bound.network is not None
    entity = bound.grain or speaker.entity
    noun, up = speaker.noun(bound.table), bound.path.up
    chain = speaker.chain(entity, up) if up else ""
    value = ""
    unit = None
    if isinstance(bound.value, BoundColumn):
        value = speaker.title(bound.value.table, bound.value.column)
        unit = speaker.schema.tables[bound.table].column(bound.value.column).unit
    if speaker.english:
        rows = noun + (f" of the {chain}" if chain else "") + window + (f" where {condition}" if condition else "")
    else:
        rows = window + (f"{chain}的" if chain else "") + (f"{condition}的" if condition else "") + noun
    slots = {
        "rows": rows,
        "value": value,
        "length": str(bound.network.length),
        "below": spoken_number(bound.network.below, unit, speaker.lang),
        "within": "" if bound.within is None else bound.within.words(speaker.lang),
    }
    return operators.get(bound.op).say_rows(slots, (), speaker.lang)
