"""A topology file is read as a person writes it, and refused in one line."""

import pytest

from reseen.errors import ReseenError
from reseen.linking import Window, read_topology
from reseen.linking.topology import require_known

CSV = "from,to,shortest,longest\na,b,10,60\nb,c,5,30\nc,b,7,40\n"
TOML = '[[window]]\nfrom = "a"\nto = "b"\nshortest = 10\nlongest = 60\n'


def test_a_row_holds_both_ways_unless_the_way_back_has_its_own(tmp_path):
    (tmp_path / "roads.csv").write_text(CSV)
    windows = set(read_topology(tmp_path / "roads.csv"))
    assert windows == {
        Window("a", "b", 10, 60), Window("b", "a", 10, 60), Window("b", "c", 5, 30), Window("c", "b", 7, 40),
    }  # fmt: skip


def test_toml_says_the_same(tmp_path):
    (tmp_path / "roads.toml").write_text(TOML)
    assert read_topology(tmp_path / "roads.toml") == (Window("a", "b", 10, 60), Window("b", "a", 10, 60))


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("roads.csv", "from,to\na,b\n", "expected rows of two cameras and two numbers"),
        ("roads.csv", "from,to,shortest,longest\na,b,soon,60\n", "got soon and 60"),
        ("roads.csv", "from,to,shortest,longest\na,b,70,60\n", "a to b: shortest 70 is above longest 60"),
        ("roads.csv", f"{CSV}a,b,1,2\n", "a pair of cameras has two rows"),
        ("roads.toml", "window = 3\n", "as \\[\\[window\\]\\] tables"),
        ("roads.toml", "[[window]\n", "it cannot be read"),
        ("gone.csv", None, "no such file; expected a topology"),
    ],
)
def test_a_bad_topology_is_one_line(tmp_path, name, text, message):
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(ReseenError, match=message) as caught:
        read_topology(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_an_unknown_camera_is_named_with_the_nearest():
    with pytest.raises(ReseenError, match=r"roads: .*c03.*c003"):
        require_known([Window("c03", "c001", 1, 2)], ["c001", "c003"], source="roads")
