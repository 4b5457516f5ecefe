"""The description of the simulated market's tables: what ``tables.toml`` says of them, in English and Chinese."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

_Column = tuple[str, str, str, dict[str, Any]]
Described = dict[str, tuple[dict[str, str], str, str, list[_Column]]]
"""Table: (head, English, Chinese, columns); column: (name, English, Chinese, what else is promised)."""

_PRICE = {"type": "number", "unit": "CNY", "min": 0}
_MONEY = {"type": "number", "unit": "CNY"}
_SHARES = {"type": "number", "unit": "shares", "min": 0}
_CATEGORY, _FLAG, _TIME, _NUMBER = {"type": "category"}, {"type": "flag"}, {"type": "time"}, {"type": "number"}
_COUNT = {"type": "number", "min": 0}
_CODE: _Column = ("code", "stock", "股票", {"to": "stocks"})
_PUBLISHED: _Column = ("published", "time of publication", "发布时间", _TIME)
_DATE: _Column = ("date", "trading day", "交易日", _TIME)
_CLOSED: _Column = ("closed_at", "time of the close", "收盘时间", _TIME)

_TABLES: Described = {
    "stocks": (
        {"key": "code", "time": "listed"}, "stocks", "股票",
        [
            ("code", "stock", "股票代码", {}),
            ("name", "name", "名称", {"type": "text"}),
            ("sector", "sector", "行业", _CATEGORY),
            ("board", "board", "板块", {"type": "category", "values": ["main", "chinext", "star", "bse"]}),
            ("listed", "day of the listing", "上市日期", _TIME),
            ("delisted", "last day of trading of a delisted stock", "最后交易日 (已退市)",
             _TIME | {"known_at": "delisted"}),
        ],
    ),
    "bars": (
        {"time": "date", "known_at": "closed_at"}, "daily bars in real prices", "日行情 (未复权)",
        [
            _CODE, _DATE, _CLOSED,
            ("open", "open", "开盘价", _PRICE),
            ("high", "high", "最高价", _PRICE),
            ("low", "low", "最低价", _PRICE),
            ("close", "close", "收盘价", _PRICE),
            ("preclose", "previous close, less dividends and new shares", "前收盘价 (除权后)", _PRICE),
            ("volume", "volume", "成交量", _SHARES),
            ("amount", "amount traded", "成交额", _PRICE),
            ("turn", "share of the shares traded", "换手率", {"type": "number", "unit": "%", "min": 0}),
            ("tradestatus", "traded (1) or suspended (0)", "交易状态 (1 正常, 0 停牌)", _FLAG),
            ("pctChg", "return of the day", "涨跌幅", {"type": "number", "unit": "%"}),
            ("isST", "under risk warning", "是否 ST", _FLAG),
            ("adjust", "factor that makes closes continuous over ex-dates", "后复权因子", {"type": "number", "min": 0}),
        ],
    ),
    "index_quotes": (
        {"time": "date", "known_at": "closed_at"}, "index quotes", "指数行情",
        [
            ("index", "index", "指数", _CATEGORY),
            _DATE, _CLOSED,
            ("open", "open of the index", "指数开盘", _NUMBER),
            ("high", "high of the index (of its members' highs)", "指数最高", _NUMBER),
            ("low", "low of the index (of its members' lows)", "指数最低", _NUMBER),
            ("close", "close of the index", "指数收盘", _NUMBER),
            ("preclose", "previous close of the index", "指数前收盘", _NUMBER),
            ("volume", "volume of the members", "成分股成交量", _SHARES),
            ("amount", "amount traded of the members", "成分股成交额", _PRICE),
        ],
    ),
    "index_members": (
        {"time": "since", "known_at": "announced"}, "members of the indices", "指数成分股",
        [
            _CODE,
            ("index", "index", "指数", _CATEGORY),
            ("announced", "time of the announcement of the membership", "成分调整公告时间", _TIME),
            ("since", "first day in the index", "纳入日期", _TIME),
            ("until", "first day no longer in the index", "调出日期", _TIME | {"known_at": "until"}),
        ],
    ),
    "statements": (
        {"time": "announced"}, "quarterly statements", "季度财报",
        [
            _CODE,
            ("period_end", "end of the quarter", "报告期", _TIME),
            ("announced", "time of the announcement", "公告时间", _TIME),
            ("revenue", "revenue of the quarter", "单季营业收入", _PRICE),
            ("net_income", "net income of the quarter", "单季净利润", _MONEY),
            ("equity", "equity", "净资产", _MONEY),
            ("assets", "total assets", "总资产", _MONEY),
            ("shares", "shares outstanding at the end of the quarter", "期末总股本", _SHARES),
            ("consensus", "net income expected by analysts before", "公告前一致预期净利润", _MONEY),
            ("surprise", "net income above expectation, in usual spreads", "标准化超预期幅度", _NUMBER),
        ],
    ),
    "dividends": (
        {"time": "ex_date", "known_at": "announced"}, "dividends and new shares", "分红送转",
        [
            _CODE,
            ("announced", "time of the announcement of the payment", "分红公告时间", _TIME),
            ("ex_date", "first day without the right", "除权除息日", _TIME),
            ("cash", "cash paid per share", "每股现金分红", _PRICE),
            ("new_shares", "new shares for each share held", "每股送转", {"type": "number", "min": 0}),
        ],
    ),
    "analysts": (
        {"time": "published"}, "analysts' reports", "分析师研报",
        [
            _CODE, _PUBLISHED,
            ("broker", "broker", "券商", _CATEGORY),
            ("rating", "rating", "评级", _CATEGORY),
            ("action", "change of the rating", "评级变动",
             {"type": "category", "values": ["downgrade", "maintain", "upgrade", "initiate"]}),
            ("estimate_change", "change of the earnings estimate", "盈利预测调整幅度", _NUMBER),
        ],
    ),
    "previews": (
        {"time": "published"}, "earnings previews", "业绩预告",
        [
            _CODE,
            ("period_end", "end of the half year or year", "预告报告期", _TIME),
            _PUBLISHED,
            ("kind", "kind of preview", "预告类型", _CATEGORY),
            ("income_low", "net income at least", "预告净利润下限", _MONEY),
            ("income_high", "net income at most", "预告净利润上限", _MONEY),
        ],
    ),
    "top_traders": (
        {"time": "date", "known_at": "published"}, "top traders' lists", "龙虎榜",
        [
            _CODE, _DATE, _PUBLISHED,
            ("reason", "reason for the list", "上榜原因", _CATEGORY),
            ("buy_amount", "bought by the five largest buyers", "买入前五合计", _PRICE),
            ("sell_amount", "sold by the five largest sellers", "卖出前五合计", _PRICE),
            ("institutions_buying", "institutions among the buyers", "买入前五中机构席位数", _COUNT),
            ("institutions_selling", "institutions among the sellers", "卖出前五中机构席位数", _COUNT),
        ],
    ),
    "northbound": (
        {"time": "date", "known_at": "published"}, "northbound holdings", "北向持股",
        [
            _CODE, _DATE, _PUBLISHED,
            ("shares_held", "shares held through the Connect", "北向持股数", _SHARES),
            ("share", "share of the shares outstanding held", "北向持股比例", {"type": "number", "min": 0, "max": 1}),
        ],
    ),
    "visits": (
        {"time": "visited", "known_at": "published"}, "visits of institutions", "机构调研",
        [
            _CODE,
            ("visited", "day of the visit", "调研日期", _TIME),
            _PUBLISHED,
            ("kind", "kind of visit", "调研方式", _CATEGORY),
            ("institutions", "institutions that came", "参与机构数", _COUNT),
        ],
    ),
    "news": (
        {"time": "published"}, "news", "新闻",
        [_CODE, _PUBLISHED, ("text", "headline", "标题", {"type": "text"})],
    ),
}  # fmt: skip


def market_schema(tables: Iterable[str]) -> dict[str, Any]:
    """Return the schema of the simulated market in the flat form of ``tables.toml``.

    Parameters
    ----------
    tables : iterable of str
        The tables that are there.

    Returns
    -------
    dict

    Examples
    --------
    >>> market_schema(["bars"])["bars"]["known_at"]
    'closed_at'
    """
    return describe(_TABLES, tables, "Simulated stock market (no real stocks)", "模拟股票市场 (并非真实股票)")


def describe(described: Described, tables: Iterable[str], en: str, zh: str) -> dict[str, Any]:
    """Write descriptions out in the flat form of ``tables.toml``, with a title for the whole in English and Chinese."""
    schema: dict[str, Any] = {"tael": {"simulated": True, "title": {"en": en, "zh": zh}}}
    for name in tables:
        head, english, chinese, columns = described[name]
        schema[name] = {
            "file": f"{name}.parquet",
            **head,
            "title": {"en": english, "zh": chinese},
            "columns": {column: {**more, "title": {"en": e, "zh": z}} for column, e, z, more in columns},
        }
    return schema
