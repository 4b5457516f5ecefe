"""The description of the simulated futures' tables: what ``tables.toml`` says of them, in English and Chinese."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tael.datasets.market_schema import Described, describe

_CATEGORY, _TIME, _NUMBER = {"type": "category"}, {"type": "time"}, {"type": "number"}
_PRICE = {"type": "number", "unit": "CNY", "min": 0}
_COUNT = {"type": "number", "unit": "contracts", "min": 0}
_PRODUCT = ("product", "product", "品种", {"to": "products"})
_CONTRACT = ("contract", "contract", "合约", {"to": "contracts"})
_DATE = ("date", "trading day", "交易日", _TIME)
_CLOSED = ("closed_at", "time of the close", "收盘时间", _TIME)
_PUBLISHED = ("published", "time of publication", "发布时间", _TIME)

_TABLES: Described = {
    "products": (
        {"key": "product"}, "products", "期货品种",
        [
            ("product", "product", "品种代码", {}),
            ("title", "name", "品种英文名", {"type": "text"}),
            ("title_zh", "name in Chinese", "品种名称", {"type": "text"}),
            ("exchange", "exchange", "交易所", _CATEGORY),
            ("sector", "sector", "板块", _CATEGORY),
            ("multiplier", "currency for a point", "合约乘数", _NUMBER),
            ("tick", "step of the price", "最小变动价位", _NUMBER),
            ("margin", "margin, as a share", "保证金比例", {"type": "number", "min": 0, "max": 1}),
            ("limit", "daily limit, as a share", "涨跌停板幅度", {"type": "number", "min": 0, "max": 1}),
            ("night", "end of the night session", "夜盘收盘时间", _CATEGORY),
        ],
    ),
    "contracts": (
        {"key": "contract", "time": "listed"}, "dated contracts", "期货合约",
        [
            ("contract", "contract", "合约代码", {}),
            _PRODUCT,
            ("listed", "first trading day seen", "上市日期", _TIME),
            ("expiry", "last trading day", "最后交易日", _TIME),
        ],
    ),
    "bars": (
        {"time": "date", "known_at": "closed_at"}, "daily bars of dated contracts", "合约日行情",
        [
            _CONTRACT, _PRODUCT, _DATE, _CLOSED,
            ("open", "open", "开盘价", _PRICE),
            ("high", "high", "最高价", _PRICE),
            ("low", "low", "最低价", _PRICE),
            ("close", "close", "收盘价", _PRICE),
            ("preclose", "close of the day before", "前收盘价", _PRICE),
            ("settle", "settlement price", "结算价", _PRICE),
            ("presettle", "settlement price of the day before", "前结算价", _PRICE),
            ("volume", "volume, on one side", "成交量 (单边)", _COUNT),
            ("amount", "amount dealt", "成交额", _PRICE),
            ("open_interest", "open interest, on one side", "持仓量 (单边)", _COUNT),
            ("limit_up", "highest price of the day", "涨停价", _PRICE),
            ("limit_down", "lowest price of the day", "跌停价", _PRICE),
        ],
    ),
    "spot": (
        {"time": "date", "known_at": "published"}, "spot prices", "现货价格",
        [_PRODUCT, _DATE, _PUBLISHED, ("price", "spot price", "现货价", _PRICE)],
    ),
    "receipts": (
        {"time": "date", "known_at": "published"}, "warehouse receipts", "仓单日报",
        [_PRODUCT, _DATE, _PUBLISHED, ("receipts", "receipts registered", "注册仓单量", _COUNT)],
    ),
    "inventories": (
        {"time": "date", "known_at": "published"}, "inventories by a weekly survey", "社会库存 (周度)",
        [_PRODUCT, _DATE, _PUBLISHED, ("inventory", "inventory", "库存", {"type": "number", "min": 0})],
    ),
    "member_positions": (
        {"time": "date", "known_at": "published"}, "positions of the twenty largest members", "会员持仓排名",
        [
            _PRODUCT, _CONTRACT, _DATE, _PUBLISHED,
            ("side", "side", "买卖方向", {"type": "category", "values": ["long", "short"]}),
            ("rank", "rank", "名次", {"type": "number", "min": 1, "max": 20}),
            ("member", "member", "会员", _CATEGORY),
            ("position", "position", "持仓量", _COUNT),
        ],
    ),
}  # fmt: skip


def futures_schema(tables: Iterable[str]) -> dict[str, Any]:
    """Return the schema of the simulated futures in the flat form of ``tables.toml``.

    Examples
    --------
    >>> futures_schema(["contracts"])["contracts"]["key"]
    'contract'
    """
    return describe(_TABLES, tables, "Simulated futures market (no real prices)", "模拟期货市场 (并非真实行情)")
