"""Annex D: all that it takes to make the run again, and to know that it is the same."""

from __future__ import annotations

from tael.reports.document.told import Told, known
from tael.reports.document.tree import Block, Code, Paragraph, Subhead, Table

ID = "reproduction"
TITLE = ("Reproduction", "复现")


def render(told: Told) -> list[Block]:
    """Write the annex."""
    command, config = told.at("reproduce", "command"), told.at("reproduce", "config_toml")
    facts = told.facts(
        told.t("reproduce.identity"),
        [
            (told.t("page.data"), told.at("reproduce", "fingerprint") or told.at("data", "fingerprint")),
            (told.t("page.model"), told.at("model", "version")),
            (told.t("page.seed"), told.at("seed")),
            (told.t("page.started"), told.at("started")),
            (told("Format of run.json", "run.json 格式版本"), told.at("format")),
            (told("Kind of machine", "机器类型"), told.at("tael", "machine")),
        ],
    )
    versions = {
        "tael": told.at("tael", "version"),
        "python": told.at("tael", "python"),
        **told.pairs("tael", "libraries"),
    }
    cells = tuple((name, str(version)) for name, version in versions.items() if version)
    heads = tuple(told.t(f"reproduce.{k}") for k in ("library", "version"))
    cost = told.t(
        "reproduce.cost_text",
        wall=told.fmt.number(
            sum(v for v in told.pairs("cost", "wall_seconds").values() if isinstance(v, (int, float))), 1
        ),
        cpu=told.fmt.number(told.at("cost", "cpu_seconds"), 1),
        memory=told.fmt.integer(told.at("cost", "peak_memory_mb")),
    )
    return known(
        Paragraph(told.t("reproduce.read")),
        Code(str(command)) if command else told.absent("The command", "运行命令"),
        facts or told.absent("Marks of identity", "运行标识"),
        Table(told.t("reproduce.versions"), heads, cells, widths=(1.0, 2.0))
        if cells
        else told.absent("A list of versions", "版本清单"),
        Paragraph(cost, "note") if told.pairs("cost") else None,
        Subhead(told.t("reproduce.config")),
        Code(str(config)) if config else told.absent("The text of the plan", "方案文本"),
    )
