"""Rows shared among threads."""

import pytest

from reseen.metrics.kernels.threads import RowThreads


@pytest.mark.parametrize("count", [1, 2, 5])
def test_threads_share_all_rows_in_order(count: int):
    with RowThreads(count) as threads:
        for rows in (0, 1, 4, 5, 11):
            parts = threads.share(rows, lambda part: list(range(part.start, part.stop)))
            assert [row for part in parts for row in part] == list(range(rows))
            assert len(parts) <= count
