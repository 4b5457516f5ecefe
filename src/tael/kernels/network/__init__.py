"""Kernels of the network shape: a temporal multigraph, looked at from a node and a cutoff, or from an edge.

Only what happened and was known strictly before a cutoff counts. Each kernel can name the edges that matched, and says
how often a node with too many edges was cut to its latest ones.
"""

from tael.kernels.network.activity import STATS, Activity, activity
from tael.kernels.network.cycles import closing_cycles, cycles
from tael.kernels.network.flows import WIDE_CAP, chains, pass_through, traits
from tael.kernels.network.graph import TemporalGraph
from tael.kernels.network.hops import gather_scatter, ways
from tael.kernels.network.meetings import meetings
from tael.kernels.network.results import CAP, Found, Matches
from tael.kernels.network.snapshots import snapshot

__all__ = [
    "CAP",
    "STATS",
    "WIDE_CAP",
    "Activity",
    "Found",
    "Matches",
    "TemporalGraph",
    "activity",
    "chains",
    "closing_cycles",
    "cycles",
    "gather_scatter",
    "meetings",
    "pass_through",
    "snapshot",
    "traits",
    "ways",
]
