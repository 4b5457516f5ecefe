"""The tone of news: out of sample on FinancialPhraseBank; then as a factor, of tweets on 88 stocks.

    python benchmarks/bench_sentiment.py [--data DIR] [--folds 10]

FinancialPhraseBank holds sentences on which all annotators agree (negative, neutral, positive). Sentences that occur
twice stay in one fold. Beside the model: the most frequent class. The tweets (2014-2016) are younger than all
sentences; the mean tone of three days before a close is held against the return from the next close to the one after.
"""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict

from tael.kernels.panel import rank_ic
from tael.markets.performance import mean_test
from tael.markets.sentiment import SentimentClassifier, with_tone
from tael.panels import Panel, compute, event_fields
from tael.tables.frames import Tables

NAMES = ("negative", "neutral", "positive")


def sentences(data: Path) -> tuple[list[str], np.ndarray]:
    """The texts and their classes, 0 to 2."""
    path = data / "market" / "news" / "financial_phrasebank.csv"
    raw = pl.read_csv(path, has_header=False, skip_rows=1, new_columns=["number", "sentence", "label"])
    return raw["sentence"].to_list(), raw["label"].to_numpy()


def out_of_sample(texts: list[str], label: np.ndarray, folds: int) -> None:
    """Print what each class is told by, and how well, each sentence judged by a model that has not seen it."""
    same = pl.Series(texts).str.to_lowercase().rank("dense").to_numpy()
    start = time.process_time()
    parts = StratifiedGroupKFold(folds, shuffle=True, random_state=0)
    said = cross_val_predict(SentimentClassifier(), texts, label, groups=same, cv=parts)
    cpu = time.process_time() - start
    right, most = said == label, np.bincount(label).argmax()
    error = float(np.sqrt(right.mean() * (1 - right.mean()) / len(right)))
    print(f"{len(texts):,} sentences ({len(np.unique(same)):,} different), {folds} folds, {cpu:.0f} CPU s")
    print(f"  accuracy {right.mean():.3f} ±{error:.3f}; most frequent class {np.mean(label == most):.3f}")
    plain = f1_score(label, np.full_like(label, most), average="macro", zero_division=0)
    print(f"  macro F1 {f1_score(label, said, average='macro'):.3f}; most frequent class {plain:.3f}")
    for kind, name in enumerate(NAMES):
        there, told = label == kind, said == kind
        print(f"  {name:9} n {there.sum():5,}  recall {right[there].mean():.3f}  precision {right[told].mean():.3f}")


def as_factor(data: Path, model: SentimentClassifier) -> None:
    """Print the rank IC of the tone of tweets across stocks."""
    folder = data / "market" / "news"
    prices = pl.read_parquet(folder / "prices_88_stocks.parquet").select(
        pl.col("Date").str.to_datetime().alias("date"), pl.col("Symbol").alias("code"),
        pl.col("Adj Close").cast(pl.Float64).alias("close"),
    )  # fmt: skip
    tweets = pl.read_parquet(folder / "tweets_88_stocks.parquet").select(
        pl.col("Symbol").alias("code"), "text",
        pl.col("created_at").str.to_datetime("%a %b %d %H:%M:%S %z %Y").dt.replace_time_zone(None).alias("created_at"),
    )  # fmt: skip
    tweets = with_tone(tweets, model).drop("text")
    span = (tweets["created_at"].min(), tweets["created_at"].max())
    prices = prices.filter(pl.col("date").is_between(*span))
    stocks = prices.select("code").unique().sort("code")
    panel = Panel.from_frame(prices, time="date", entity="code", fields=["close"])
    # a bar is known at 16:00 in New York, never before 20:00 in UTC, the clock of the tweets
    panel = replace(panel, times=panel.times.astype("M8[us]") + np.timedelta64(20, "h"))
    tables = Tables(
        {"stocks": stocks, "tweets": tweets},
        {"stocks": {"key": "code"}, "tweets": {"time": "created_at", "columns": {"code": {"to": "stocks"}}}},
    )
    formulas = {
        "tone": 'mean(tweets.tone, last="3d")', "tone_week": 'mean(tweets.tone, last="7d")',
        "count": 'count(tweets, last="3d")',
    }  # fmt: skip
    panel = event_fields(tables, formulas, panel, entity="stocks")
    outcome = compute(panel, ["close[+2] / close[+1] - 1"], label=True)[0]
    print(f"{len(tweets):,} tweets on {len(stocks)} stocks, {span[0]:%Y-%m-%d} to {span[1]:%Y-%m-%d}")
    for name in ("tone", "tone_week"):
        values = panel.fields[name]
        each = rank_ic(values, outcome, panel.members & np.isfinite(values))
        found = mean_test(each)
        print(f"  {name:9} rank IC {found.mean:.4f} ±{found.error:.4f}, {int(np.isfinite(each).sum())} days")


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("TAEL_DATA", "../shared/data")))
    parser.add_argument("--folds", type=int, default=10)
    arguments = parser.parse_args()
    texts, label = sentences(arguments.data)
    out_of_sample(texts, label, arguments.folds)
    model = SentimentClassifier().fit(texts, label)
    for kind, words in model.words(8).items():
        print(f"  {NAMES[kind]}: {', '.join(words)}")
    as_factor(arguments.data, model)


if __name__ == "__main__":
    main()
