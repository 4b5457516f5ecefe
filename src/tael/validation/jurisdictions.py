"""What a fairness report is read against in each place: notes with their sources, no verdicts.

The notes were written in 2026 and say where a rule is in motion. They are no legal advice: a person who knows the law
checks them against the text.
"""

from __future__ import annotations

from dataclasses import dataclass

from tael.errors import ValidationError, did_you_mean
from tael.validation.words import Words


@dataclass(frozen=True)
class Jurisdiction:
    """One place.

    Parameters
    ----------
    code : str
    title : Words
    protected : tuple of Words
        The grounds that the law there names.
    notes : tuple of Words
        What applies, with the source.
    ratio_mark : float or None
        Adverse impact ratio that is customary as a mark there; None where none is.
    """

    code: str
    title: Words
    protected: tuple[Words, ...]
    notes: tuple[Words, ...]
    ratio_mark: float | None = None

    def to_dict(self) -> dict[str, object]:
        """Plain data for `run.json`."""
        return {
            "code": self.code,
            "title": self.title.to_dict(),
            "protected": [words.to_dict() for words in self.protected],
            "notes": [words.to_dict() for words in self.notes],
            "ratio_mark": self.ratio_mark,
        }


_US = Jurisdiction(
    "us",
    Words("United States", "美国"),
    (
        Words(
            "race, color, religion, national origin, sex, marital status", "种族、肤色、宗教、原国籍、性别、婚姻状况"
        ),
        Words(
            "age (of those who may enter a contract), income from public assistance, rights exercised under the "
            "Consumer Credit Protection Act",
            "年龄（具备缔约能力者）、来自公共援助的收入、依《消费者信贷保护法》行使权利",
        ),
    ),
    (
        Words(
            "Equal Credit Opportunity Act, 15 U.S.C. 1691, and Regulation B, 12 CFR 1002: no discrimination on a "
            "prohibited basis (1002.2(z), 1002.4), age in scoring systems (1002.6(b)(2)), notice with reasons "
            "(1002.9).",
            "《平等信贷机会法》（15 U.S.C. 1691）与 B 条例（12 CFR 1002）：不得基于禁止事由歧视（1002.2(z)、1002.4），"
            "评分系统中的年龄（1002.6(b)(2)），附理由的通知（1002.9）。",
        ),
        Words(
            "The amendment of Regulation B in force since 21 July 2026 says that the Act knows no effects test; "
            "neutral criteria that serve as intended proxies stay forbidden. State law and the Fair Housing Act have "
            "their own rules.",
            "2026 年 7 月 21 日生效的 B 条例修订称该法不适用“效果测试”；有意充当替代变量的中性标准仍被禁止。"
            "州法与《公平住房法》另有规定。",
        ),
        Words(
            "Four fifths: a selection rate below 80 % of the best group's, 29 CFR 1607.4(D). It comes from employment "
            "and is a rule of thumb; the same paragraph warns of small numbers and asks for statistical significance.",
            "五分之四规则：入选率低于最高组的 80%（29 CFR 1607.4(D)）。它源于雇佣领域，仅为经验规则；同一条款提醒"
            "小样本问题，并要求统计显著性。",
        ),
    ),
    0.8,
)

_EU = Jurisdiction(
    "eu",
    Words("European Union", "欧盟"),
    (
        Words(
            "sex (Directive 2004/113/EC), racial or ethnic origin (Directive 2000/43/EC), and the grounds of article "
            "21 of the Charter",
            "性别（2004/113/EC 指令）、种族或民族（2000/43/EC 指令），以及《基本权利宪章》第 21 条所列事由",
        ),
        Words(
            "nationality and place of residence within the Union in consumer credit (Directive (EU) 2023/2225)",
            "消费信贷中的国籍与联盟内居住地（(EU) 2023/2225 指令）",
        ),
    ),
    (
        Words(
            "AI Act, Regulation (EU) 2024/1689, annex III point 5(b): judging the creditworthiness of natural persons "
            "is a high-risk use. Article 10 asks to look for bias in the data, article 14 for human oversight, article "
            "27 for an assessment of fundamental rights, article 86 for an explanation of the single decision. The "
            "duties of annex III were put off to 2 December 2027 by the amendment adopted in June 2026.",
            "《人工智能法》（(EU) 2024/1689）附件三第 5(b) 点：评估自然人信用属高风险用途。第 10 条要求检查数据偏差，"
            "第 14 条要求人工监督，第 27 条要求基本权利影响评估，第 86 条规定对个案决定的解释权。2026 年 6 月通过的修订"
            "将附件三义务推迟至 2027 年 12 月 2 日。",
        ),
        Words(
            "General Data Protection Regulation, article 22: nobody is to be subject to a decision based solely on "
            "automated processing, save in the cases of paragraph 2, with human intervention on request; a score on "
            "which the decision strongly draws is such a decision (Court of Justice, C-634/21).",
            "《通用数据保护条例》第 22 条：除第 2 款情形外，任何人不受仅基于自动化处理的决定约束，并可要求人工介入；"
            "决定高度依赖的评分即属此类决定（欧盟法院 C-634/21）。",
        ),
        Words(
            "No ratio is set as a mark. What is measured here serves article 10; keeping a protected column for it "
            "needs a ground of its own (article 10(5); GDPR article 9).",
            "法律未设定比率界限。此处的测量服务于第 10 条；为此保存受保护属性需有单独依据（第 10(5) 条；"
            "GDPR 第 9 条）。",
        ),
    ),
)

_CN = Jurisdiction(
    "cn",
    Words("China", "中国"),
    (
        Words(
            "no list for credit; ethnicity, sex and religious belief under general law, and sensitive personal "
            "information (Personal Information Protection Law, article 28)",
            "信贷领域无专门清单；一般法律中的民族、性别、宗教信仰，以及敏感个人信息（《个人信息保护法》第二十八条）",
        ),
    ),
    (
        Words(
            "Personal Information Protection Law, article 24: automated decisions must be transparent, fair and "
            "impartial, without unreasonable differential treatment in price and other terms; where a decision weighs "
            "heavily on a person's rights, the person may ask for an explanation and may refuse a decision made by "
            "automated means alone. Article 55 asks for an impact assessment beforehand.",
            "《个人信息保护法》第二十四条：自动化决策应当透明，结果公平、公正，不得在交易价格等交易条件上实行不合理的"
            "差别待遇；对个人权益有重大影响的决定，个人有权要求说明，并有权拒绝仅通过自动化决策作出的决定。第五十五条"
            "要求事前进行影响评估。",
        ),
        Words(
            "Interim Measures for the Administration of Internet Loans of Commercial Banks (2020): risk data from "
            "lawful sources; models developed, tested, reviewed, monitored and retired under control; human review "
            "beside automatic approval.",
            "《商业银行互联网贷款管理暂行办法》（2020）：风险数据来源合法；风险模型的开发、测试、评审、监测与退出均受"
            "管控；自动审批辅以人工复核。",
        ),
        Words(
            "No ratio is set as a mark.",
            "法律未设定比率界限。",
        ),
    ),
)

_NONE = Jurisdiction(
    "none",
    Words("no place stated", "未指明法域"),
    (),
    (
        Words(
            "No place was stated, so these figures are read against no rule.",
            "未指明法域，因此这些数字不对照任何规则。",
        ),
    ),
)

JURISDICTIONS = {place.code: place for place in (_US, _EU, _CN, _NONE)}


def jurisdiction(code: str) -> Jurisdiction:
    """Look up a place.

    Raises
    ------
    ValidationError
        If there is none of that code.

    Examples
    --------
    >>> jurisdiction("us").ratio_mark
    0.8
    """
    if code not in JURISDICTIONS:
        raise ValidationError(
            "There are no notes on this place.",
            expected=", ".join(JURISDICTIONS),
            got=str(code),
            fix=did_you_mean(str(code), JURISDICTIONS),
        )
    return JURISDICTIONS[code]
