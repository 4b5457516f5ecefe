"""Lessons are written once, in two languages: this cuts the English and the Chinese script out of one source.

In a lesson's opening text and in its comment blocks, a line ``[en]`` or ``[zh]`` (in a comment ``# [en]``) says that
what follows, to the end of the block, is of that language only. Code stands once; a line of it may carry the Chinese
of its last string, as in ``plt.title("Residuals")  # zh: 残差``.
"""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LESSONS = ROOT / "lessons"
LANGUAGES = ("en", "zh")

_MARK = re.compile(r"^(?:#\s*)?\[(en|zh)\]\s*$")
_TURNED = re.compile(r"^(?P<before>.*\")(?P<text>[^\"]*)(?P<after>\"[^\"]*?)\s+# zh: (?P<zh>.*)$")


def in_language(source: str, lang: str) -> str:
    """The script in one language.

    Examples
    --------
    >>> both = '# %%\\n# [en]\\n# Look.\\n# [zh]\\n# 请看。\\nplt.title("Line")  # zh: 直线\\n'
    >>> print(in_language(both, "zh"))
    # %%
    # 请看。
    plt.title("直线")
    <BLANKLINE>
    """
    kept: list[str] = []
    spoken: str | None = None
    opening = False
    for line in source.split("\n"):
        if line.startswith('"""'):
            opening, spoken = not opening and line.count('"""') == 1, None
        elif not opening and not line.startswith("#"):
            spoken = None
        mark = _MARK.match(line)
        if mark:
            spoken = mark[1]
        elif spoken in (None, lang):
            kept.append(_turned(line, lang))
    return "\n".join(kept)


def _turned(line: str, lang: str) -> str:
    found = _TURNED.match(line)
    if not found:
        return line
    return f"{found['before']}{found['zh'] if lang == 'zh' else found['text']}{found['after']}"


def lessons() -> list[Path]:
    """The sources, in the order of their numbers."""
    return sorted(path for path in LESSONS.glob("*/*.py"))
