"""Old public names keep working, and warn with the new one at the line that used them."""

from typing import NamedTuple

import pytest

import reseen.explain
from reseen.deprecation import moved_names, renamed_attribute, renamed_keywords

# fmt: off
NAMES_OF_EXPLAIN = [
    "METHODS", "AttentionMaps", "BesideContent", "CameraMatrix", "Change", "Changed", "Confusion", "Explained",
    "PairMaps", "Panel", "Picture", "ReportContent", "ScoreRow", "ScoredExplanations", "Side", "Similarities",
    "Tile", "Wanted", "attention_maps", "camera_matrix", "changed_queries", "confused_pairs", "confusion_sheet",
    "contrast_maps", "contrast_overlay", "count_similarities", "draw_sheet", "explain_attention", "explain_run",
    "find_confusions", "jpeg_bytes", "known_twins", "overlay", "pick_queries", "picture_of", "place_on_plane",
    "plot_cameras", "plot_cmc", "plot_plane", "plot_similarities", "plot_training", "png_bytes", "position_table",
    "ranked_sheet", "ranked_tiles", "sample_identities", "score_explanations", "score_page", "similarity_maps",
    "stage_layers", "summed", "worst_queries", "write_beside", "write_png", "write_report", "write_scores",
]
# fmt: on


class Draw(NamedTuple):
    row: int
    index = renamed_attribute("Draw.index", "row")


@renamed_keywords(refinement="postprocess")
def evaluate(*, postprocess: str) -> str:
    return postprocess


@pytest.mark.parametrize("name", NAMES_OF_EXPLAIN)
def test_every_public_name_of_explain_before_the_rooms_is_still_there(name: str) -> None:
    if name in reseen.explain.__all__:
        assert getattr(reseen.explain, name) is not None
    else:
        with pytest.warns(DeprecationWarning, match=rf"^reseen\.explain\.{name} is now reseen(\.\w+)+; "):
            assert getattr(reseen.explain, name) is not None


def test_the_import_of_a_moved_name_warns_where_it_is_written() -> None:
    with pytest.warns(DeprecationWarning, match=r"reseen\.explain\.png_bytes is now reseen\.draw\.png_bytes") as warned:
        from reseen.explain import png_bytes  # noqa: F401
    assert {warning.filename for warning in warned} == {__file__}


def test_a_name_that_never_was_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match=r"module 'reseen\.ops' has no attribute 'circle'"):
        moved_names("reseen.ops", {"square": "math:sqrt"})("circle")


def test_a_renamed_attribute_of_a_tuple_reads_the_new_one_and_warns() -> None:
    with pytest.warns(DeprecationWarning, match=r"Draw\.index is now row") as warned:
        assert Draw(3).index == 3
    assert warned[0].filename == __file__


def test_a_renamed_keyword_is_passed_on_under_its_new_name() -> None:
    assert evaluate(postprocess="rerank") == "rerank"
    with pytest.warns(DeprecationWarning, match=r"evaluate\(refinement=...\) is now postprocess"):
        assert evaluate(refinement="rerank") == "rerank"


def test_a_keyword_under_both_its_names_is_refused() -> None:
    with pytest.raises(TypeError, match="'postprocess' and its former name 'refinement'"):
        evaluate(refinement="rerank", postprocess="expansion")
