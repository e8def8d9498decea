"""The twins of a synthetic set, read from its synth.json."""

import json

import pytest

from reseen.data.twins import known_twins
from reseen.errors import ReseenError


def test_twins_are_known_of_synthetic_sets_only(tmp_path):
    assert known_twins(tmp_path) == []
    facts = tmp_path / "synth.json"
    facts.write_text(json.dumps({"twin_pairs": [["0001", "0002"], ["0003", "0004"]]}))
    assert known_twins(tmp_path) == [("0001", "0002"), ("0003", "0004")]
    for broken in ("{", "{}", '{"twin_pairs": [1]}', '{"twin_pairs": [["1"]]}'):
        facts.write_text(broken)
        with pytest.raises(ReseenError, match=r"synth\.json: expected what `reseen synth` wrote"):
            known_twins(tmp_path)
