"""One HTML page a run: summary first, everything inside the file, in English or Chinese."""

from tael.reports.page import build_report, write_report

__all__ = ["build_report", "write_report"]
