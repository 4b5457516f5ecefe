"""Writes the pages that are made from the code, then runs the examples in docs/*.md.

There is no website yet: the pages are Markdown, to be read where they lie. ``--check`` writes nothing and fails where
a page is not what the code says.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from tael.formulas import operators

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"


def pages() -> dict[Path, str]:
    """Every page made from the code, and its text."""
    folder = DOCS / "reference"
    return {
        folder / "operators.md": f"# Operators\n\nWritten by `make docs` from the code.\n\n{operators.reference('en')}",
        folder / "operators.zh-CN.md": f"# 算子\n\n由 `make docs` 根据代码生成。\n\n{operators.reference('zh')}",
    }


def stale() -> list[Path]:
    """Pages that are missing, or are not what the code says."""
    return [path for path, text in pages().items() if not path.is_file() or path.read_text("utf-8") != text]


def write() -> None:
    """Write the pages that are stale."""
    for path in stale():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(pages()[path], "utf-8")
        print(f"tael: wrote {path.relative_to(ROOT)}")


def run_examples() -> int:
    """Run the ``>>>`` examples in docs/*.md; 0 when all hold."""
    with_examples = [str(path) for path in sorted(DOCS.rglob("*.md")) if "\n>>> " in path.read_text("utf-8")]
    if not with_examples:
        print("tael: docs/*.md hold no >>> examples to run")
        return 0
    command = [sys.executable, "-m", "pytest", "-q", "--doctest-glob=*.md", *with_examples]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def main() -> int:
    """Write or check the pages, then run the examples."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a page is stale")
    if parser.parse_args().check:
        for path in stale():
            print(f"tael: {path.relative_to(ROOT)} is stale: run make docs", file=sys.stderr)
        return 1 if stale() else 0
    write()
    return run_examples()


if __name__ == "__main__":
    raise SystemExit(main())
