"""What a cache of a gallery needs of its store; the store itself imports the caches."""

from collections.abc import Callable, Iterator
from typing import Any, Protocol, TypeVar

import pyarrow as pa
from lancedb.expr import Expr

from reseen.retrieval.schema import GalleryModel

Result = TypeVar("Result")


class Reader(Protocol):
    """Reads a table; a `Store`."""

    @property
    def version(self) -> int:
        """The newest version, or the one that this thread looks at."""
        ...

    @property
    def model(self) -> GalleryModel:
        """The model whose vectors the gallery holds."""
        ...

    def records(self) -> int:
        """The number of all records."""
        ...

    def read(self, work: Callable[[Any], Result]) -> Result:
        """Call ``work`` with the table; again if another process has removed the version that was being read."""
        ...

    def rows(self, where: Expr | None, *, columns: list[str], row_ids: bool = False) -> Iterator[pa.RecordBatch]:
        """All records that meet the condition."""
        ...

    def snapshot(self) -> Any:
        """The newest version as a table of its own."""
        ...
