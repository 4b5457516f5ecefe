"""A picture as a chart that the word processor draws by itself: DrawingML with the numbers inside, no image."""

from __future__ import annotations

import math
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from tael.reports.charts import nice_ticks
from tael.reports.document.tree import Axis, Picture, Series

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.drawingml.chart+xml"
_SPACES = (
    'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)
COLOURS = {"s1": "0B62A8", "s2": "C4500C", "s3": "00795C", "grey": "8B969F"}
FONTS = '<a:latin typeface="Calibri"/><a:ea typeface="Microsoft YaHei"/>'
LINE = 22_225
"""Width of a line in EMU: 1.75 points."""
TICKS = 8
"""Names of an axis of places that are written; more would run into one another."""
ACROSS, UP = 111, 222
"""Ids of the two axes."""


def chart_xml(picture: Picture) -> str:
    """The chart part of a picture.

    Parameters
    ----------
    picture : Picture
        An x axis of places makes a line chart over names; any other makes a scatter chart.

    Returns
    -------
    str

    Examples
    --------
    >>> axis = Axis("share", 0.0, 1.0)
    >>> text = chart_xml(Picture("ROC", axis, axis, (Series("model", (0.0, 1.0), (0.0, 1.0)),)))
    >>> "<c:scatterChart>" in text, text.count("<c:ser>")
    (True, 1)
    """
    named = picture.x.unit == "place"
    series = "".join(_series(k, one, picture.x if named else None) for k, one in enumerate(picture.series))
    axes = f'<c:axId val="{ACROSS}"/><c:axId val="{UP}"/>'
    if named:
        plot = (
            f'<c:lineChart><c:grouping val="standard"/><c:varyColors val="0"/>{series}<c:marker val="1"/>{axes}'
            f"</c:lineChart>{_axis(picture.x, ACROSS, UP, 'b', named=True)}{_axis(picture.y, UP, ACROSS, 'l')}"
        )
    else:
        plot = (
            f'<c:scatterChart><c:scatterStyle val="lineMarker"/><c:varyColors val="0"/>{series}{axes}</c:scatterChart>'
            f"{_axis(picture.x, ACROSS, UP, 'b')}{_axis(picture.y, UP, ACROSS, 'l')}"
        )
    legend = '<c:legend><c:legendPos val="b"/><c:overlay val="0"/></c:legend>' if len(picture.series) > 1 else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<c:chartSpace {_SPACES}><c:roundedCorners val="0"/>'
        f'<c:chart><c:autoTitleDeleted val="1"/><c:plotArea><c:layout/>{plot}</c:plotArea>{legend}'
        '<c:plotVisOnly val="1"/><c:dispBlanksAs val="gap"/></c:chart>'
        f"<c:spPr><a:noFill/><a:ln><a:noFill/></a:ln></c:spPr>{_font(900)}</c:chartSpace>"
    )


def _font(size: int) -> str:
    return (
        f'<c:txPr><a:bodyPr/><a:lstStyle/><a:p><a:pPr><a:defRPr sz="{size}"><a:solidFill><a:srgbClr val="55636F"/>'
        f'</a:solidFill>{FONTS}</a:defRPr></a:pPr><a:endParaRPr lang="en-US"/></a:p></c:txPr>'
    )


def _stroke(colour: str, width: int, dash: str = "") -> str:
    kind = f'<a:prstDash val="{dash}"/>' if dash else ""
    return f'<a:ln w="{width}"><a:solidFill><a:srgbClr val="{colour}"/></a:solidFill>{kind}</a:ln>'


def _numbers(values: Sequence[float | None]) -> str:
    points = "".join(f'<c:pt idx="{k}"><c:v>{v!r}</c:v></c:pt>' for k, v in enumerate(values) if v is not None)
    return f'<c:numLit><c:formatCode>General</c:formatCode><c:ptCount val="{len(values)}"/>{points}</c:numLit>'


def _series(order: int, one: Series, names: Axis | None) -> str:
    colour = COLOURS[one.colour]
    if one.mark == "dots":
        line = "<a:ln><a:noFill/></a:ln>"
        fill = f'<a:solidFill><a:srgbClr val="{colour}"/></a:solidFill>'
        marker = f'<c:symbol val="circle"/><c:size val="6"/><c:spPr>{fill}<a:ln><a:noFill/></a:ln></c:spPr>'
    else:
        dashed = one.mark == "dashed"
        line, marker = (
            _stroke(colour, LINE // 2 if dashed else LINE, "dash" if dashed else ""),
            '<c:symbol val="none"/>',
        )
    head = (
        f'<c:idx val="{order}"/><c:order val="{order}"/><c:tx><c:v>{escape(one.name)}</c:v></c:tx>'
        f"<c:spPr>{line}</c:spPr><c:marker>{marker}</c:marker>"
    )
    if names is not None:
        points = "".join(f'<c:pt idx="{k}"><c:v>{escape(name)}</c:v></c:pt>' for k, name in enumerate(names.names))
        places = f'<c:cat><c:strLit><c:ptCount val="{len(names.names)}"/>{points}</c:strLit></c:cat>'
        return f'<c:ser>{head}{places}<c:val>{_numbers(one.ys)}</c:val><c:smooth val="0"/></c:ser>'
    values = f"<c:xVal>{_numbers(one.xs)}</c:xVal><c:yVal>{_numbers(one.ys)}</c:yVal>"
    return f'<c:ser>{head}{_whiskers(one, colour)}{values}<c:smooth val="0"/></c:ser>'


def _whiskers(one: Series, colour: str) -> str:
    if not one.lows or not one.highs:
        return ""
    ups = [None if y is None or high is None else high - y for y, high in zip(one.ys, one.highs, strict=True)]
    downs = [None if y is None or low is None else y - low for y, low in zip(one.ys, one.lows, strict=True)]
    return (
        '<c:errBars><c:errDir val="y"/><c:errBarType val="both"/><c:errValType val="cust"/><c:noEndCap val="1"/>'
        f"<c:plus>{_numbers(ups)}</c:plus><c:minus>{_numbers(downs)}</c:minus>"
        f"<c:spPr>{_stroke(colour, LINE // 2)}</c:spPr></c:errBars>"
    )


def _round(axis: Axis) -> tuple[float, float, float]:
    """Ends of an axis and the step between its ticks, all of them round numbers.

    >>> _round(Axis("profit", -34671.2, 342107.0, "number"))
    (-100000.0, 400000.0, 100000.0)
    """
    ticks = nice_ticks(axis.low, axis.high)
    step = ticks[1] - ticks[0] if len(ticks) > 1 else axis.high - axis.low or 1.0
    low, high = math.floor(axis.low / step + 1e-9), math.ceil(axis.high / step - 1e-9)
    return tuple(round(v, 12) for v in (low * step, max(high, low + 1) * step, step))  # type: ignore[return-value]


def _axis(axis: Axis, own: int, other: int, side: str, *, named: bool = False) -> str:
    title = (
        f'<c:title><c:tx><c:rich><a:bodyPr/><a:lstStyle/><a:p><a:pPr><a:defRPr sz="900" b="0"/></a:pPr><a:r>'
        f'<a:rPr lang="en-US" sz="900" b="0">{FONTS}</a:rPr><a:t>{escape(axis.label)}</a:t></a:r></a:p></c:rich></c:tx>'
        '<c:overlay val="0"/></c:title>'
        if axis.label
        else ""
    )
    low, high, step = _round(axis)
    ends = "" if named else f'<c:max val="{high!r}"/><c:min val="{low!r}"/>'
    grid = f"<c:majorGridlines><c:spPr>{_stroke('E9EDF0', 9525)}</c:spPr></c:majorGridlines>" if side == "l" else ""
    share = "0%" if axis.high - axis.low > 0.08 else "0.0%"
    code = share if axis.unit == "share" else "General" if abs(axis.high) < 100 else "#,##0"
    kind = "catAx" if named else "valAx"
    last = (
        f'<c:auto val="0"/><c:lblOffset val="100"/><c:tickLblSkip val="{max(1, -(-len(axis.names) // TICKS))}"/>'
        '<c:noMultiLvlLbl val="1"/>'
        if named
        else f'<c:crossBetween val="midCat"/><c:majorUnit val="{step!r}"/>'
    )
    return (
        f'<c:{kind}><c:axId val="{own}"/><c:scaling><c:orientation val="minMax"/>{ends}</c:scaling>'
        f'<c:delete val="0"/><c:axPos val="{side}"/>{grid}{title}'
        f'<c:numFmt formatCode={quoteattr(code)} sourceLinked="0"/>'
        '<c:majorTickMark val="none"/><c:minorTickMark val="none"/><c:tickLblPos val="low"/>'
        f"<c:spPr>{_stroke('8B969F', 9525)}</c:spPr>"
        f'<c:crossAx val="{other}"/><c:crosses val="min"/>{last}</c:{kind}>'
    )
