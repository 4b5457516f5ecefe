"""The language of messages, as every command takes it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, cast

import typer

from tael.tables.schema import Language


class Lang(StrEnum):
    """Language of messages and reports."""

    EN = "en"
    ZH = "zh"


_asked: list[Lang] = []


def _heard(lang: Lang) -> Lang:
    """Keep what the command was asked for, since errors are told outside of it."""
    _asked[:] = [lang]
    return lang


LangOption = Annotated[Lang, typer.Option("--lang", help="Language: en or zh. 语言。", callback=_heard)]


def language(lang: Lang) -> Language:
    """The same as the rest of tael writes it."""
    return cast(Language, str(lang.value))


def spoken() -> Language:
    """The language that the command was asked for; English before one was."""
    return language(_asked[-1]) if _asked else "en"
