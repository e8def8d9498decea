"""Words in CLIP's vocabulary, by a short list of merged pairs whose numbers are counted by hand."""

import gzip

import pytest

from reseen.errors import ReseenError
from reseen.models.texts.prompts import BEFORE, END
from reseen.models.texts.words import word_numbers

# Merged pairs are numbered from 512 on: c a = 512, r </w> ... as they stand here.
LIST = "#version: 0.2\nc a\nca r</w>\ne h\nv eh\ni c\nic l\nicl e</w>\n"


@pytest.fixture
def vocabulary(tmp_path):
    path = tmp_path / "list.txt"
    path.write_text(LIST)
    return path


def test_a_word_is_merged_in_the_order_of_the_list(vocabulary):
    assert word_numbers("car", vocabulary=vocabulary) == (513,)
    assert word_numbers("Vehicle", vocabulary=vocabulary) == (515, 518), "veh and icle</w>"
    assert word_numbers("a car", vocabulary=vocabulary) == (320, 513), "a</w> is 256 + ord('a') - 33"
    assert word_numbers("cab", vocabulary=vocabulary) == (512, 256 + ord("b") - 33), "ca and b</w>"


def test_single_characters_have_the_numbers_of_the_prompts(vocabulary):
    assert word_numbers("a", vocabulary=vocabulary)[0] in BEFORE
    assert 256 + ord(".") - ord("!") == END[0]


def test_the_list_may_be_compressed_and_need_not_be_there_for_person(tmp_path, vocabulary):
    packed = tmp_path / "list.txt.gz"
    packed.write_bytes(gzip.compress(vocabulary.read_bytes()))
    assert word_numbers("vehicle", vocabulary=packed) == (515, 518)
    assert word_numbers("person") == (2533,)


def test_the_list_of_an_installed_open_clip_is_found_without_importing_it(tmp_path, monkeypatch):
    package = tmp_path / "open_clip"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    (package / "bpe_simple_vocab_16e6.txt.gz").write_bytes(gzip.compress(LIST.encode()))
    monkeypatch.syspath_prepend(tmp_path)
    assert word_numbers("car") == (513,)


@pytest.mark.parametrize("content", ["#version\n", "#version\na b c\n"])
def test_a_file_that_is_no_list_is_refused(tmp_path, content):
    (tmp_path / "other.txt").write_text(content)
    with pytest.raises(ReseenError, match=r"other\.txt is no list of merged pairs"):
        word_numbers("car", vocabulary=tmp_path / "other.txt")
