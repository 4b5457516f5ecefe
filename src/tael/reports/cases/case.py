"""What a case file holds, as plain data: whoever finds a case (an alert, a gang) fills it in.

Every text is either a text or a mapping ``{"en": ..., "zh": ...}``. What stands in here is shown as it is, so whoever
fills it in masks personal data first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Text = str | Mapping[str, str]
"""A text, the same in both languages or one in each."""

ASKED = ("who", "what", "when", "where", "why", "how")
"""The questions of a suspicious-transaction report, in their order."""


@dataclass(frozen=True)
class Rows:
    """A table as shown.

    Parameters
    ----------
    title : Text
    heads : tuple of Text, length k
    rows : tuple of tuple of Text, each of length k
    words : tuple of int
        Columns that hold words; the others are numbers and stand to the right.
    note : Text
        What is left out, and how the rows were chosen.
    """

    title: Text
    heads: tuple[Text, ...]
    rows: tuple[tuple[Text, ...], ...]
    words: tuple[int, ...] = (0,)
    note: Text = ""


@dataclass(frozen=True)
class Reason:
    """One reason, as a sentence, with the rows behind it.

    Parameters
    ----------
    sentence : Text
        What it is, with its value, what is usual, and how far it moves the score.
    told : Text
        The rows behind it in words: how many, amounts, days, with whom.
    evidence : tuple of Rows
    formula : str
    """

    sentence: Text
    told: Text = ""
    evidence: tuple[Rows, ...] = ()
    formula: str = ""


@dataclass(frozen=True)
class Peer:
    """One factor beside the peers'.

    Parameters
    ----------
    factor : Text
    own, median : Text
        As a person writes them.
    below : float or None
        Share of the peers with a smaller value, 0 to 1 (those with the same count half); None: not known.
    push : Text
        Which way the factor moves the score, and how far.
    """

    factor: Text
    own: Text
    median: Text
    below: float | None = None
    push: Text = ""


@dataclass(frozen=True)
class Answer:
    """One part of the draft report.

    Parameters
    ----------
    question : str
        One of `ASKED`.
    known : tuple of Text
        What the tables say.
    blank : tuple of Text
        What nobody knows yet: written as lines to be filled in.
    """

    question: str
    known: tuple[Text, ...] = ()
    blank: tuple[Text, ...] = ()


@dataclass(frozen=True)
class Case:
    """One case file.

    Parameters
    ----------
    id : str
        By which it is disposed of; says nothing about whom it concerns.
    title : Text
    score : float or None
        Probability.
    money : float or None
        Expected value of looking into it, or the money that moved (`money_title` says which).
    currency : str
    because : Text
        Why it is in the queue.
    facts : tuple of (Text, Text)
        Name and value, for the head of the page.
    reasons : tuple of Reason
    peers : tuple of Peer
    peers_note : Text
        Who the peers are.
    trail : tuple of Rows
        Movements, the latest first.
    graph : mapping or None
        As ``tael.networks.case_graph`` makes it; of a node only ``id``, ``x``, ``y`` and ``role`` are needed.
    graph_note : Text
    history : tuple of Rows
        Earlier alerts, what was decided on them, and what else was known.
    draft : tuple of Answer
    checks : tuple of Text
        What was computed again, and that it agreed.
    worries : tuple of Text
        What did not agree, or must be read with care.
    simulated, masked : bool
    money_title, score_title : Text
        Where they are other than an expected value and a probability.
    """

    id: str
    title: Text
    score: float | None = None
    money: float | None = None
    currency: str = ""
    because: Text = ""
    facts: tuple[tuple[Text, Text], ...] = ()
    reasons: tuple[Reason, ...] = ()
    peers: tuple[Peer, ...] = ()
    peers_note: Text = ""
    trail: tuple[Rows, ...] = ()
    graph: Mapping[str, Any] | None = field(default=None, repr=False)
    graph_note: Text = ""
    history: tuple[Rows, ...] = ()
    draft: tuple[Answer, ...] = ()
    checks: tuple[Text, ...] = ()
    worries: tuple[Text, ...] = ()
    simulated: bool = False
    masked: bool = True
    money_title: Text = ""
    score_title: Text = ""
