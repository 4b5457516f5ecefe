"""What all parts of a plan have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """A part of a plan: a field that it does not know is a fault, and nothing is changed afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True)
