"""Texts: their length, the parts and the words in them.

Parts (``contains``, ``starts_with``, ``occurrences``) are compared character by character; words as
:mod:`tael.formulas.tokens` says. Texts repeat, so each distinct one is looked at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from tael.errors import FormulaError
from tael.formulas.operators.base import TEXTS, Operator, Wording
from tael.formulas.operators.comparison import levels_of
from tael.formulas.tokens import finder, fold, has_cjk, tokens
from tael.formulas.values import Values
from tael.tables.schema import Type

DIGITS = "0123456789０１２３４５６７８９"
"""Digits as they are counted: ASCII, and the full-width ones of Chinese and Japanese input."""


def per_text(text: Values, look: Callable[[str], float]) -> NDArray[np.float64]:
    """A number from each text, NaN where missing; each distinct text is looked at once.

    Parameters
    ----------
    text : Values
        A category or text, shape (n,).
    look : callable of str

    Returns
    -------
    ndarray, shape (n,)

    Examples
    --------
    >>> per_text(Values.text(["ab", None, "ab"]), len).tolist()
    [2.0, nan, 2.0]
    """
    if text.type is Type.CATEGORY:
        levels = levels_of(text)
        used = np.unique(text.data) if len(levels) > len(text) else np.arange(len(levels))
        table = np.full(len(levels) + 1, np.nan)
        for code in used[used >= 0]:
            table[code] = look(levels[code])
        return table[text.data]
    seen: dict[str | None, float] = {None: np.nan}
    for one in text.data:
        if one not in seen:
            seen[one] = look(one)
    return np.fromiter((seen[one] for one in text.data), dtype=np.float64, count=len(text))


def _per_pair(text: Values, part: Values, look: Callable[[str, str], float]) -> NDArray[np.float64]:
    if len(part) == 1:
        sought = part.strings()[0]
        return np.full(len(text), np.nan) if sought is None else per_text(text, lambda one: look(one, sought))
    texts, parts = np.broadcast_arrays(text.strings(), part.strings())
    pairs = list(zip(texts, parts, strict=True))
    seen = {(a, b): np.nan if a is None or b is None else look(a, b) for a, b in set(pairs)}
    return np.fromiter((seen[pair] for pair in pairs), dtype=np.float64, count=len(pairs))


def constant_text(value: Values, operator: str, what: str) -> str:
    """The one text that an argument must be.

    Raises
    ------
    FormulaError
        If it is a column.
    """
    texts = value.strings() if len(value) == 1 else np.array([None], dtype=object)
    if texts[0] is None:
        raise FormulaError(f"`{operator}` takes {what} in quotes.", expected="a constant", got="a column")
    return str(texts[0])


def checked_words(words: Sequence[str]) -> tuple[str, ...]:
    """The words of `keyword`; each needs a letter, a digit or a Chinese character.

    Raises
    ------
    FormulaError
        If one has none.
    """
    for word in words:
        if not tokens(word) or word != word.strip():
            raise FormulaError(
                "This is no word to look for.",
                expected="letters, digits or Chinese characters, without spaces around them",
                got=repr(word),
                fix="Look for signs and spaces with `contains`.",
            )
    return tuple(words)


def checked_term(term: str) -> str:
    """The term of `term_share` in lower case.

    Raises
    ------
    FormulaError
        If it is neither one word nor a stretch of Chinese characters.
    """
    term = fold(term)
    found = tokens(term)
    if not found or "".join(found) != term or (len(found) > 1 and not all(map(has_cjk, found))):
        raise FormulaError(
            "`term_share` counts one word.",
            expected='one word ("refund") or Chinese characters alone ("退款")',
            got=repr(term),
            fix="Take one `term_share` for each word, or `occurrences` for a phrase.",
        )
    return term


def _length(text: Values) -> Values:
    return Values.number(per_text(text, len))


def _contains(text: Values, part: Values) -> Values:
    return Values.flag(_per_pair(text, part, lambda one, sought: sought in one))


def _starts_with(text: Values, part: Values) -> Values:
    return Values.flag(_per_pair(text, part, lambda one, sought: one.startswith(sought)))


def _occurrences(text: Values, part: Values) -> Values:
    return Values.number(_per_pair(text, part, lambda one, sought: one.count(sought) if sought else np.nan))


def _digits(text: Values) -> Values:
    return Values.number(per_text(text, lambda one: sum(map(one.count, DIGITS))))


def _n_words(text: Values) -> Values:
    return Values.number(per_text(text, lambda one: len(tokens(one))))


def _keyword(text: Values, *words: Values) -> Values:
    sought = finder(checked_words([constant_text(word, "keyword", "words") for word in words]))
    return Values.flag(per_text(text, lambda one: sought.search(fold(one)) is not None))


def _term_share(text: Values, term: Values) -> Values:
    sought = checked_term(constant_text(term, "term_share", "a word"))
    anywhere = has_cjk(sought)

    def share(one: str) -> float:
        words = tokens(one)
        if not words:
            return np.nan
        return (fold(one).count(sought) if anywhere else words.count(sought)) / len(words)

    return Values.number(per_text(text, share))


def _any_of(lang: str) -> Wording:
    def say(texts: Sequence[str], types: Sequence[Type]) -> str:
        *most, last = texts[1:]
        if lang == "zh":
            return f"{texts[0]}提到{'、'.join(most)}{'或' if most else ''}{last}"
        return f"{texts[0]} mentions {', '.join(most)}{' or ' if most else ''}{last}"

    return say


OPERATORS = (
    Operator(
        "length",
        "row",
        (TEXTS,),
        Type.NUMBER,
        {"en": "length of {0}", "zh": "{0}的长度"},
        {"en": "The number of characters.", "zh": "字符数。"},
        "length(remark)",
        _length,
    ),
    Operator(
        "n_words",
        "row",
        (TEXTS,),
        Type.NUMBER,
        {"en": "number of words in {0}", "zh": "{0}的词数"},
        {
            "en": "The number of words: runs of letters and digits; a Chinese character counts as a word of its own.",
            "zh": "词数：连续的字母和数字为一个词，每个汉字单独算一个词。",
        },
        "n_words(remark)",
        _n_words,
    ),
    Operator(
        "digits",
        "row",
        (TEXTS,),
        Type.NUMBER,
        {"en": "number of digits in {0}", "zh": "{0}中的数字个数"},
        {"en": "How many characters are digits, 0 to 9.", "zh": "数字字符（0 至 9，含全角）的个数。"},
        "digits(remark)",
        _digits,
    ),
    Operator(
        "contains",
        "row",
        (TEXTS,),
        Type.FLAG,
        {"en": "{0} contains {1}", "zh": "{0}含有{1}"},
        {
            "en": "Whether a text holds another; upper and lower case differ.",
            "zh": "文本是否含有另一文本；区分大小写。",
        },
        'contains(remark, "refund")',
        _contains,
        arity=(2, 2),
        denial={"en": (" contains ", " does not contain "), "zh": ("含有", "不含")},
    ),
    Operator(
        "starts_with",
        "row",
        (TEXTS,),
        Type.FLAG,
        {"en": "{0} starts with {1}", "zh": "{0}以{1}开头"},
        {
            "en": "Whether a text begins with another; upper and lower case differ.",
            "zh": "文本是否以另一文本开头；区分大小写。",
        },
        'starts_with(remark, "POS")',
        _starts_with,
        arity=(2, 2),
        denial={"en": (" starts with ", " does not start with "), "zh": ("以", "不以")},
    ),
    Operator(
        "occurrences",
        "row",
        (TEXTS,),
        Type.NUMBER,
        {"en": "number of times {1} occurs in {0}", "zh": "{0}中{1}出现的次数"},
        {
            "en": "How often a text holds another, without overlap; upper and lower case differ; "
            "missing for an empty part.",
            "zh": "文本中另一文本不重叠出现的次数；区分大小写；所找文本为空时缺失。",
        },
        'occurrences(remark, "/")',
        _occurrences,
        arity=(2, 2),
    ),
    Operator(
        "keyword",
        "row",
        (TEXTS,),
        Type.FLAG,
        {"en": _any_of("en"), "zh": _any_of("zh")},
        {
            "en": "Whether a text holds any of some words: as whole words, one with Chinese characters anywhere; "
            "upper and lower case are the same.",
            "zh": "文本是否提到任一词语：字母词须为整词，含汉字者在任意位置均可；不区分大小写。",
        },
        'keyword(remark, "refund", "chargeback")',
        _keyword,
        arity=(2, None),
        denial={"en": (" mentions ", " does not mention "), "zh": ("提到", "未提到")},
    ),
    Operator(
        "term_share",
        "row",
        (TEXTS,),
        Type.NUMBER,
        {"en": "share of {1} among the words of {0}", "zh": "{1}在{0}各词中的占比"},
        {
            "en": "How often a word occurs, per word of the text (its term frequency); upper and lower case are the "
            "same; missing where there are no words. Times an idf it is a tf-idf part.",
            "zh": "某词出现次数与文本词数之比（词频）；不区分大小写；文本无词时缺失。乘以 idf 即为 tf-idf 分量。",
        },
        'term_share(remark, "refund") * 3.2',
        _term_share,
        arity=(2, 2),
    ),
)
