"""The default fill model: dealing at the next open under limits, suspension and a participation cap, with charges."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from tael.errors import MarketError
from tael.markets.broker.money import cents, money
from tael.markets.broker.orders import Order, Side
from tael.markets.broker.protocol import Bar, Charges, Execution, Instrument

# Stamp duty on sales of A shares, as a share of the amount: on one side only since 2008-09-19, halved from
# 2023-08-28 (Ministry of Finance and State Taxation Administration, announcement 39 of 2023).
CN_STAMP_DUTY: tuple[tuple[date, Decimal], ...] = (
    (date(2008, 9, 19), Decimal("0.001")),
    (date(2023, 8, 28), Decimal("0.0005")),
)


@dataclass(frozen=True)
class Fees:
    """What brokers, exchanges and the state take.

    Attributes
    ----------
    commission_rate : Decimal
        Share of the amount, on both sides.
    min_commission : Decimal
        In currency, for each fill.
    per_lot : Decimal
        In currency, for each share or contract, on both sides (futures).
    transfer_rate : Decimal
        Share of the amount, on both sides.
    stamp_duty : tuple of (date, Decimal)
        Rates on sales, each from its day on, oldest first.
    """

    commission_rate: Decimal = Decimal(0)
    min_commission: Decimal = Decimal(0)
    per_lot: Decimal = Decimal(0)
    transfer_rate: Decimal = Decimal(0)
    stamp_duty: tuple[tuple[date, Decimal], ...] = ()

    def __post_init__(self) -> None:
        for name in ("commission_rate", "min_commission", "per_lot", "transfer_rate"):
            if getattr(self, name) < 0:
                raise MarketError("A fee is 0 or more.", got=str(getattr(self, name)), where=name)
        days = [day for day, _ in self.stamp_duty]
        if days != sorted(set(days)):
            raise MarketError("Rates of stamp duty come in order of their days.", got=", ".join(map(str, days)))

    def charges(self, side: Side, quantity: int, price: Decimal, day: date, multiplier: int = 1) -> Charges:
        """What one fill costs, each part rounded to the hundredth.

        Examples
        --------
        >>> cost = CN_STOCK_FEES.charges("sell", 1000, Decimal("10"), date(2024, 1, 2))
        >>> cost.commission, cost.tax, cost.fees
        (Decimal('5.00'), Decimal('5.00'), Decimal('0.10'))
        """
        if quantity == 0:
            return Charges()
        amount = price * quantity * multiplier
        rate = Decimal(0)
        if side == "sell":
            for since, value in self.stamp_duty:
                if day >= since:
                    rate = value
        commission = max(self.commission_rate * amount, self.min_commission)
        return Charges(
            cents(commission), cents(rate * amount), cents(self.transfer_rate * amount + self.per_lot * quantity)
        )


NO_FEES = Fees()
# Commission is agreed with the broker; .025 % with a minimum of 5 yuan is usual. Transfer fee: .001 % since 2022-04-29.
CN_STOCK_FEES = Fees(
    commission_rate=Decimal("0.00025"),
    min_commission=Decimal(5),
    transfer_rate=Decimal("0.00001"),
    stamp_duty=CN_STAMP_DUTY,
)


@dataclass(frozen=True)
class NextOpen:
    """Orders deal at the open of the day after the decision, whatever comes later that day.

    Whether the limit stops a fill is decided from the open itself: at the upper limit nobody sells to us, at the lower
    one nobody buys. A limit order that does not deal at the open rests, and fills at its price if the day trades
    *through* it (touching it is not enough: others stand before us).

    Parameters
    ----------
    fees : Fees
    half_spread_bp : float
        Paid on top of the open by who crosses the spread, in basis points of the price.
    participation : float
        At most this share of the bar's `typical_volume` fills (known before the day, so no look ahead).

    Raises
    ------
    MarketError
        If the spread is negative or the participation is no share.

    Examples
    --------
    >>> bar = Bar(open=11.0, high=11.0, low=10.8, close=10.9, preclose=10.0, limit_up=11.0, limit_down=9.0)
    >>> order = Order("s", date(2024, 1, 2), "600519", "buy", 100)
    >>> NextOpen().execute(order, bar, 100, Instrument())
    Execution(quantity=0, price=None, reason='limit_up')
    """

    fees: Fees = NO_FEES
    half_spread_bp: float = 0.0
    participation: float = 1.0

    def __post_init__(self) -> None:
        if not self.half_spread_bp >= 0:
            raise MarketError("A spread is 0 or more.", got=str(self.half_spread_bp), where="half_spread_bp")
        if not 0 < self.participation <= 1:
            raise MarketError("Participation is a share.", expected="above 0, up to 1", got=str(self.participation))

    def execute(self, order: Order, bar: Bar | None, quantity: int, rules: Instrument) -> Execution:
        """What of `quantity` fills, at what price, and why not the rest.

        Parameters
        ----------
        order : Order
        bar : Bar or None
            The fill day's; None: the entity has no bar (not listed).
        quantity : int
            What is asked for: the order's remainder, or less.
        rules : Instrument

        Returns
        -------
        Execution
        """
        if bar is None:
            return Execution(0, reason="not_listed")
        if bar.suspended or math.isnan(bar.open):
            return Execution(0, reason="suspended")
        capped, reason = self._capped(quantity, bar, rules)
        if capped == 0:
            return Execution(0, reason=reason)
        buying, tick = order.side == "buy", float(rules.tick)
        # limits count as reached from half a tick before them: prices are floats
        if buying:
            stopped = bar.open >= bar.limit_up - max(tick / 2, 1e-6 * bar.limit_up)
        else:
            stopped = bar.open <= bar.limit_down + max(tick / 2, 1e-6 * bar.limit_down)
        price = None if stopped else self._at_open(order, bar, rules)
        if price is None and order.limit_price is not None:
            price = _resting(order, bar)
        if price is None:
            return Execution(0, reason=("limit_up" if buying else "limit_down") if stopped else "limit_price")
        return Execution(capped, price, reason)

    def charges(
        self, order: Order, quantity: int, price: Decimal, day: date, rules: Instrument, bar: Bar | None
    ) -> Charges:
        """Commission, tax and fees of a fill."""
        return self.fees.charges(order.side, quantity, price, day, rules.multiplier)

    def _capped(self, quantity: int, bar: Bar, rules: Instrument) -> tuple[int, str]:
        """The quantity under the participation cap, and the reason if that is less."""
        if math.isnan(bar.typical_volume):
            return quantity, ""
        most = self.participation * bar.typical_volume
        if quantity <= most:
            return quantity, ""
        return int(most // rules.lot) * rules.lot, "participation"

    def _at_open(self, order: Order, bar: Bar, rules: Instrument) -> Decimal | None:
        """The open and half a spread, on the tick and within the limits; None if the order's limit forbids it."""
        buying = order.side == "buy"
        paid = bar.open * (1 + (1 if buying else -1) * self.half_spread_bp / 1e4)
        paid = min(max(paid, bar.limit_down), bar.limit_up)
        ticks = (money(paid, f"the open of {order.entity}") / rules.tick).to_integral_value(
            ROUND_CEILING if buying else ROUND_FLOOR
        )
        # a price off the tick (adjusted prices) without a spread stays as it is
        price = money(ticks * rules.tick) if self.half_spread_bp else money(bar.open)
        if order.limit_price is None:
            return price
        return price if (price <= order.limit_price if buying else price >= order.limit_price) else None


def _resting(order: Order, bar: Bar) -> Decimal | None:
    """The limit price if the day traded through it."""
    assert order.limit_price is not None
    limit = float(order.limit_price)
    through = bar.low < limit if order.side == "buy" else bar.high > limit
    return order.limit_price if through else None
