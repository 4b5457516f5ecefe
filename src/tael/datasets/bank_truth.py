"""The planted truth: what in an applicant's visible history drives default, computed from the tables themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from tael.datasets.bank_calendar import DAY, Calendar, Floats, Ints
from tael.datasets.bank_people import Applications, Flags, People

DRIVERS = ("enquiry_share", "risky_share", "days_late", "salary_share", "device_others", "login_gap")

WORDS: dict[str, dict[str, str]] = {
    "enquiry_share": {
        "en": "bureau enquiries of the last 30 days as a share of those of the last 180 days (more is worse)",
        "zh": "近 30 天征信查询次数占近 180 天的比例 (越高越差)",
        "formula": "count(bureau_enquiries, last='30d') / count(bureau_enquiries, last='180d')",
    },
    "risky_share": {
        "en": "share of game spending and night-time cash withdrawals among outgoing transactions of the last 90 days",
        "zh": "近 90 天支出交易中游戏消费与夜间取现的笔数占比 (越高越差)",
        "formula": "count(transactions, where=kind == 'game' or (kind == 'atm' and night), last='90d')"
        " / count(transactions, where=direction == 'out', last='90d')",
    },
    "days_late": {
        "en": "mean days late on earlier instalments that were due and paid before the application (more is worse)",
        "zh": "申请前已到期且已还的各期平均逾期天数 (越高越差)",
        "formula": "mean(loans.instalments.paid - loans.instalments.due)",
    },
    "salary_share": {
        "en": "salary inflow of the last 90 days as a share of that of the last 180 days (below one half is worse)",
        "zh": "近 90 天工资流入占近 180 天的比例 (低于一半则变差)",
        "formula": "sum(transactions.amount, where=kind == 'salary', last='90d')"
        " / sum(transactions.amount, where=kind == 'salary', last='180d')",
    },
    "device_others": {
        "en": "other customers' applications on the same device in the last 30 days (more is worse)",
        "zh": "近 30 天同一设备上其他客户的申请次数 (越多越差)",
        "formula": "count(applications, last='30d') along device_id",
    },
    "login_gap": {
        "en": "days since the last login to the app (more is worse)",
        "zh": "距最近一次登录 App 的天数 (越久越差)",
        "formula": "days_since_last(app_events, where=event == 'login')",
    },
}
"""Each planted driver in words, and as a formula a reader can follow."""


@njit(cache=True)
def window_sum(  # type: ignore[no-untyped-def]
    first, stop, time, known, value, cutoff, lookback
):  # pragma: no cover (compiled)
    """Sum `value` over rows with cutoff - lookback <= time < cutoff and known < cutoff, per observation."""
    out = np.zeros(len(cutoff))
    for i in range(len(cutoff)):
        for row in range(first[i], stop[i]):
            if time[row] >= cutoff[i]:
                break
            if time[row] >= cutoff[i] - lookback and known[row] < cutoff[i]:
                out[i] += value[row]
    return out


def ratio(above: Floats, below: Floats) -> Floats:
    """Divide, with NaN where there is nothing to divide by."""
    return np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0)


def bounds(customer: Ints, of: Ints) -> tuple[Ints, Ints]:
    """Return the first row and the row after the last of each customer in `of`; `customer` is sorted."""
    return (
        np.searchsorted(customer, of, side="left").astype(np.int64),
        np.searchsorted(customer, of, side="right").astype(np.int64),
    )


def last_login(customer: Ints, login: Ints, of: Ints, cutoff: Ints, origin: int) -> Floats:
    """Return the days from each customer's last login strictly before the cutoff; NaN where there was none."""
    key = (customer - origin) * 2**34 + login
    at = np.searchsorted(key, (of - origin) * 2**34 + cutoff, side="left") - 1
    found = at >= 0
    found[found] = customer[at[found]] == of[found]
    gap = np.full(len(of), np.nan)
    gap[found] = (cutoff[found] - login[at[found]]) / DAY
    return gap


def device_others(device: Ints, time: Ints) -> Floats:
    """Count the applications on the same device in the 30 days strictly before each application."""
    key = device * 2**34 + time
    ordered = np.sort(key)
    # A window that reached before the device's first row would run into the device before it.
    low = np.searchsorted(ordered, np.maximum(key - 30 * DAY, device * 2**34), side="left")
    return (np.searchsorted(ordered, key, side="left") - low).astype(np.float64)


def static_log_odds(people: People, applications: Applications) -> Floats:
    """Return what the application form and the customer's record say about default, in log odds."""
    c = applications.customer
    stated = np.where(np.isnan(people.income), 4500.0, people.income)
    burden = np.log(applications.amount / stated[c]) - 0.7
    person = (
        0.35 * (people.age < 25)
        - 0.012 * (people.age - 33)
        + np.array([0.2, 0.1, -0.15, -0.3, 0.15])[people.education]
        + np.array([-0.3, 0.0, -0.15, 0.15, 0.1, 0.25, 0.35, 0.1])[people.employer]
        + np.array([-0.2, -0.1, 0.15, 0.05, 0.2])[people.housing]
        + np.array([0.05, -0.1, 0.2])[people.marital]
        - 0.25 * (np.log(stated) - 8.7)
        + 0.25 * np.isnan(people.income)
    )
    form = (
        0.25 * burden
        + 0.025 * (applications.term - 8)
        + np.array([0.0, -0.1, -0.1, 0.1, 0.3, 0.1])[applications.purpose]
        + np.array([0.0, -0.15, 0.2, 0.05])[applications.channel]
    )
    return 1.3 * (person[c] + form)


def shock_log_odds(people: People, applications: Applications, calendar: Calendar) -> Floats:
    """Return the economy of the month and the shocks of region and employer, in log odds."""
    month = calendar.month(applications.time)
    c = applications.customer
    employer = np.where(people.employer[c] < 0, 0, calendar.employer_shock[people.employer[c], month])
    return calendar.economy[month] + calendar.region_shock[people.province[c], month] + employer


def driver_log_odds(drivers: dict[str, Floats], rows: Ints | Flags | slice = slice(None)) -> Floats:
    """Add up the effects of the six drivers; one that is missing has no effect."""
    d: dict[str, Any] = {name: values[rows] for name, values in drivers.items()}
    effects = (
        1.9 * (d["enquiry_share"] - 0.34),
        3.2 * (d["risky_share"] - 0.1),
        0.28 * np.clip(d["days_late"] - 1.5, -2.0, 12.0),
        5.5 * np.clip(0.5 - d["salary_share"], 0.0, 0.5) - 0.15,
        1.1 * np.log1p(d["device_others"]) - 0.15,
        0.45 * (np.log1p(np.minimum(d["login_gap"], 200.0)) - 3.3),
    )
    return np.sum([np.where(np.isnan(effect), 0.0, effect) for effect in effects], axis=0)


INTERCEPT = -3.05
"""Log odds of default of an average applicant."""
