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


LangOption = Annotated[Lang, typer.Option("--lang", help="Language: en or zh. 语言。")]


def language(lang: Lang) -> Language:
    """The same as the rest of tael writes it."""
    return cast(Language, str(lang.value))
