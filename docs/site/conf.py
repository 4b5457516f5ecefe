"""Sphinx's settings for both languages; `tools/website.py` says which in TAEL_DOCS_LANG."""

import os
from pathlib import Path

from sphinx.search.zh import SearchChinese
from sphinx_gallery.sorting import FileNameSortKey

# Sphinx writes "window.Stemmer = <language>Stemmer", but the file that it sends along for Chinese is the English one.
SearchChinese.language_name = "English"

lang = os.environ["TAEL_DOCS_LANG"]
here = Path(__file__).resolve().parent
project, author, copyright = "tael", "The tael founders", "The tael founders"
language = "zh_CN" if lang == "zh" else "en"
extensions = ["myst_parser", "sphinx_gallery.gen_gallery"]
html_theme = "furo"
html_title = "tael"
html_static_path = ["_static"]
html_search_language = "zh" if lang == "zh" else "en"
templates_path: list[str] = []
exclude_patterns = ["lessons/**"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
suppress_warnings = ["myst.header", "misc.highlighting_failure", "config.cache"]
default_role = "code"
galleries = sorted(path.name for path in (here / "lessons").iterdir()) if (here / "lessons").is_dir() else []


def fonts(gallery_conf, fname):
    """Labels in Chinese where the machine has a font for them."""
    import matplotlib as mpl
    from matplotlib import font_manager

    mpl.rcParams["svg.fonttype"] = "path"
    mpl.rcParams["figure.figsize"] = (6.4, 3.8)
    mpl.rcParams["figure.dpi"] = 110
    mpl.rcParams["axes.spines.top"] = mpl.rcParams["axes.spines.right"] = False
    known = {one.name for one in font_manager.fontManager.ttflist}
    wanted = ("Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Serif CJK SC", "Noto Serif CJK JP", "SimHei")
    found = [name for name in wanted if name in known]
    if lang == "zh" and found:
        mpl.rcParams["font.family"] = [found[0], "DejaVu Sans"]
        mpl.rcParams["axes.unicode_minus"] = False


sphinx_gallery_conf = {
    "examples_dirs": [str(here / "lessons" / name) for name in galleries],
    "gallery_dirs": [f"gallery/{name}" for name in galleries],
    "filename_pattern": r"\.py$",
    "within_subsection_order": FileNameSortKey,
    "abort_on_example_error": False,
    "only_warn_on_example_error": False,
    "reset_modules": ("matplotlib", fonts),
    "remove_config_comments": True,
    "show_memory": False,
    "min_reported_time": 1000,
    "download_all_examples": False,
    "show_signature": False,
    "write_computation_times": False,
    "nested_sections": False,
    "copyfile_regex": r".*\.rst$",
}
