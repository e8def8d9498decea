"""Changes columns of records in one commit."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from reseen.retrieval.adding import add_columns
from reseen.retrieval.filters import one_of
from reseen.retrieval.record import FieldValue
from reseen.retrieval.schema import changed_values, free_fields
from reseen.retrieval.versions import committed


def update_records(table: Any, ids: Sequence[str], changes: Mapping[str, FieldValue | datetime]) -> int:
    """Set columns of these records, where None clears; their number. The writer's lock must be held."""
    add_columns(table, [free_fields(changes)])
    values = changed_values(changes, table.schema)
    attempts = committed(table, lambda: table.update(where=one_of("id", ids), values=values))
    return max(int(attempt.rows_updated) for attempt in attempts)
