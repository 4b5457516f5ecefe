"""Typologies and roles in words: every one that a search can name, called alike wherever a reader meets it."""

from __future__ import annotations

from tael.decisions.gangs_words import ROLE_WORDS, TYPOLOGY_WORDS
from tael.networks import ROLES, TYPOLOGIES
from tael.reports.catalogue import texts_of
from tael.reports.typologies import NAMES


def test_all_shapes_and_roles_have_words() -> None:
    assert set(TYPOLOGY_WORDS) == {*TYPOLOGIES, "group"}
    assert set(ROLE_WORDS) == set(ROLES)


def test_a_shape_is_called_as_the_planted_typology_of_that_name() -> None:
    """A report names both: what was found, and what came out later."""
    shared = set(TYPOLOGY_WORDS) & set(NAMES)
    assert len(shared) >= 7
    assert {name: (TYPOLOGY_WORDS[name][0].en, TYPOLOGY_WORDS[name][0].zh) for name in shared} == {
        name: NAMES[name] for name in shared
    }


def test_a_role_is_called_alike_in_reports_and_case_files() -> None:
    for lang in ("en", "zh"):
        texts = texts_of(lang)
        for role, words in ROLE_WORDS.items():
            assert texts[f"role.{role}"] == words.text(lang)
            assert texts.get(f"case.graph_{role}", words.text(lang)) == words.text(lang)
