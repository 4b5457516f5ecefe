"""The model document (.docx and .html), filled from a run and marked where a person must write."""

from tael.reports.document.build import build_document
from tael.reports.document.write import KINDS, write_document

__all__ = ["KINDS", "build_document", "write_document"]
