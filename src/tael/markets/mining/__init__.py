"""Mining: factors found on a training stretch, with what the best of so many trials reaches by chance beside them."""

from tael.markets.mining.mined import Mined, mine

__all__ = ["Mined", "mine"]
