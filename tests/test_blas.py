"""The limit holds while anyone needs it, and is given back whole."""

import pytest
from threadpoolctl import ThreadpoolController

from reseen.blas import one_blas_thread


def threads() -> list[int]:
    return [library.num_threads for library in ThreadpoolController().select(user_api="blas").lib_controllers]


@pytest.fixture
def two_threads():
    with ThreadpoolController().limit(limits=2, user_api="blas"):
        yield


def test_of_two_overlapping_limits_the_last_restores_the_threads_of_blas(two_threads):
    before = threads()
    assert max(before) == 2
    first, second = one_blas_thread(), one_blas_thread()
    first.__enter__()
    second.__enter__()
    assert set(threads()) == {1}
    first.__exit__(None, None, None)
    assert set(threads()) == {1}
    second.__exit__(None, None, None)
    assert threads() == before


def test_an_error_inside_a_limit_restores_the_threads_of_blas(two_threads):
    before = threads()
    with pytest.raises(RuntimeError), one_blas_thread():
        raise RuntimeError
    assert threads() == before
