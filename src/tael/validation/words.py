"""A sentence in English and Chinese, kept together so that neither is forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tael.errors import ValidationError

Lang = Literal["en", "zh"]


@dataclass(frozen=True, slots=True)
class Words:
    """One sentence in both languages.

    Parameters
    ----------
    en, zh : str
        The sentence in English and in Chinese.

    Examples
    --------
    >>> Words("bad rate", "坏账率").text("zh")
    '坏账率'
    """

    en: str
    zh: str

    def text(self, lang: Lang = "en") -> str:
        """Return the sentence in one language.

        Raises
        ------
        ValidationError
            If `lang` is neither ``"en"`` nor ``"zh"``.
        """
        if lang == "en":
            return self.en
        if lang == "zh":
            return self.zh
        raise ValidationError("There are no words in this language.", expected='"en" or "zh"', got=repr(lang))

    def to_dict(self) -> dict[str, str]:
        """Both languages as a plain dict."""
        return {"en": self.en, "zh": self.zh}
