"""Who does what in a gang: where its money comes from, through whom it passes, where it gathers."""

from __future__ import annotations

import numpy as np

from tael.networks.edges import Floats, Ints

ROLES = ("source", "mule", "collector", "hub", "member")
# Below this share of what leaves (or reaches) an account the other direction is incidental.
INCIDENTAL = 0.2
# Share of the gang's other members that a hub deals with directly.
CENTRAL = 0.6


def assign_roles(source: Ints, target: Ints, amount: Floats, n: int, directed: bool = True) -> list[str]:
    """Role of each member, from the money inside the gang alone.

    A *source* receives less than a fifth of what it sends; a *collector* sends less than a fifth of what it receives;
    a *hub* passes money on and deals with three fifths of the others, at least two on each side; a *mule* passes money
    on. Without amounts, transfers count. Without direction everybody is a *member*, or a *hub*.

    Parameters
    ----------
    source, target : (E,) int64
        From 0 to n - 1.
    amount : (E,) float64
    n : int
        Members.
    directed : bool

    Returns
    -------
    list of str
        One of `ROLES` for each member.

    Examples
    --------
    >>> assign_roles(np.array([0, 1]), np.array([1, 2]), np.array([100.0, 95.0]), 3)
    ['source', 'mule', 'collector']
    """
    money = amount if amount.any() else np.ones(len(amount))
    out = np.bincount(source, weights=money, minlength=n)
    into = np.bincount(target, weights=money, minlength=n)
    pairs = np.unique(np.stack([source, target], axis=1)[source != target], axis=0)
    met = np.unique(np.sort(pairs, axis=1), axis=0)
    partners = np.bincount(met.ravel(), minlength=n)
    central = (partners >= CENTRAL * (n - 1)) & (n > 3)
    if not directed:
        return ["hub" if hub else "member" for hub in central]
    sides = np.minimum(np.bincount(pairs[:, 0], minlength=n), np.bincount(pairs[:, 1], minlength=n))
    names = []
    for i in range(n):
        if into[i] < INCIDENTAL * out[i]:
            names.append("source")
        elif out[i] < INCIDENTAL * into[i]:
            names.append("collector")
        else:
            names.append("hub" if central[i] and sides[i] >= 2 else "mule")
    return names
