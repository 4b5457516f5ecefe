"""Complaints in the words of customers who do not exist: sentences put together by topic, in English or Chinese."""

from __future__ import annotations

import numpy as np

from tael.datasets.bank_calendar import Ints

COLLECTION_TOPICS = ("night calls", "relatives contacted", "threats", "wrong amount", "payment not booked")
SERVICE_TOPICS = ("fees", "app failure", "waiting time", "unwanted calls")

_OPENINGS = {
    "en": ("I want to complain.", "This is my second letter about this.", "I am very unhappy with your service.", ""),
    "zh": ("我要投诉。", "这已经是我第二次反映此事。", "我对贵行的服务非常不满。", ""),
}

_STORIES: dict[str, dict[str, tuple[str, ...]]] = {
    "night calls": {
        "en": ("Somebody phoned me after ten at night about my instalment.", "They keep calling late in the evening."),
        "zh": ("晚上十点以后还有人打电话催我还款。", "催收人员深夜反复来电, 影响家人休息。"),
    },
    "relatives contacted": {
        "en": ("Your collector called my parents and told them about my debt.", "My colleagues got calls about me."),
        "zh": ("催收人员给我父母打电话, 透露了我的欠款。", "贵方联系了我的同事, 让我在单位很难堪。"),
    },
    "threats": {
        "en": (
            "The man on the phone threatened to come to my home.",
            "I was shouted at and told I would be sued today.",
        ),
        "zh": ("电话里的人威胁说要上门。", "对方态度恶劣, 威胁今天就起诉我。"),
    },
    "wrong amount": {
        "en": ("The amount you ask for is wrong; the penalty was never explained.", "I owe less than you say."),
        "zh": ("你们要求的金额不对, 罚息从未说明。", "我实际欠款比你们说的少。"),
    },
    "payment not booked": {
        "en": ("I have paid, yet the reminders go on.", "My transfer of last week has still not been booked."),
        "zh": ("我已经还款, 但仍然收到催收短信。", "上周的转账至今没有入账。"),
    },
    "fees": {
        "en": ("I was charged a fee that nobody had told me of.", "The annual fee was taken twice."),
        "zh": ("被收取了从未告知的费用。", "年费被重复扣除。"),
    },
    "app failure": {
        "en": ("The app crashes whenever I open my bills.", "I could not log in for three days."),
        "zh": ("一打开账单页面 App 就闪退。", "连续三天无法登录。"),
    },
    "waiting time": {
        "en": ("I waited forty minutes on the line and nobody answered.", "The branch sent me away twice."),
        "zh": ("客服电话等了四十分钟无人接听。", "网点两次让我白跑一趟。"),
    },
    "unwanted calls": {
        "en": ("Stop calling me with offers, I have said no.", "I get advertising messages every week."),
        "zh": ("请不要再打电话推销, 我已经拒绝过。", "每周都收到广告短信。"),
    },
}

_CLOSINGS = {
    "en": ("Please look into it.", "I expect an apology.", "Otherwise I will turn to the regulator."),
    "zh": ("请尽快核实处理。", "请给我一个道歉。", "否则我将向监管部门投诉。"),
}


def complaint_text(rng: np.random.Generator, topic: Ints, severity: Ints) -> list[str]:
    """Write one short text for each complaint: a beginning, what happened, and an end that fits the severity.

    Parameters
    ----------
    rng : numpy.random.Generator
    topic : int64 array
        Codes into ``COLLECTION_TOPICS + SERVICE_TOPICS``.
    severity : int64 array
        1 to 3.

    Returns
    -------
    list of str

    Examples
    --------
    >>> complaint_text(np.random.default_rng(1), np.array([0]), np.array([3]))[0].endswith("投诉。")
    True
    """
    names = COLLECTION_TOPICS + SERVICE_TOPICS
    chinese = rng.random(len(topic)) < 0.7
    beginning, story = rng.integers(0, 4, len(topic)), rng.integers(0, 2, len(topic))
    texts = []
    for row, code in enumerate(topic):
        lang = "zh" if chinese[row] else "en"
        parts = (
            _OPENINGS[lang][beginning[row]],
            _STORIES[names[code]][lang][story[row]],
            _CLOSINGS[lang][severity[row] - 1],
        )
        texts.append(("" if lang == "zh" else " ").join(part for part in parts if part))
    return texts
