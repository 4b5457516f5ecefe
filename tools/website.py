"""Builds the documentation site, English and Chinese: docs/_build/html/en and docs/_build/html/zh.

The pages of docs/ are taken as they are; lessons are cut out of lessons/ in each language and run; the references
of operators, scenarios, commands and checks are written from the code. A warning is an error.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from lessons import LANGUAGES, ROOT, in_language, lessons
from reference_pages import references
from scenario_pages import scenario_page, with_page

DOCS = ROOT / "docs"
BUILD = DOCS / "_build"
TIMES = BUILD / "times.tsv"

GALLERIES = {
    "foundations": ("Foundations: from two points and a line to boosting", "基础：从两点一线到梯度提升"),
    "scenarios": ("Scenarios: from raw tables to a decision", "场景：从原始数据表到业务决策"),
    "depth": ("In depth: features, your own tables, your own parts", "深入：特征、自有数据与自定义组件"),
}
KERNELS = ("depth/01_*.py", "foundations/14_*.py", "scenarios/*_stock_daily.py", "scenarios/*_futures_daily.py")
_OUTSIDE = re.compile(r"\[([^\]]*)\]\((?:\.\./)+[^)]*\)")


def assemble(lang: str, *, scenarios: bool = True) -> Path:
    """Lay the sources of one language out; the folder. What has not changed is left, so that it need not run again."""
    source = BUILD / "source" / lang
    laid = pages(lang) | galleries(lang, scenarios=scenarios)
    if not scenarios:  # what leads to their gallery leads to their list
        index = laid["index.md"].decode().replace("\ngallery/scenarios/index\n", "\n")
        laid["index.md"] = index.replace("gallery/scenarios/index.rst", "reference/scenarios.md").encode()
    for old in [
        *source.glob("*.md"),
        *source.glob("pages/*"),
        *source.glob("reference/*"),
        *source.glob("lessons/*/*"),
    ]:
        if old.relative_to(source).as_posix() not in laid:
            old.unlink()
    for folder in source.glob("lessons/*"):
        if not any(folder.iterdir()):
            folder.rmdir()
    for made in source.glob("gallery/*"):
        if not (source / "lessons" / made.name).is_dir() and f"lessons/{made.name}/README.rst" not in laid:
            shutil.rmtree(made)
    for old in source.glob("gallery/*/*.*"):  # what an earlier lesson of another name left there
        lesson = f"lessons/{old.parent.name}/{old.name.partition('.')[0]}.py"
        if lesson not in laid and not old.name.startswith("index."):
            old.unlink()
    for name, content in laid.items():
        target = source / name
        if not target.is_file() or target.read_bytes() != content:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    return source


def pages(lang: str) -> dict[str, bytes]:
    """What is read: the site's own pages, those of docs/, the references, pictures."""
    image = "report.zh-CN.png" if lang == "zh" else "report.png"
    own = "operators.zh-CN.md" if lang == "zh" else "operators.md"
    laid = {page.name: page.read_bytes() for page in sorted((DOCS / "site" / lang).glob("*.md"))}
    laid |= {"conf.py": (DOCS / "site" / "conf.py").read_bytes()}
    laid |= {"locale/zh_CN/LC_MESSAGES/sphinx.po": (DOCS / "site" / "theme.zh_CN.po").read_bytes()}
    laid |= {f"_static/{picture.name}": picture.read_bytes() for picture in sorted((DOCS / "images").glob("*.png"))}
    laid |= {"_static/report.png": (DOCS / "images" / image).read_bytes()}
    laid |= {f"_static/{sheet.name}": sheet.read_bytes() for sheet in sorted((DOCS / "site").glob("*.css"))}
    laid |= {f"pages/{page.name}": _within(page.read_text("utf-8")).encode() for page in sorted(DOCS.glob("*.md"))}
    laid |= {"reference/operators.md": (DOCS / "reference" / own).read_bytes()}
    laid |= {f"reference/{name}": text.encode() for name, text in references(lang).items()}
    return laid


def galleries(lang: str, *, scenarios: bool = True) -> dict[str, bytes]:
    """What is run: the lessons and the scenarios' pages, with each gallery's title."""
    scripts = {
        f"{path.parent.name}/{path.name}": in_language(path.read_text("utf-8"), lang).encode() for path in lessons()
    }
    if scenarios:
        for number, name in enumerate(with_page(), start=1):
            scripts[f"scenarios/{number:02d}_{name.replace('-', '_')}.py"] = scenario_page(name, lang).encode()
    for name, titles in GALLERIES.items():
        if name != "scenarios" or scenarios:
            scripts[f"{name}/README.rst"] = f"{titles[LANGUAGES.index(lang)]}\n{'=' * 80}\n".encode()
    return {f"lessons/{name}": script for name, script in scripts.items()}


def _within(text: str) -> str:
    """A page as it lies in the site's folder ``pages``; links that lead out of docs/ become plain words."""
    inside = _OUTSIDE.sub(lambda found: found[1], text)
    return inside.replace("](reference/", "](../reference/").replace("](images/", "](../_static/")


def compiled(source: Path) -> int:
    """Run the lessons that use most kernels once, so that they are compiled once and not in each language's process."""
    print("tael: compiling kernels", flush=True)
    status = 0
    for pattern in KERNELS:
        for script in sorted((source / "lessons").glob(pattern)):
            done = subprocess.run(
                [sys.executable, str(script)], env=_environment(), cwd=script.parent, check=False,
                stdout=subprocess.DEVNULL,
            )  # fmt: skip
            status = status or done.returncode
    return status


def _environment() -> dict[str, str]:
    threads = {name: "1" for name in ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "POLARS_MAX_THREADS")}
    return {
        **os.environ,
        **threads,
        "MPLBACKEND": "agg",
        "NO_COLOR": "1",
        "COLUMNS": "100",
        "PYTHONHASHSEED": "0",
    }


def build(lang: str) -> int:
    """Build one language from what was laid out; Sphinx's exit status."""
    source = BUILD / "source" / lang
    target = BUILD / "html" / lang
    environment = {**_environment(), "TAEL_DOCS_LANG": lang, "TAEL_DOCS_TIMES": str(TIMES)}
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", str(source), str(target)]
    print(f"tael: building the site ({lang}); every lesson is run", flush=True)
    done = subprocess.run(command, env=environment, check=False).returncode
    if done == 0:
        print(f"tael: {target.relative_to(ROOT)}/index.html")
    return done


def main() -> int:
    """Build both languages, or one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lang", choices=LANGUAGES, action="append")
    parser.add_argument("--no-scenarios", action="store_true", help="leave the scenarios' pages out: seconds")
    args = parser.parse_args()
    chosen = args.lang or LANGUAGES
    for lang in chosen:
        assemble(lang, scenarios=not args.no_scenarios)
    TIMES.unlink(missing_ok=True)
    if compiled(BUILD / "source" / chosen[0]) != 0:
        return 1
    with ThreadPoolExecutor(len(chosen)) as pool:  # one process a language
        done = max(pool.map(build, chosen))
    told = slowest()
    if told:
        print(f"tael: CPU seconds of the slowest pages: {told}")
    return done


def slowest(most: int = 5) -> str:
    """The pages of this build that took longest, each with the CPU seconds of its slower language."""
    longest: dict[str, float] = {}
    for line in TIMES.read_text("utf-8").splitlines() if TIMES.is_file() else []:
        _, page, seconds = line.split("\t")
        longest[page] = max(longest.get(page, 0.0), float(seconds))
    ranked = sorted(longest.items(), key=lambda pair: -pair[1])[:most]
    return ", ".join(f"{page} {seconds:.0f}" for page, seconds in ranked)


if __name__ == "__main__":
    raise SystemExit(main())
