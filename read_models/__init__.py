"""⑤ What people ask: answers kept ready, folded from events, thrown away and rebuilt at will.

Exports the queries for `api` and the rebuild for `herd`; everything else stays in here.
"""

from read_models.adapters.redis_queries import Hints, Worklist, open_worklist
from read_models.base import ReadModelUnavailableError, RebuildRunningError
from read_models.rebuild import RebuildFailedError, RebuildReport, rebuild_worklist
from read_models.worklist import AlertRow, Canonical, Change, Page, Status, WorklistView

__all__ = [
    "AlertRow",
    "Canonical",
    "Change",
    "Hints",
    "Page",
    "ReadModelUnavailableError",
    "RebuildFailedError",
    "RebuildReport",
    "RebuildRunningError",
    "Status",
    "Worklist",
    "WorklistView",
    "open_worklist",
    "rebuild_worklist",
]
