"""China's futures: one line a product, as its contract specification has it."""

from __future__ import annotations

from dataclasses import dataclass

from tael.errors import MarketError, did_you_mean


@dataclass(frozen=True)
class Product:
    """A futures product.

    Parameters
    ----------
    code : str
        In lower case.
    exchange : str
        SHFE, INE, DCE, CZCE, GFEX or CFFEX.
    multiplier : float
        Units of a contract: currency for one point.
    tick : float
        Smallest step of the price.
    margin, limit : float
        Least margin and daily limit of the specification, as shares; exchanges raise both at will.
    night : str
        When the night session ends ("23:00", "01:00", "02:30"), "" where there is none.
    expiry : str
        Rule of the last trading day: see `tael.markets.futures.expiry`.
    sector : str
    title, title_zh : str
    """

    code: str
    exchange: str
    multiplier: float
    tick: float
    margin: float
    limit: float
    night: str
    expiry: str
    sector: str
    title: str
    title_zh: str


# code exchange multiplier tick margin% limit% night expiry sector title title_zh
TABLE = """
cu  SHFE  5     10    5  3  01:00 day_15        metals   copper              铜
al  SHFE  5     5     5  3  01:00 day_15        metals   aluminium           铝
zn  SHFE  5     5     5  4  01:00 day_15        metals   zinc                锌
pb  SHFE  5     5     5  4  01:00 day_15        metals   lead                铅
ni  SHFE  1     10    5  4  01:00 day_15        metals   nickel              镍
sn  SHFE  1     10    5  4  01:00 day_15        metals   tin                 锡
ao  SHFE  20    1     5  4  01:00 day_15        metals   alumina             氧化铝
ad  SHFE  10    5     5  3  01:00 day_15        metals   cast_aluminium      铸造铝合金
bc  INE   5     10    5  3  01:00 day_15        metals   copper_bc           国际铜
au  SHFE  1000  0.02  4  3  02:30 day_15        precious gold                黄金
ag  SHFE  15    1     4  3  02:30 day_15        precious silver              白银
rb  SHFE  10    1     5  3  23:00 day_15        ferrous  rebar               螺纹钢
hc  SHFE  10    1     4  3  23:00 day_15        ferrous  hot_rolled_coil     热轧卷板
wr  SHFE  10    1     7  5  -     day_15        ferrous  wire_rod            线材
ss  SHFE  5     5     5  4  01:00 day_15        ferrous  stainless_steel     不锈钢
i   DCE   100   0.5   5  4  23:00 day_10        ferrous  iron_ore            铁矿石
j   DCE   100   0.5   5  4  23:00 day_10        ferrous  coke                焦炭
jm  DCE   60    0.5   5  4  23:00 day_10        ferrous  coking_coal         焦煤
sf  CZCE  5     2     5  4  -     day_10        ferrous  ferrosilicon        硅铁
sm  CZCE  5     2     5  4  -     day_10        ferrous  silicomanganese     锰硅
zc  CZCE  100   0.2   5  4  23:00 day_5         energy   thermal_coal        动力煤
sc  INE   1000  0.1   5  4  02:30 month_before  energy   crude_oil           原油
lu  INE   10    1     8  5  23:00 month_before  energy   low_sulphur_fuel    低硫燃料油
fu  SHFE  10    1     8  5  23:00 month_before  energy   fuel_oil            燃料油
bu  SHFE  10    1     4  3  23:00 day_15        energy   bitumen             石油沥青
pg  DCE   20    1     5  4  23:00 fourth_last   energy   lpg                 液化石油气
ru  SHFE  10    5     5  3  23:00 day_15        chemical rubber              天然橡胶
nr  INE   10    5     7  5  23:00 day_15        chemical rubber_20           20号胶
br  SHFE  5     5     7  5  23:00 day_15        chemical butadiene_rubber    丁二烯橡胶
sp  SHFE  10    2     4  3  23:00 day_15        chemical pulp                纸浆
op  SHFE  40    2     5  4  23:00 day_15        chemical offset_paper        胶版印刷纸
l   DCE   5     1     5  4  23:00 day_10        chemical polyethylene        聚乙烯
v   DCE   5     1     5  4  23:00 day_10        chemical pvc                 聚氯乙烯
pp  DCE   5     1     5  4  23:00 day_10        chemical polypropylene       聚丙烯
eg  DCE   10    1     5  4  23:00 fourth_last   chemical ethylene_glycol     乙二醇
eb  DCE   5     1     5  4  23:00 fourth_last   chemical styrene             苯乙烯
bz  DCE   30    1     5  4  23:00 fourth_last   chemical benzene             纯苯
ta  CZCE  5     2     5  4  23:00 day_10        chemical pta                 精对苯二甲酸
px  CZCE  5     2     5  4  23:00 day_10        chemical paraxylene          对二甲苯
pf  CZCE  5     2     5  4  23:00 day_10        chemical polyester_staple    短纤
pr  CZCE  15    2     5  4  23:00 day_10        chemical bottle_chip         瓶片
pl  CZCE  20    1     5  4  23:00 day_10        chemical propylene           丙烯
ma  CZCE  10    1     5  4  23:00 day_10        chemical methanol            甲醇
sa  CZCE  20    1     5  4  23:00 day_10        chemical soda_ash            纯碱
sh  CZCE  30    1     5  4  23:00 day_10        chemical caustic_soda        烧碱
ur  CZCE  20    1     5  4  -     day_10        chemical urea                尿素
fg  CZCE  20    1     5  4  23:00 day_10        building glass               玻璃
bb  DCE   500   0.05  5  4  -     day_10        building blockboard          胶合板
fb  DCE   500   0.05  5  4  -     day_10        building fibreboard          纤维板
lg  DCE   90    0.5   5  4  -     fourth_last   building log                 原木
a   DCE   10    1     5  4  23:00 day_10        oilseeds soybean_1           黄大豆1号
b   DCE   10    1     5  4  23:00 day_10        oilseeds soybean_2           黄大豆2号
m   DCE   10    1     5  4  23:00 day_10        oilseeds soybean_meal        豆粕
y   DCE   10    2     5  4  23:00 day_10        oilseeds soybean_oil         豆油
p   DCE   10    2     5  4  23:00 day_10        oilseeds palm_oil            棕榈油
oi  CZCE  10    1     5  4  23:00 day_10        oilseeds rapeseed_oil        菜籽油
rm  CZCE  10    1     5  4  23:00 day_10        oilseeds rapeseed_meal       菜籽粕
rs  CZCE  10    1     5  4  -     day_10        oilseeds rapeseed            油菜籽
pk  CZCE  5     2     5  4  -     day_10        oilseeds peanut              花生
c   DCE   10    1     5  4  23:00 day_10        grains   corn                玉米
cs  DCE   10    1     5  4  23:00 day_10        grains   corn_starch         玉米淀粉
rr  DCE   10    1     5  4  23:00 day_10        grains   round_rice          粳米
wh  CZCE  20    1     5  4  -     day_10        grains   strong_wheat        强麦
pm  CZCE  50    1     5  4  -     day_10        grains   common_wheat        普麦
ri  CZCE  20    1     5  4  -     day_10        grains   early_rice          早籼稻
lr  CZCE  20    1     5  4  -     day_10        grains   late_rice           晚籼稻
jr  CZCE  20    1     5  4  -     day_10        grains   japonica_rice       粳稻
cf  CZCE  5     5     5  4  23:00 day_10        softs    cotton              棉花
cy  CZCE  5     5     5  4  23:00 day_10        softs    cotton_yarn         棉纱
sr  CZCE  10    1     5  4  23:00 day_10        softs    sugar               白糖
ap  CZCE  10    1     5  4  -     day_10        softs    apple               苹果
cj  CZCE  5     5     5  4  -     day_10        softs    jujube              红枣
jd  DCE   10    1     5  4  -     fourth_last   livestock egg                鸡蛋
lh  DCE   16    5     5  4  -     fourth_last   livestock live_hog           生猪
si  GFEX  5     5     5  4  -     day_10        new_energy silicon           工业硅
lc  GFEX  1     20    5  4  -     day_10        new_energy lithium_carbonate 碳酸锂
ps  GFEX  3     5     5  4  -     day_10        new_energy polysilicon       多晶硅
ec  INE   50    0.1   12 10 -     last_monday   shipping container_freight   集运指数
if  CFFEX 300   0.2   8  10 -     third_friday  equity   csi300              沪深300股指
ih  CFFEX 300   0.2   8  10 -     third_friday  equity   sse50               上证50股指
ic  CFFEX 200   0.2   8  10 -     third_friday  equity   csi500              中证500股指
im  CFFEX 200   0.2   8  10 -     third_friday  equity   csi1000             中证1000股指
ts  CFFEX 20000 0.002 0.5 0.5 -   second_friday bonds    bond_2y             2年期国债
tf  CFFEX 10000 0.005 1  1.2 -    second_friday bonds    bond_5y             5年期国债
t   CFFEX 10000 0.005 2  2   -    second_friday bonds    bond_10y            10年期国债
tl  CFFEX 10000 0.01  3.5 3.5 -   second_friday bonds    bond_30y            30年期国债
"""

RENAMED = {"ws": "wh", "er": "ri", "ro": "oi", "me": "ma", "tc": "zc"}
"""Codes of old contracts, and of what they became (with other multipliers, which the data have to tell)."""


def _read() -> dict[str, Product]:
    found = {}
    for line in TABLE.strip().splitlines():
        code, venue, size, tick, margin, limit, night, rule, sector, title, zh = line.split()
        found[code] = Product(
            code, venue, float(size), float(tick), float(margin) / 100, float(limit) / 100,
            "" if night == "-" else night, rule, sector, title.replace("_", " "), zh,
        )  # fmt: skip
    return found


PRODUCTS = _read()
"""Every product by its code.

Source: the contract specifications on the exchanges' pages (上期所、上期能源、大商所、郑商所、广期所、中金所 合约文本),
as of 2026. Multipliers that were others once (ru 5 before RU1208, pb 25 before PB1309, fu 50 from FU1202 to FU1812) and
limits in force on a day are for the data to tell; night sessions of CZCE ended at 23:30 before 2019-12-12.
"""


def product_of(name: str) -> Product:
    """Find a product by its code or a contract's, in any case, with or without its exchange.

    >>> product_of("p1401").title, product_of("SHFE.rb2405").multiplier, product_of("IF").night
    ('palm oil', 10.0, '')

    Raises
    ------
    MarketError
    """
    bare = name.split(".")[1] if name.split(".")[0].upper() in VENUES else name.split(".")[0]
    code = "".join(letter for letter in bare if letter.isalpha()).lower()
    code = RENAMED.get(code, code)
    if code not in PRODUCTS:
        raise MarketError(f"There is no futures product {name!r}.", fix=did_you_mean(code, PRODUCTS))
    return PRODUCTS[code]


VENUES = frozenset({"SHFE", "INE", "DCE", "CZCE", "GFEX", "CFFEX"})
