"""Networks of transfers: gangs with typology, roles and evidence; case graphs laid out in time; co-visits of claims."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tael.networks.cases import case_graph
    from tael.networks.covisit import covisit_edges
    from tael.networks.edges import Edges, NetworkError
    from tael.networks.gang import Gang, Gangs, GangSettings
    from tael.networks.gangs import find_gangs
    from tael.networks.links import carry, link_edges, suspicion_around
    from tael.networks.measures import GangMetrics, gang_metrics
    from tael.networks.roles import ROLES
    from tael.networks.shapes import TYPOLOGIES, name_shape
    from tael.networks.tuning import Choice, choose_settings

_WHERE = {
    "Edges": "tael.networks.edges",
    "NetworkError": "tael.networks.edges",
    "Gang": "tael.networks.gang",
    "GangSettings": "tael.networks.gang",
    "Gangs": "tael.networks.gang",
    "GangMetrics": "tael.networks.measures",
    "gang_metrics": "tael.networks.measures",
    "ROLES": "tael.networks.roles",
    "TYPOLOGIES": "tael.networks.shapes",
    "name_shape": "tael.networks.shapes",
    "carry": "tael.networks.links",
    "link_edges": "tael.networks.links",
    "suspicion_around": "tael.networks.links",
    "case_graph": "tael.networks.cases",
    "Choice": "tael.networks.tuning",
    "choose_settings": "tael.networks.tuning",
    "covisit_edges": "tael.networks.covisit",
    "find_gangs": "tael.networks.gangs",
}

__all__ = [
    "ROLES",
    "TYPOLOGIES",
    "Choice",
    "Edges",
    "Gang",
    "GangMetrics",
    "GangSettings",
    "Gangs",
    "NetworkError",
    "carry",
    "case_graph",
    "choose_settings",
    "covisit_edges",
    "find_gangs",
    "gang_metrics",
    "link_edges",
    "name_shape",
    "suspicion_around",
]


def __getattr__(name: str) -> Any:
    # numba and scipy are imported by the first name that needs them, not by the package
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)
