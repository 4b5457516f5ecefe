"""Reading Kenneth French's files of factor returns: text above and below, per cent, several tables in one file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tael.errors import MarketError

if TYPE_CHECKING:
    import polars as pl

MISSING = (-99.99, -999.0)


def read_fama_french(path: str | Path) -> pl.DataFrame:
    """The first table of a file of factor returns, as shares a period.

    Parameters
    ----------
    path : str or Path
        Such as ``F-F_Research_Data_Factors_daily.CSV``; dates are YYYYMMDD or YYYYMM (the month's last day).

    Returns
    -------
    polars.DataFrame
        ``date`` and one column a factor, named as in the file (``Mkt-RF``, ``SMB``, ``HML``, ``RF``). -99.99 and -999
        are missing (null).

    Raises
    ------
    MarketError
        No table in it, a line that is none, dates that do not rise.
    """
    import polars as pl

    place = Path(path)
    try:
        lines = place.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise MarketError("The file of factors cannot be read.", got=str(error), where=str(place)) from error
    head = next((i for i, line in enumerate(lines) if line.startswith(",")), None)
    if head is None:
        raise MarketError(
            "The file holds no table of factors.",
            expected='a line of names that begins with a comma, such as ",Mkt-RF,SMB,HML,RF"',
            where=str(place),
        )
    names = [name.strip() for name in lines[head].split(",")[1:]]
    dates, rows = [], []
    for number, line in enumerate(lines[head + 1 :], start=head + 2):
        cells = [cell.strip() for cell in line.split(",")]
        if not cells[0].isdigit():
            break  # the table ends with a blank line; below it stand notes, or the same by year
        try:
            rows.append([float(cell) for cell in cells[1:]])
            dates.append(_day(cells[0]))
        except ValueError as error:
            raise MarketError("A line of factors cannot be read.", got=line, where=f"{place}:{number}") from error
        if len(rows[-1]) != len(names):
            raise MarketError(
                "A line does not fit the names.", expected=f"{len(names)} numbers", got=line, where=f"{place}:{number}"
            )
    if not rows:
        raise MarketError("The table of factors is empty.", where=f"{place}:{head + 1}")
    values = np.array(rows)
    values[np.isin(values, MISSING)] = np.nan
    days = np.array(dates)
    if not np.all(days[1:] > days[:-1]):
        raise MarketError("The dates of the factors do not rise.", where=str(place))
    frame = pl.DataFrame({name: values[:, i] / 100.0 for i, name in enumerate(names)})
    return frame.fill_nan(None).insert_column(0, pl.Series("date", days))


def _day(text: str) -> np.datetime64:
    if len(text) == 6:
        return (np.datetime64(f"{text[:4]}-{text[4:]}", "M") + 1).astype("M8[D]") - 1
    if len(text) != 8:
        raise ValueError(text)
    return np.datetime64(f"{text[:4]}-{text[4:6]}-{text[6:]}", "D")
