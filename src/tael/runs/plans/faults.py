"""Reading a scenario's TOML, and telling what is wrong with it, for every kind of plan."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from tael.errors import ScenarioError, did_you_mean


def read_toml(path: Path) -> dict[str, Any]:
    """The content of a ``scenario.toml``.

    Raises
    ------
    ScenarioError
        If it is not there, cannot be read, is not UTF-8 or no TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise ScenarioError(
            "There is no scenario here.",
            expected=f"a file {path.name}",
            where=str(path.parent),
            fix="Write a project folder with `tael new credit-approval FOLDER`.",
        ) from None
    except UnicodeDecodeError as error:
        raise ScenarioError(
            "The scenario is not written in UTF-8.",
            expected="UTF-8",
            got=str(error),
            where=str(path),
            fix="Save it as UTF-8 in your editor.",
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(
            "The scenario is no valid TOML.",
            expected="TOML",
            got=str(error),
            where=str(path),
            fix="Mend the line named above.",
        ) from None
    except OSError as error:
        raise ScenarioError(
            "The scenario cannot be read.",
            expected="a file that may be read",
            got=error.strerror or str(error),
            where=str(path),
            fix="Look at its permissions.",
        ) from None


def unreadable(error: ValidationError, where: str, plan: type[BaseModel]) -> ScenarioError:
    """All faults of a plan as one error: the first in four parts, the others in a line each.

    Parameters
    ----------
    error : ValidationError
    where : str
        What the error calls the file.
    plan : class
        The plan that was to be read.
    """
    faults = error.errors()
    others = [f"{_place(one, plan)}: {_said(one['msg'])}" for one in faults[1:6]]
    more = "".join(f"\n            also {line}" for line in others)
    if len(faults) > 6:
        more += f"\n            and {len(faults) - 6} more"
    first = faults[0]
    place = _place(first, plan)
    if first["type"] == "extra_forbidden":
        known = _section(tuple(map(str, first["loc"][:-1])), plan).model_fields
        return ScenarioError(
            "The scenario has a field that tael does not know.",
            expected="one of " + ", ".join(known),
            got=place,
            where=where + more,
            fix=did_you_mean(str(first["loc"][-1]), known),
        )
    if first["type"] == "missing":
        return ScenarioError(
            "The scenario lacks a field.", expected=place, where=where + more, fix="State it in the TOML."
        )
    if first["type"] == "union_tag_invalid":
        kinds = str(first["ctx"]["expected_tags"])
        return ScenarioError(
            "The scenario has a value of the wrong form.",
            expected=kinds,
            got=f"{place}.kind = {first['input']['kind']!r}",
            where=where + more,
            fix=did_you_mean(str(first["input"]["kind"]), [kind.strip(" '") for kind in kinds.split(",")]),
        )
    return ScenarioError(
        "The scenario has a value of the wrong form.",
        expected=_said(first["msg"]),
        got=(f"{place} = " if place else "") + f"{first['input']!r}"[:160],
        where=where + more,
        fix="Mend this value in the TOML.",
    )


def _place(fault: Any, plan: type[BaseModel]) -> str:
    """Section and field; the branches of a union that pydantic tried are left out."""
    section: Any = plan
    parts: list[str] = []
    for part in map(str, fault["loc"]):
        if (chosen := _of_kind(section, part)) is not None:
            section = chosen
            continue
        if _is_plan(section):
            parts.append(part)
            field = section.model_fields.get(part)
            section = None if field is None else _only_plan(field.annotation)
        elif section in (dict, None) or "dict" in str(section):
            parts.append(part)
            section = next((one for one in get_args(section) if _is_plan(one)), ())
    return ".".join(parts)


def _only_plan(annotation: Any) -> Any:
    """The plan that a field may hold, where it is one plan or nothing."""
    plans = [one for one in get_args(annotation) if _is_plan(one)]
    return plans[0] if len(plans) == 1 and type(None) in get_args(annotation) else annotation


def _is_plan(one: Any) -> bool:
    return isinstance(one, type) and issubclass(one, BaseModel)


def _of_kind(section: Any, part: str) -> type[BaseModel] | None:
    """The plan of a kind, where a union of plans stands: the kind is no field of the TOML."""
    for one in get_args(section):
        if _is_plan(one) and "kind" in one.model_fields and part in get_args(one.model_fields["kind"].annotation):
            return one
    return None


def _section(place: tuple[str, ...], plan: type[BaseModel]) -> type[BaseModel]:
    """The plan of a section, for the names of its fields."""
    section: Any = plan
    found: type[BaseModel] = plan
    for part in place:
        if (chosen := _of_kind(section, part)) is not None:
            section = chosen
        elif _is_plan(section):
            field = section.model_fields.get(part)
            section = None if field is None else _only_plan(field.annotation)
        else:
            section = next((one for one in get_args(section) if _is_plan(one)), None)
        found = section if _is_plan(section) else found
    return found


def _said(message: str) -> str:
    """What pydantic says, without its own preface."""
    return message.removeprefix("Value error, ").removeprefix("Input should be ").split("\n")[0]
