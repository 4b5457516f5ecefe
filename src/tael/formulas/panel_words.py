"""Panel formulas in words, English and Chinese; made of the panel's titles and units."""

from __future__ import annotations

from tael.formulas import operators
from tael.formulas.grammar import chinese_spaces, spoken_number, spoken_text
from tael.formulas.owners import PHRASE
from tael.formulas.panel import PanelCall, PanelConstant, PanelField, PanelNode, PanelSchema, resolve_panel
from tael.formulas.printer import number_text
from tael.formulas.syntax import Node
from tael.formulas.words import CLAUSE, HOLDS, NEEDS, NOUN
from tael.tables.schema import Language, Type

_DAYS = ("1d", "d", "day")


def panel_words(formula: Node | str, schema: PanelSchema, lang: Language = "en") -> str:
    """Say a formula on a market panel.

    Parameters
    ----------
    formula : Node or str
    schema : PanelSchema
        Its titles and units are used; names where it gives none. Bars of ``"1d"`` are said as days.
    lang : {"en", "zh"}

    Returns
    -------
    str

    Raises
    ------
    FormulaError
        If the formula does not fit the panel.

    Examples
    --------
    >>> from tael.formulas.panel import PanelSchema
    >>> schema = PanelSchema.of("close", groups=("sector",))
    >>> panel_words("rank(ts_mean(close, 20), by=sector)", schema)
    'cross-sectional rank of 20-day average of close within sector'
    >>> panel_words("ts_mean(close, 20)", schema, "zh")
    'close 的 20 日均值'
    """
    text = _Speaker(schema, lang).say(resolve_panel(formula, schema, label=True), 0)
    return chinese_spaces(text) if lang == "zh" else text


class _Speaker:
    def __init__(self, schema: PanelSchema, lang: Language) -> None:
        self.schema, self.lang, self.english = schema, lang, lang == "en"

    def say(self, node: PanelNode, needed: int, unit: str | None = None) -> str:
        text, holds = self.said(node, unit)
        if holds >= needed:
            return text
        return f"({text})" if self.english else f"（{text}）"

    def said(self, node: PanelNode, unit: str | None) -> tuple[str, int]:
        match node:
            case PanelField():
                return self.schema.title_of(node.name, self.lang), NOUN
            case PanelConstant():
                return self.literal(node, unit), NOUN
            case PanelCall():
                return self.panel(node) if operators.is_panel(node.op) else self.row(node)

    def literal(self, node: PanelConstant, unit: str | None) -> str:
        if isinstance(node.value, str):
            return spoken_text(node.value)
        if isinstance(node.value, bool):
            return str(node.value).lower() if self.english else ("是" if node.value else "否")
        return spoken_number(node.value, unit, self.lang)

    def row(self, node: PanelCall) -> tuple[str, int]:
        operator = operators.get(node.op)
        holds = HOLDS.get(node.op, CLAUSE if node.type is Type.FLAG else PHRASE)
        units = [self.schema.units.get(arg.name) for arg in node.args if isinstance(arg, PanelField)]
        unit = next((one for one in units if one), None) if holds == CLAUSE else None
        default = HOLDS["add"] if holds == CLAUSE else PHRASE
        needs = NEEDS.get(node.op, (default, default))
        texts = [self.say(arg, needs[min(place, 1)], unit) for place, arg in enumerate(node.args)]
        return operator.say(texts, [arg.type for arg in node.args], self.lang), holds

    def panel(self, node: PanelCall) -> tuple[str, int]:
        operator = operators.get(node.op)
        texts = [self.say(arg, PHRASE) for arg in node.args]
        slots = {"value": texts[0], "second": texts[1] if len(texts) > 1 else ""}
        groups = [self.schema.title_of(name, self.lang) for name in node.by]
        if self.english:
            slots["within"] = f" within {' and '.join(groups)}" if groups else ""
            slots["against"] = " and ".join([*texts[1:], *groups])
        else:
            slots["within"] = f"同{'、'.join(groups)}内" if groups else ""
            slots["against"] = "、".join([*texts[1:], *groups])
        parameters = list(node.constants)
        if operator.window is not None:
            slots |= self.bars(int(parameters.pop(0)))
        slots["parameter"] = " ".join(number_text(one) for one in parameters)
        text = operator.say_rows(slots, [arg.type for arg in node.args], self.lang)
        if node.min_periods is not None:
            least = node.min_periods
            text += f" (from {least} value{'s' * (least > 1)} on)" if self.english else f"（至少 {least} 个值）"
        return text, PHRASE

    def bars(self, count: int) -> dict[str, str]:
        daily = self.schema.bar in _DAYS
        if self.english:
            noun = "day" if daily else "bar"
            return {"span": f"{count}-{noun}", "bars": f"{count} {noun}{'s' * (count > 1)}"}
        return {"span": f"{count} {'日' if daily else '期'}", "bars": f"{count} {'日' if daily else '期'}"}
