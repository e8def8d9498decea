"""Pillow makes one block of each image while threads decode, and is left as it was."""

import os
from contextlib import ExitStack

import pytest
from PIL import Image

from reseen.data.blocks import whole_blocks
from reseen.data.pixel_view import pixel_view
from reseen.data.threads import cores


def settings() -> tuple[int, int]:
    return Image.core.get_block_size(), Image.core.get_blocks_max()


def five_megapixels() -> Image.Image:
    return Image.new("RGB", (2500, 2000))


def test_an_image_is_in_one_block_inside_and_in_several_outside() -> None:
    assert pixel_view(five_megapixels()) is None
    with whole_blocks():
        assert pixel_view(five_megapixels()) is not None
    assert pixel_view(five_megapixels()) is None


def test_the_next_image_takes_the_memory_of_the_last() -> None:
    with whole_blocks():
        five_megapixels()
        before = Image.core.get_stats()["reused_blocks"]
        five_megapixels()
        assert Image.core.get_stats()["reused_blocks"] == before + 1
    assert Image.core.get_stats()["blocks_cached"] == 0


def test_a_view_gives_its_memory_back() -> None:
    with whole_blocks():
        view = pixel_view(five_megapixels())
        assert Image.core.get_stats()["blocks_cached"] == 0
        del view
        assert Image.core.get_stats()["blocks_cached"] == 1


def test_the_last_to_leave_restores_in_any_order() -> None:
    before = settings()
    with ExitStack() as first, ExitStack() as second:
        first.enter_context(whole_blocks())
        inside = settings()
        assert inside != before
        second.enter_context(whole_blocks())
        first.close()
        assert settings() == inside
        second.close()
        assert settings() == before


def test_an_error_restores_too() -> None:
    before = settings()
    with pytest.raises(ZeroDivisionError), whole_blocks():
        1 / 0  # noqa: B018
    assert settings() == before


def test_as_many_threads_decode_as_there_are_usable_cores_up_to_32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(5)), raising=False)
    assert cores() == 5
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(96)), raising=False)
    assert cores() == 32
