"""BLAS held to one thread while our own threads make the products.

BLAS's threads stay awake after each product and would take the cores from the compiled loops beside it.
"""

from collections.abc import Callable
from functools import cache

from threadpoolctl import ThreadpoolController

from reseen.whole_process import HeldSetting


def _limit() -> Callable[[], object]:
    return _controller().limit(limits=1, user_api="blas").restore_original_limits  # type: ignore[no-any-return]


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()


one_blas_thread = HeldSetting(_limit).held
"""A context manager; several threads may be inside at once."""
