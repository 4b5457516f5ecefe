"""The features in words: gain, stability, coverage and shape; and what the search tried."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tael.reports.charts import share_bar, sparkline
from tael.reports.context import Page, Section, barred, details, table, tile, total
from tael.reports.formats import finite
from tael.reports.html import Safe, el, join

SHOWN = 15
MISSING = "missing"
FEW_ROWS, FEW_SHARE = 20, 0.05


def _bins(feature: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [b for b in feature.get("shape") or [] if isinstance(b, Mapping)]


def _bin_name(page: Page, one: Mapping[str, Any]) -> str:
    """A bin in words, its bounds as a person writes them; a name that holds no number is shown as it is."""
    label, low, high = str(one.get("label") or ""), finite(one.get("low")), finite(one.get("high"))
    if label == MISSING:
        return page.t("features.missing_bin")
    if label == "all" and low is None and high is None:
        return page.t("features.all_bin")
    try:
        return page.fmt.value(float(label))
    except ValueError:
        pass  # not a single value but a range, or a name
    if low is not None and high is not None:
        return page.t("features.between", **dict(zip(("low", "high"), page.fmt.ends(low, high), strict=True)))
    if high is not None:
        return page.t("features.up_to", high=page.fmt.value(high))
    return label if low is None else page.t("features.above", low=page.fmt.value(low))


def _few(bins: list[Mapping[str, Any]]) -> list[int]:
    """Places of the bins that rest on fewer than 20 rows or 5 % of them: their rate is mostly chance."""
    sizes = [finite(b.get("n")) for b in bins]
    everyone = total(sizes)
    return [k for k, n in enumerate(sizes) if n is not None and (n < FEW_ROWS or n < FEW_SHARE * everyone)]


def _shape(page: Page, feature: Mapping[str, Any]) -> Safe | str:
    bins = sorted(_bins(feature), key=lambda b: b.get("label") == MISSING)
    if not bins:
        return page.t("missing.shape")
    whole = sum(b["label"] != MISSING for b in bins if "label" in b)
    few = _few(bins)
    said = ", ".join(
        f"{_bin_name(page, b)}: {page.fmt.percent(b.get('rate'))}"
        + (f" ({page.t('features.few')})" if k in few else "")
        for k, b in enumerate(bins)
    )
    return sparkline([b.get("rate") for b in bins], finite(page.at("observations", "base_rate")), whole, said, few)


def _row(page: Page, rank: int, feature: Mapping[str, Any], most: float) -> list[Any]:
    share = finite(feature.get("share"))
    words = join(
        el("span", f"{rank}", class_="rank"),
        page.say(feature.get("words")) or str(feature.get("name") or ""),
        el("code", feature.get("formula") or feature.get("name") or ""),
    )
    gain = barred(page.fmt.percent(share), share_bar(share or 0.0, most))
    return [
        words,
        gain,
        _shape(page, feature),
        page.fmt.number(feature.get("stability"), 2),
        page.fmt.percent(feature.get("coverage"), 0),
    ]


def _table(page: Page, caption: str, found: list[tuple[int, Mapping[str, Any]]], most: float) -> Safe:
    heads = [page.t(f"features.{k}") for k in ("feature", "gain", "shape", "stability", "coverage")]
    return table(
        caption, heads, [_row(page, rank, f, most) for rank, f in found], text=(0, 1, 2), kind="features ranked"
    )


def _bin_table(page: Page, feature: Mapping[str, Any]) -> Safe | None:
    bins = _bins(feature)
    if not bins:
        return None
    heads = [page.t(f"features.{k}") for k in ("bin", "n", "rate", "contribution")]
    few = _few(bins)
    cells = [
        [
            join(_bin_name(page, b), el("small", page.t("features.few"), class_="interval") if k in few else None),
            page.fmt.integer(b.get("n")),
            page.fmt.percent(b.get("rate")),
            page.fmt.number(b.get("mean_contribution"), 2),
        ]
        for k, b in enumerate(bins)
    ]
    return table(page.say(feature.get("words")) or str(feature.get("name")), heads, cells, kind="narrow")


def _search(page: Page) -> Safe:
    search, fmt = page.at("search"), page.fmt
    if not isinstance(search, Mapping):
        return page.missing("missing.search")
    seconds = fmt.number(search.get("seconds"), 1)
    tiles = el(
        "dl",
        tile(page.t("search.candidates"), fmt.integer(search.get("candidates"))),
        tile(page.t("search.kept"), fmt.integer(search.get("kept"))),
        tile(page.t("search.seconds"), page.t("unit.seconds", n=seconds)),
        tile(page.t("search.forecast"), f"{fmt.integer(search.get('forecast_mb'))} MB", page.t("search.alone")),
        class_="tiles",
    )
    dropped = search.get("dropped")
    if not isinstance(dropped, Mapping) or not dropped:
        return tiles
    most = max((finite(v) or 0.0 for v in dropped.values()), default=0.0)
    cells = [
        [page.name("dropped", why), barred(fmt.integer(n), share_bar(finite(n) or 0.0, most, "grey"))]
        for why, n in sorted(dropped.items(), key=lambda item: -(finite(item[1]) or 0.0))
    ]
    return join(
        tiles, table(page.t("search.dropped"), [page.t("search.why"), page.t("search.n")], cells, kind="narrow")
    )


def _gain(feature: Mapping[str, Any]) -> float:
    share = finite(feature.get("share"))
    return (finite(feature.get("gain")) or 0.0) if share is None else share


def _thin(page: Page, found: list[tuple[int, Mapping[str, Any]]]) -> Safe | None:
    """A line that says how many pictures hold bins of few rows."""
    n = sum(bool(_few(_bins(feature))) for _, feature in found)
    if not n:
        return None
    return el(
        "p", page.t("features.few_read", n=n, all=len(found), rows=FEW_ROWS, share=page.fmt.percent(FEW_SHARE, 0))
    )


def render(page: Page) -> Safe:
    """Draw the section."""
    found = list(enumerate(sorted(page.rows("features"), key=_gain, reverse=True), 1))
    if not found:
        return join(page.missing("missing.features"), el("h3", page.t("features.search")), _search(page))
    most = max((finite(f.get("share")) or 0.0 for _, f in found), default=0.0)
    rest = found[SHOWN:]
    tables = [t for _, f in found[:SHOWN] if (t := _bin_table(page, f)) is not None]
    parts = [
        el("p", page.t("features.read")),
        _thin(page, found),
        _table(page, page.t("features.top", n=min(SHOWN, len(found)), all=len(found)), found[:SHOWN], most),
        details(page.t("features.rest", n=len(rest)), _table(page, page.t("features.rest", n=len(rest)), rest, most))
        if rest
        else None,
        details(page.t("features.bins"), el("div", tables, class_="grid")) if tables else None,
        el("h3", page.t("features.search")),
        el("p", page.t("features.search_text"), class_="note"),
        _search(page),
    ]
    return join(parts)


SECTION = Section("features", "section.features", render)
