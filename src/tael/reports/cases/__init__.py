"""Case files: one offline page for each alert or gang, and the queue that leads to them."""

from tael.reports.cases.case import Answer, Case, Peer, Reason, Rows, Text
from tael.reports.cases.page import case_page
from tael.reports.cases.queue import Queue, Queued, queue_page

__all__ = ["Answer", "Case", "Peer", "Queue", "Queued", "Reason", "Rows", "Text", "case_page", "queue_page"]
