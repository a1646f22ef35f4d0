"""⑤ What people ask: answers kept ready, folded from events, thrown away and rebuilt at will.

Exports the queries for `api` and the rebuilds for `herd`; everything else stays in here.
"""

from read_models.adapters.clickhouse_queries import Analytics, open_analytics
from read_models.adapters.letter_log import LetterBytes, open_letter_bytes
from read_models.adapters.postgres_letters import Letters, open_letters
from read_models.adapters.postgres_queries import History, open_history
from read_models.adapters.redis_latest import Latest, open_latest
from read_models.adapters.redis_queries import Hints, Worklist, open_worklist
from read_models.analytics import AnimalHours, Series
from read_models.animal_history import AnimalRow, HistoryEvent, Track
from read_models.base import ReadModelUnavailableError, RebuildRunningError
from read_models.dead_letters import LetterFilter, LetterRow, LetterState
from read_models.latest import LatestReading, Pulse
from read_models.rebuild import RebuildFailedError, RebuildReport
from read_models.rebuild_commands import (
    rebuild_analytics,
    rebuild_animal_history,
    rebuild_dead_letters,
    rebuild_worklist,
)
from read_models.wearing import AnimalReadings
from read_models.weather import StationSeries
from read_models.worklist import AlertRow, Canonical, Change, Page, Status, WorklistView

__all__ = [
    "AlertRow",
    "Analytics",
    "AnimalHours",
    "AnimalReadings",
    "AnimalRow",
    "Canonical",
    "Change",
    "Hints",
    "History",
    "HistoryEvent",
    "Latest",
    "LatestReading",
    "LetterBytes",
    "LetterFilter",
    "LetterRow",
    "LetterState",
    "Letters",
    "Page",
    "Pulse",
    "ReadModelUnavailableError",
    "RebuildFailedError",
    "RebuildReport",
    "RebuildRunningError",
    "Series",
    "StationSeries",
    "Status",
    "Track",
    "Worklist",
    "WorklistView",
    "open_analytics",
    "open_history",
    "open_latest",
    "open_letter_bytes",
    "open_letters",
    "open_worklist",
    "rebuild_analytics",
    "rebuild_animal_history",
    "rebuild_dead_letters",
    "rebuild_worklist",
]
