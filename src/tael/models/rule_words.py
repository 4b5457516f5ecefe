"""Rules as sentences, English and Chinese, and as formulas of tael's own language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tael.errors import ModelError
from tael.formulas.grammar import PART, chinese_spaces, spoken_number
from tael.models.rules_terms import MinedRule, RuleFigures, RuleTerm
from tael.tables.schema import Language
from tael.validation.words import Words

Descriptions = Mapping[str, Any]
_PARTS = {"above": "more than {low}", "at_most": "at most {high}", "between": "more than {low} and at most {high}"}
_WHERE, _ASKED = " where ", ("share of ", "longest run of ")


def check_descriptions(descriptions: Any) -> dict[str, dict[str, str]]:
    """Descriptions of columns as plain dicts: en, zh and perhaps unit.

    Parameters
    ----------
    descriptions : None or mapping of column name to mapping
        ``{"en": "claimed amount", "zh": "申报金额", "unit": "CNY"}``; `Words` and a plain text will do, too.

    Raises
    ------
    ModelError
        A description that is none of these.

    Examples
    --------
    >>> check_descriptions({"a": Words("amount", "金额"), "b": {"en": "days", "zh": "天数", "unit": "days"}})["a"]
    {'en': 'amount', 'zh': '金额'}
    """
    out: dict[str, dict[str, str]] = {}
    for name, said in (descriptions or {}).items():
        if isinstance(said, Words):
            out[str(name)] = said.to_dict()
        elif isinstance(said, str):
            out[str(name)] = {"en": said, "zh": said}
        elif isinstance(said, Mapping) and {"en", "zh"} <= set(said) and all(isinstance(v, str) for v in said.values()):
            out[str(name)] = {k: said[k] for k in ("en", "zh", "unit") if k in said}
        else:
            raise ModelError(
                "A column's description cannot be read.",
                expected='{"en": text, "zh": text} and perhaps "unit": text',
                got=repr(said)[:120],
                where=f"descriptions[{name!r}]",
            )
    return out


def term_words(term: RuleTerm, said: Mapping[str, str], is_flag: bool, lang: Language) -> str:
    """One condition as a person reads it.

    Examples
    --------
    >>> said = {"en": "claimed amount", "zh": "申报金额", "unit": "CNY"}
    >>> term_words(RuleTerm(0, low=20000.0), said, False, "en"), term_words(RuleTerm(0, low=20000.0), said, False, "zh")
    ('claimed amount is above 20,000 CNY', '申报金额大于 20,000 元')
    >>> term_words(RuleTerm(0, high=3.0, missing=True), said, False, "en")
    'claimed amount is at most 3 CNY or missing'
    >>> said = {"en": "total amount of claims where days late is above 30 days", "zh": "", "unit": "CNY"}
    >>> term_words(RuleTerm(0, low=5000.0), said, False, "en")
    'total amount of claims (only those where days late is above 30 days) is above 5,000 CNY'
    >>> said = {"en": "share of claims where days late is above 30 days", "zh": "", "unit": "part of one"}
    >>> term_words(RuleTerm(0, low=0.07), said, False, "en")
    'more than 7% of claims are those where days late is above 30 days'
    """
    name, unit, kind = said[lang], said.get("unit"), term.kind
    low, high = (spoken_number(v, unit, lang) if np.isfinite(v) else "" for v in (term.low, term.high))
    english = lang == "en"
    if english and not is_flag:
        if kind in _PARTS and not term.missing and (part := _part_of(name)) is not None and unit == PART:
            return f"{_PARTS[kind].format(low=low, high=high)} of {part}"
        name = set_off(name)
    if kind == "missing":
        return f"{name} is missing" if english else chinese_spaces(f"{name}缺失")
    if kind == "known":
        return f"{name} is known" if english else chinese_spaces(f"{name}不缺失")
    if is_flag:
        is_so = kind == "above"
        text = name if is_so else _denied(name, lang)
    elif english:
        text = {
            "above": f"{name} is above {low}",
            "at_most": f"{name} is at most {high}",
            "between": f"{name} is above {low} and at most {high}",
        }[kind]
    else:
        text = {
            "above": f"{name}大于{low}",
            "at_most": f"{name}不大于{high}",
            "between": f"{name}大于{low}且不大于{high}",
        }[kind]
    if term.missing:
        text += " or missing" if english else "或缺失"
    return text if english else chinese_spaces(text)


def rule_words(
    terms: Sequence[RuleTerm], names: Sequence[str], descriptions: Mapping[str, Mapping[str, str]],
    flags: Sequence[bool], lang: Language = "en",
) -> str:  # fmt: skip
    """All conditions of a rule in one line.

    Parameters
    ----------
    terms : sequence of RuleTerm
    names : sequence of str
        Of all columns; a column without a description is said by its name.
    descriptions : mapping
        From `check_descriptions`.
    flags : sequence of bool
        Which columns are true or false.
    lang : {"en", "zh"}
    """
    return (", and " if lang == "en" else "，且").join(condition_words(terms, names, descriptions, flags, lang))


def condition_words(
    terms: Sequence[RuleTerm], names: Sequence[str], descriptions: Mapping[str, Mapping[str, str]],
    flags: Sequence[bool], lang: Language = "en",
) -> list[str]:  # fmt: skip
    """Each condition of a rule; parameters as of `rule_words`."""
    Words("", "").text(lang)  # refuses other languages
    parts = []
    for term in terms:
        name = names[term.column]
        parts.append(term_words(term, descriptions.get(name, {"en": name, "zh": name}), flags[term.column], lang))
    return parts


def set_off(name: str) -> str:
    """An English name whose last words say which rows count, with brackets around these.

    >>> set_off("number of claims where amount is above 5 CNY"), set_off("share of claims where amount is above 5 CNY")
    ('number of claims (only those where amount is above 5 CNY)', '(share of claims where amount is above 5 CNY)')
    >>> set_off("ratio of (number of claims where amount is above 5 CNY) to income")
    'ratio of (number of claims where amount is above 5 CNY) to income'
    """
    places = _wheres(name)
    if not places:
        return name
    # a share is asked about all rows, and two conditions may be of two kinds of row: there nothing is set apart
    if len(places) > 1 or name.startswith(_ASKED):
        return f"({name})"
    return f"{name[: places[0]]} (only those{name[places[0] :]})"


def _wheres(name: str) -> list[int]:
    """Where "where" stands outside brackets."""
    depth, places = 0, []
    for place, letter in enumerate(name):
        depth += (letter == "(") - (letter == ")")
        if depth == 0 and name.startswith(_WHERE, place):
            places.append(place)
    return places


def _part_of(name: str) -> str | None:
    """A share as what it is a part of, and which part; None: no share of rows or of their sum.

    >>> _part_of("share of total amount of claims where purpose is car")
    'total amount of claims comes from those where purpose is car'
    """
    places = _wheres(name)
    if len(places) != 1 or not name.startswith("share of ") or name.startswith("share of the most frequent "):
        return None
    whole, condition = name[len("share of ") : places[0]], name[places[0] :]
    return f"{whole} {'comes from' if whole.startswith('total ') else 'are'} those{condition}"


def _denied(name: str, lang: Language) -> str:
    """A flag that does not hold: "fault is third party" is denied where it is said, a longer one as a whole."""
    en = lang == "en"
    # 为 without spaces may be a part of a word, such as 行为
    old, new, joints = (" is ", " is not ", (" and ", " or ", "(")) if en else (" 为 ", " 不为 ", ("且", "或", "（"))
    if name.count(old) == 1 and not any(joint in name for joint in joints):
        return name.replace(old, new)
    return f"not ({name})" if en else f"非（{name}）"


def rule_sentence(number: int, conditions: Sequence[str], rule: MinedRule, lang: Language = "en") -> str:
    """A rule with what it found, as it goes into a report: more than one condition is listed, a line each.

    Parameters
    ----------
    number : int
        Place in the list, from 1.
    conditions : sequence of str
        From `condition_words`.
    rule : MinedRule
    lang : {"en", "zh"}
    """
    f = rule.judged or rule.mined
    where, where_zh = (" of later rows", "在其后的数据中，") if rule.judged else ("", "")
    if len(conditions) == 1:
        en, zh = f"Rule {number}: {conditions[0]}. ", f"规则 {number}：{conditions[0]}。"
    else:
        en = f"Rule {number}: all of these hold\n" + "".join(f"  {i}. {one}\n" for i, one in enumerate(conditions, 1))
        zh = f"规则 {number}：同时满足\n" + "".join(f"  {i}. {one}\n" for i, one in enumerate(conditions, 1))
    en, zh = f"{en}{_found(f, where)}", f"{zh}{where_zh}{_found_zh(f)}"
    if rule.judged is None:
        en += f" To be expected on new rows: {rule.expected:.0%}."
        zh += f"新数据上预计精确率约 {rule.expected:.0%}。"
    if rule.stable is False:
        weak = [p for p in rule.periods if p.rows > 0 and p.lift <= 1.0]
        en += f" Not stable: no better than the base rate from {weak[0].start} to {weak[0].end}."
        zh += f"不稳定：{weak[0].start} 至 {weak[0].end} 期间未优于基准率。"
    return en if lang == "en" else zh


def _found(f: RuleFigures, where: str) -> str:
    text = (
        f"{f.hits:,.0f} of {f.rows:,.0f} cases flagged{where} are positive ({f.precision:.0%}, 95 % interval "
        f"{f.low:.0%} to {f.high:.0%}), {f.lift:.1f} times the base rate; it finds {f.recall:.0%} of all positive cases"
    )
    if f.money is not None:
        text += f" and {f.money:,.0f} of their amount ({f.money_share or 0.0:.0%})"
    return text + "."


def _found_zh(f: RuleFigures) -> str:
    text = (
        f"命中 {f.rows:,.0f} 件，其中 {f.hits:,.0f} 件为正例（{f.precision:.0%}，"
        f"95% 区间 {f.low:.0%} 至 {f.high:.0%}），为基准率的 {f.lift:.1f} 倍；覆盖全部正例的 {f.recall:.0%}"
    )
    if f.money is not None:
        text += f"，涉及金额 {f.money:,.0f}（占 {f.money_share or 0.0:.0%}）"
    return text + "。"


def rule_formula(
    terms: Sequence[RuleTerm], names: Sequence[str], formulas: Mapping[str, str], flags: Sequence[bool]
) -> str:
    """A rule over formulas as one formula: `tael.formulas.words` says it, the engine computes it, SQL has it, too.

    Parameters
    ----------
    terms : sequence of RuleTerm
    names : sequence of str
        Of all columns.
    formulas : mapping of column name to formula
    flags : sequence of bool
        Which columns are true or false (so are their formulas).

    Raises
    ------
    ModelError
        A column of the rule that has no formula.

    Examples
    --------
    >>> rule_formula([RuleTerm(0, low=3.0), RuleTerm(1, low=0.0)], ["n", "night"],
    ...              {"n": "count(transfers)", "night": "channel == 'night'"}, [False, True])
    "count(transfers) > 3 and (channel == 'night')"
    """
    parts = []
    for term in terms:
        name = names[term.column]
        if name not in formulas:
            raise ModelError(
                "A rule uses a column that has no formula.", expected="a formula for each column", got=name,
                where="formulas",
            )  # fmt: skip
        text = formulas[name]
        held = text if _is_call(text) else f"({text})"
        low, high = f"{term.low:.17g}", f"{term.high:.17g}"
        if term.kind == "missing":
            said = f"is_missing({text})"
        elif term.kind == "known":
            said = f"not is_missing({text})"
        elif flags[term.column]:
            said = held if term.kind == "above" else f"not {held}"
        elif term.kind == "between":
            said = f"{held} > {low} and {held} <= {high}"
        else:
            said = f"{held} > {low}" if term.kind == "above" else f"{held} <= {high}"
        parts.append(f"({said} or is_missing({text}))" if term.missing and term.kind != "missing" else said)
    return " and ".join(parts)


def _is_call(text: str) -> bool:
    """Whether a formula is one call or one name, which needs no brackets.

    >>> _is_call("count(a, last='3d')"), _is_call("count(a) / count(b)"), _is_call("amount")
    (True, False, True)
    """
    import ast

    return isinstance(ast.parse(text, mode="eval").body, ast.Call | ast.Name | ast.Attribute)
