"""Which insurance product next: MRR, hit rate and NDCG on Zimnat's customers, against popularity and item-to-item.

    python benchmarks/bench_recommender.py [--data DIR] [--per-product]

29,132 customers, 21 products. A fifth of the customers is held out; one product is taken out of each, as in Zimnat's
competition, and is to be found again among those not held. Two products are held by most, so "mean of products" (each
weighs the same) and the products' own rows say more than "all".
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl


def read(data: Path) -> tuple[pl.DataFrame, list[str]]:
    """Customers with age and year of joining as numbers, and the names of the products."""
    table = pl.read_csv(data / "sales" / "zimnat" / "Train.csv")
    products = table.columns[8:]
    joined = pl.col("join_date").str.to_date("%d/%m/%Y")
    return table.with_columns(
        (2020 - pl.col("birth_year")).alias("age"), joined.dt.year().alias("joined"), joined.dt.month().alias("month")
    ).drop("ID", "join_date", "birth_year"), products


def contenders(products: list[str]) -> dict[str, Any]:
    """From the plainest on."""
    from tael.models import ItemToItemRecommender, PopularityRecommender, ProductRecommender

    return {
        "popularity": PopularityRecommender(products),
        "item-to-item, cosine": ItemToItemRecommender(products, similarity="cosine"),
        "item-to-item, conditional": ItemToItemRecommender(products),
        "tael, linear": ProductRecommender(products, "linear"),
        "tael, boosted": ProductRecommender(products),
    }


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("TAEL_DATA", "../shared/data")))
    parser.add_argument("--per-product", action="store_true")
    args = parser.parse_args()
    if not args.data.is_dir():
        print(f"No data at {args.data}: name the folder with --data or TAEL_DATA.", file=sys.stderr)
        return 1
    from tael.models import evaluate_ranking, leave_one_out

    table, products = read(args.data)
    test = np.random.default_rng(0).random(table.height) < 0.2
    train, held_out = table.filter(~pl.Series(test)), table.filter(pl.Series(test))
    masked, taken, _ = leave_one_out(held_out, products, seed=0)
    open_to = masked.select(products).to_numpy() == 0
    results = {}
    print(f"{'model':<28}{'of':<18}{'MRR':>22}{'hit@3':>22}{'NDCG@3':>22}{'CPU s':>8}")
    for name, model in contenders(products).items():
        start = time.process_time()
        model.fit(train)
        p = model.predict_proba(masked)
        cpu = time.process_time() - start
        truth = np.array([products.index(t) for t in taken])
        loss = -np.log(np.clip(p[np.arange(len(p)), truth], 1e-6, 1)).mean()
        results[name] = evaluate_ranking(taken, p, model.classes_, candidates=open_to)
        for of in ("all", "mean of products"):
            rows = results[name].filter(product=of).to_dicts()
            cells = "".join(f"{r['value']:>10.4f} {r['low']:.3f}-{r['high']:.3f}" for r in rows)
            print(f"{name:<28}{of:<18}{cells}{cpu:>8.1f}", flush=True)
        print(f"{'':<28}log loss of the product taken: {loss:.4f}", flush=True)
    if args.per_product:
        print(f"\n{'product':<9}{'taken':>7}" + "".join(f"{name:>28}" for name in results) + "   (MRR, hit@3)")
        for product in products:
            cells = []
            for table_ in results.values():
                v = {r["metric"]: r["value"] for r in table_.filter(product=product).to_dicts()}
                cells.append(f"{v['mrr']:>20.3f}, {v['hit']:.3f} ")
            rows = results["popularity"].filter(product=product)["rows"][0]
            print(f"{product:<9}{rows:>7}{''.join(cells)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
