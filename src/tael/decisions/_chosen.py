"""What an approval policy chose, and how to say it."""

from __future__ import annotations

from dataclasses import dataclass

from tael.validation.words import Words


@dataclass(frozen=True, slots=True)
class ApprovalFit:
    """What `ApprovalPolicy.fit` chose, and what it promises on the sample it was chosen on.

    Parameters
    ----------
    status : str
        "chosen"; "min_approval_missed" (the bad-rate limit allows less than the smallest approval asked for);
        "nobody" (no cut-off meets the bad-rate limit); "unprofitable" (every cut-off loses money).
    cutoff : float or None
        Highest probability of default approved, were there no referrals; None: nobody.
    approve_up_to, refer_up_to : float or None
        Approved without a look up to the first, referred up to the second.
    approval, bad_rate, observed_bad_rate : float or None
        Share approved at the cut-off, its expected and observed bad rate.
    profit, profit_per_applicant : float
        Expected, in currency, at the cut-off.
    n : int
        Applicants of the sample.
    best_bad_rate, best_approval : float or None
        The lowest bad rate any cut-off has, and the most that could be approved under the limit.
    binding : str
        What stopped the cut-off: "profit", "bad_rate", "observed_bad_rate" (the expected one would have let profit
        have its way), "min_approval", "everyone" (nothing did); "" where there is
        no cut-off.
    profit_cutoff : float or None
        Where profit alone would have put it.
    """

    status: str
    cutoff: float | None
    approve_up_to: float | None
    refer_up_to: float | None
    approval: float
    bad_rate: float | None
    observed_bad_rate: float | None
    profit: float
    profit_per_applicant: float
    n: int
    best_bad_rate: float | None
    best_approval: float
    binding: str = ""
    profit_cutoff: float | None = None


def stopped_by(place: int, free: int, last: int, *, minimum: bool) -> str:
    """What stopped a cut-off.

    Parameters
    ----------
    place, free, last : int
        Places, from the strictest on: of the chosen cut-off, of the best one without limits, and of the loosest.
    minimum : bool
        Whether a smallest approval was asked for.

    Examples
    --------
    >>> stopped_by(3, 5, 9, minimum=False), stopped_by(5, 5, 9, minimum=False), stopped_by(7, 5, 9, minimum=True)
    ('bad_rate', 'profit', 'min_approval')
    """
    if place < free:
        return "bad_rate"
    if place > free and minimum:
        return "min_approval"
    return "everyone" if place == last else "profit"


def what_stopped(f: ApprovalFit, limit: float | None, wanted: float | None) -> Words:
    """What stopped the cut-off, in a sentence."""
    free = "" if f.profit_cutoff is None else f"{f.profit_cutoff:.2%}"
    if f.status == "min_approval_missed":
        return Words(
            "The bad-rate limit stopped the cut-off, before the wanted approval was reached.",
            "分数线受坏样本率上限约束，未达到要求的批准率。",
        )
    if f.status == "unprofitable":
        return Words("Profit stopped it: no cut-off earns money.", "受利润约束：任何分数线都不盈利。")
    if f.status == "nobody":
        return message(f, limit, wanted)
    if f.binding in ("bad_rate", "observed_bad_rate"):
        en, zh = ("observed", "实际") if f.binding == "observed_bad_rate" else ("expected", "预期")
        return Words(
            f"The limit of {limit or 0:.2%} on the {en} bad rate stopped the cut-off; profit alone would have gone up "
            f"to {free}.",
            f"分数线受{zh}坏样本率上限 {limit or 0:.2%} 约束；若只看利润，分数线可放宽至 {free}。",
        )
    if f.binding == "min_approval":
        return Words(
            f"The wanted approval of {wanted or 0:.1%} moved the cut-off; profit alone would have stopped at {free}.",
            f"分数线由要求的批准率 {wanted or 0:.1%} 决定；若只看利润，分数线应为 {free}。",
        )
    if f.binding == "everyone":
        return Words(
            "Nothing stopped the cut-off: it lets all of the sample in.", "分数线未受任何约束：样本全部在分数线以内。"
        )
    return Words(
        "Profit stopped the cut-off: those beyond it are expected to lose more than they earn."
        + ("" if limit is None else " The bad-rate limit was not reached."),
        "分数线由利润决定：分数线以外者预期亏损大于收益。" + ("" if limit is None else "坏样本率上限未触及。"),
    )


def message(f: ApprovalFit, limit: float | None, wanted: float | None) -> Words:
    """What was chosen under a bad-rate limit and a wanted approval, in a sentence."""
    if f.status == "nobody":
        if limit is None or f.best_bad_rate is None:
            return Words("The caps let nobody in: everyone is declined.", "上限不允许任何人通过：全部拒绝。")
        return Words(
            f"Nobody qualifies: even the strictest cut-off has a bad rate of {f.best_bad_rate:.2%}, above the limit of "
            f"{limit:.2%}. Everyone is declined.",
            f"无人符合条件：最严格分数线的坏样本率仍为 {f.best_bad_rate:.2%}，高于上限 {limit:.2%}。全部拒绝。",
        )
    if f.status == "unprofitable":
        return Words(
            "No cut-off is expected to earn money on these terms. Everyone is declined.",
            "在这些条款下，任何分数线预期都不盈利。全部拒绝。",
        )
    en = f"Approve up to a probability of default of {f.cutoff:.2%}: {f.approval:.1%} approved, "
    en += f"expected bad rate {f.bad_rate:.2%}"
    zh = f"违约概率不超过 {f.cutoff:.2%} 者批准：批准率 {f.approval:.1%}，预期坏样本率 {f.bad_rate:.2%}"
    if f.observed_bad_rate is not None:
        en, zh = f"{en}, observed {f.observed_bad_rate:.2%}", f"{zh}，实际 {f.observed_bad_rate:.2%}"
    if limit is not None:
        en, zh = f"{en} (limit {limit:.2%})", f"{zh}（上限 {limit:.2%}）"
    en = f"{en}, expected profit {f.profit_per_applicant:,.2f} per applicant."
    zh = f"{zh}，每位申请人预期利润 {f.profit_per_applicant:,.2f}。"
    if f.status == "min_approval_missed":
        en += f" The wanted approval of {wanted:.1%} cannot be reached: "
        en += f"the bad-rate limit allows {f.best_approval:.1%}."
        zh += f"无法达到要求的批准率 {wanted:.1%}：坏样本率上限只允许 {f.best_approval:.1%}。"
    return Words(en, zh)
