"""The site's reference, written from the code: scenarios, commands, decisions, settings, checks, public names."""

from __future__ import annotations

import re
from inspect import cleandoc
from typing import Any, get_args


def references(lang: str) -> dict[str, str]:
    """Pages written from the code, by name."""
    return {
        "scenarios.md": _scenarios(lang),
        "commands.md": _commands(lang),
        "decisions.md": _decisions(lang),
        "settings.md": settings(lang),
        "checks.md": checks(lang),
        "python.md": _python(lang),
    }


def _scenarios(lang: str) -> str:
    from tael.scenarios import SCENARIOS, scenario

    zh = lang == "zh"
    head = "# 场景一览\n\n| 名称 | 标题 | 问题 |" if zh else "# Scenarios\n\n| name | title | question |"
    packs = [scenario(name) for name in SCENARIOS]
    return f"{head}\n|---|---|---|\n" + "".join(
        f"| `{one.name}` | {one.title(lang)} | {one.question(lang)} |\n" for one in packs
    )


def _decisions(lang: str) -> str:
    from tael.runs import plans

    zh = lang == "zh"
    parts = ["# 决策的种类\n" if zh else "# Kinds of decision\n\nWhat `[decision]` may say.\n"]
    head = "| 字段 | 默认 |" if zh else "| field | default |"
    for plan in get_args(plans.DecisionPlan):
        kind = plan.model_fields["kind"].default
        rows = "".join(f"| `{name}` | {_default(field)} |\n" for name, field in plan.model_fields.items())
        parts.append(f'## kind = "{kind}"\n\n{_spoken(plan)}\n\n{head}\n|---|---|\n{rows}')
    return "\n".join(parts)


def _spoken(thing: Any) -> str:
    return f"````text\n{cleandoc(thing.__doc__ or '')}\n````"


def settings(lang: str) -> str:
    """Every section of the two files that a project is, field by field."""
    from tael.observations import LabelSpec
    from tael.runs.markets.plan import MarketPlan
    from tael.runs.plan import Plan
    from tael.tables.schema import ColumnSchema, Schema, TableSchema

    zh = lang == "zh"
    files = {
        "tables.toml": {"": Schema, "[NAME]": TableSchema, "[NAME.columns]": ColumnSchema},
        "scenario.toml": {"": Plan, "[label]": LabelSpec} | _sections(Plan),
        "scenario.toml, with [market]" if not zh else "scenario.toml（含 [market]）": {"": MarketPlan}
        | _sections(MarketPlan),
    }
    opening = (
        "# 设置一览\n\n由代码生成（说明为英文）。带例子的讲解见 [tables.toml](../pages/tables-toml.md)、"
        "[scenario.toml](../pages/scenario-toml.md) 与 [markets](../pages/markets.md)；"
        "`[decision]` 见[决策的种类](decisions.md)。\n"
        if zh
        else "# Settings\n\nWritten from the code. With examples: [tables.toml](../pages/tables-toml.md), "
        "[scenario.toml](../pages/scenario-toml.md), [markets](../pages/markets.md); `[decision]`: "
        "[kinds of decision](decisions.md).\n"
    )
    parts = [opening]
    head = "| 字段 | 默认 |" if zh else "| field | default |"
    for file, sections in files.items():
        parts.append(f"## {file}\n")
        for section, model in sections.items():
            rows = "".join(f"| `{name}` | {_default(field)} |\n" for name, field in model.model_fields.items())
            title = f"`{section}`" if section else ("文件开头" if zh else "at the top")
            parts.append(f"### {title}\n\n{_spoken(model)}\n\n{head}\n|---|---|\n{rows}")
    return "\n".join(parts)


def _sections(model: Any) -> dict[str, Any]:
    """Section -> its model, for every field of a file that is a section (``[decision]`` has a page of its own)."""
    found = {}
    for name, field in model.model_fields.items():
        for kind in (field.annotation, *get_args(field.annotation)):
            if (
                isinstance(kind, type)
                and hasattr(kind, "model_fields")
                and name not in ("decision", "label", "title", "question")
            ):
                found[f"[{name}]"] = kind
    return found


def checks(lang: str) -> str:
    """The codes of the checks that the code holds in tables, and where the others are told."""
    from tael.tables.violations import MESSAGES
    from tael.validation.verdict_table import ADVICE

    zh = lang == "zh"
    parts = [
        "# 检查编号\n\n含义与例子见[检查](../pages/checks.md)（TAEL-V、TAEL-L）与 "
        "[markets](../pages/markets.md)（TAEL-M）。\n"
        if zh
        else "# Codes of the checks\n\nWhat each means, with examples: [the checks](../pages/checks.md) "
        "(TAEL-V, TAEL-L) and [markets](../pages/markets.md) (TAEL-M).\n",
        "## 数据契约\n\n| 编号 | 所见 |\n|---|---|"
        if zh
        else "## The contract of tables\n\n| code | what is seen |\n|---|---|",
        *(f"| {code} | {words[2] if zh else words[1]} |" for code, words in sorted(MESSAGES.items())),
        "",
        "## 模型的评语：怎么办\n\n| 编号 | 建议 |\n|---|---|"
        if zh
        else "## Verdicts on a model: what to do\n\n| code | what to do |\n|---|---|",
        *(f"| {code} | {words.zh if zh else words.en} |" for code, words in ADVICE.items()),
        "",
    ]
    return "\n".join(parts)


def _default(field: Any) -> str:
    if field.is_required():
        return "-"
    return f"`{field.default!r}`" if field.default_factory is None else "`{}`"


def _commands(lang: str) -> str:
    from typer.main import get_command
    from typer.testing import CliRunner

    from tael.cli.app import app

    names = sorted(getattr(get_command(app), "commands", {}))
    parts = ["# 命令行\n" if lang == "zh" else "# The command line\n"]
    for name in names:
        help_text = CliRunner().invoke(app, [name, "--help"], env={"COLUMNS": "100", "TERMINAL_WIDTH": "100"}).output
        parts.append(f"## tael {name}\n\n```text\n{_plain(help_text)}\n```\n")
    return "\n".join(parts)


def _plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text).strip()


def _python(lang: str) -> str:
    import importlib
    import inspect

    rooms = ("tael", "tael.features", "tael.models", "tael.validation", "tael.decisions", "tael.networks",
             "tael.panels", "tael.scenarios", "tael.datasets")  # fmt: skip
    title = "# Python 接口\n\n说明文字取自代码（英文）。\n" if lang == "zh" else "# The Python interface\n"
    parts = [title]
    for room in rooms:
        module = importlib.import_module(room)
        parts.append(f"## {room}\n")
        for name in sorted(getattr(module, "__all__", [])):
            thing = getattr(module, name)
            doc = inspect.cleandoc(getattr(thing, "__doc__", "") or "")
            if callable(thing) and doc:
                parts.append(f"### {room}.{name}\n\n````text\n{doc}\n````\n")
    return "\n".join(parts)
