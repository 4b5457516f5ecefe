"""What each way of inferring the outcome of the rejected assumes, in English and Chinese."""

from __future__ import annotations

from tael.validation.words import Words

BOUNDS = ("all_good", "all_bad")

TITLES: dict[str, Words] = {
    "accept_only": Words("accepted only", "仅用通过客户"),
    "reweighting": Words("re-weighting", "重新加权"),
    "extrapolation": Words("extrapolation", "外推"),
    "fuzzy": Words("fuzzy augmentation", "模糊扩充"),
    "parcelling": Words("parcelling", "分包法"),
    "all_good": Words("all rejected good", "拒绝客户全好"),
    "all_bad": Words("all rejected bad", "拒绝客户全坏"),
}

_ASSUMES: dict[str, Words] = {
    "accept_only": Words(
        "The rejected are like the accepted: whom the policy rejected was chance (missing completely at random).",
        "拒绝客户与通过客户相同：谁被拒绝纯属偶然（完全随机缺失）。",
    ),
    "reweighting": Words(
        "Among people alike in the features, whom the policy rejected was chance (missing at random), and some people "
        "of every kind were accepted.",
        "特征相同的人中，谁被拒绝纯属偶然（随机缺失），且每类人中都有人获批。",
    ),
    "extrapolation": Words(
        "The model of the accepted holds for the rejected as well (missing at random), also where few were accepted.",
        "通过客户上的模型同样适用于拒绝客户（随机缺失），即使在少有人获批之处。",
    ),
    "fuzzy": Words(
        "As extrapolation. Each rejected person enters twice, good and bad, with the model's probabilities as weights: "
        "it changes the model a little and tells nothing new about the rejected.",
        "同外推。每位拒绝客户按模型概率加权，作为好、坏各计一次：它略微改变模型，但不提供关于拒绝客户的新信息。",
    ),
    "all_good": Words("No rejected person would have gone bad. A bound.", "拒绝客户无一会变坏。此为界限。"),
    "all_bad": Words("Every rejected person would have gone bad. A bound.", "拒绝客户全部会变坏。此为界限。"),
}


def assumes(method: str, factor: float | None = None) -> Words:
    """What a method takes for granted.

    Examples
    --------
    >>> assumes("parcelling", 1.5).en
    'In each band of the score the rejected go bad 1.5 times as often as the accepted (missing not at random).'
    """
    if method != "parcelling":
        return _ASSUMES[method]
    if factor == 1.0:
        return Words(
            "In each band of the score the rejected go bad as often as the accepted (missing at random).",
            "在每个分数段内，拒绝客户的坏样本率与通过客户相同（随机缺失）。",
        )
    return Words(
        f"In each band of the score the rejected go bad {factor:g} times as often as the accepted (missing not at "
        "random).",
        f"在每个分数段内，拒绝客户的坏样本率为通过客户的 {factor:g} 倍（非随机缺失）。",
    )
