"""Does the search find what was planted, and nothing where nothing is?

    python benchmarks/bench_planted.py [--seeds 10] [--n 3000]

Simulated tables with a pattern in three layers (``tael.datasets.simulate_planted``): the search must have an equivalent
formula (rank correlation with the planted one above .95 on all observations) among its first ten. On noise it must keep
nothing. Everything here is simulated.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from scipy.stats import spearmanr

from tael.datasets import simulate_planted
from tael.datasets.planted import FORMULAS
from tael.features import AutoFeatures

FIRST = 10
EQUIVALENT = 0.95


def main() -> None:
    """Search in each pattern and seed, and print what came out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--n", type=int, default=3000)
    parser.add_argument("--patterns", nargs="*", default=list(FORMULAS))
    parser.add_argument("--show", action="store_true", help="print the first ten formulas")
    given = parser.parse_args()
    for pattern in given.patterns:
        held = 0
        for seed in range(given.first, given.first + given.seeds):
            made = simulate_planted(pattern, given.n, seed=seed)
            clock = time.process_time()
            auto = AutoFeatures(made.tables, entity=made.entity, layers=3, random_state=seed)
            table = np.asarray(auto.fit(made.X, made.y).transform(made.X), dtype=float)
            spent = time.process_time() - clock
            if made.formula is None:
                good = not auto.formulas_
                said = f"{len(auto.formulas_)} kept"
            else:
                alike = [abs(spearmanr(column, made.signal, nan_policy="omit")[0]) for column in table.T[:FIRST]]
                best = int(np.nanargmax(alike)) if alike else -1
                good = best >= 0 and alike[best] > EQUIVALENT
                said = f"place {best + 1}, {alike[best]:.3f}: {auto.formulas_[best]}" if alike else "nothing kept"
            held += good
            print(f"{pattern} seed {seed}: {'yes' if good else 'NO'}, {said} ({spent:.0f} CPU s)", flush=True)
            if given.show:
                for i, formula in enumerate(auto.formulas_[:FIRST]):
                    print(f"    {auto.gain_[i]:.3f} {formula}")
        print(f"{pattern}: {held} of {given.seeds}")


if __name__ == "__main__":
    main()
