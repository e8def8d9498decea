"""README, pages and docstrings tell the truth: their code runs, in a folder that has the data they speak of."""

import doctest
import tomllib
from functools import partial
from importlib import import_module
from pathlib import Path

import polars
import pytest

import reseen as package
from begun_processes import begin
from page_blocks import Block, blocks_of, run_page

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
RUNNING = [page for page in PAGES if any(block.runs for block in blocks_of(page))]
SOURCES = ROOT / "src"
WITH_EXAMPLES = [path for path in sorted(SOURCES.rglob("*.py")) if ">>> " in path.read_text(encoding="utf-8")]

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


@pytest.fixture
def folder(tmp_path: Path, image) -> Path:
    """Twenty individuals before two cameras, as the own-data table of README and of the pages lists them.

    Their images are small, since what the pages train sees them at twice their size.
    """
    rows = []
    (tmp_path / "images").mkdir()
    for identity in range(20):
        for shot in range(4):
            name = f"images/{identity}-{shot}.jpg"
            image(identity, shot, size=32).save(tmp_path / name)
            rows.append({"path": name, "identity": f"individual {identity}", "camera": f"gate {shot % 2}"})
    polars.DataFrame(rows).write_csv(tmp_path / "my.csv")
    return tmp_path


@pytest.mark.long
@pytest.mark.parametrize("page", RUNNING, ids=lambda page: page.stem)
def test_all_blocks_of_a_page_run(folder, page):
    ended = begin(partial(run_page, page), folder).end(within=280)
    assert ended.code == 0, ended.printed


@pytest.mark.long
@pytest.mark.parametrize(
    ("block", "printed"),
    [
        ("```bash\nreseen check gone.csv\n```", "page.md: reseen check gone.csv: exit 2"),
        ("```python\nvalue = 1\nvalue.gone()\n```", r'page.md", line 5, in <module>'),
        ("```python\nif __name__ == '__main__':\n    1 / 0\n```", "ZeroDivisionError"),
    ],
)
def test_a_block_that_fails_fails_its_page(tmp_path, block, printed):
    page = tmp_path / "page.md"
    page.write_text(f"# Page\n\n{block}\n")
    ended = begin(partial(run_page, page), tmp_path).end(within=280)
    assert (ended.code, printed in ended.printed) == (1, True), ended.printed


@every_page
def test_a_block_that_runs_says_so_by_its_language(page):
    wrong = [block for block in blocks_of(page) if block.language not in ("bash", "python", "toml", "text")]
    assert not wrong


@every_page
def test_a_block_of_text_hides_no_command(page):
    texts = [block for block in blocks_of(page) if block.language == "text"]
    assert not [block for block in texts if block.text.startswith(("reseen ", "python ", "import ", "from ", "curl "))]


@every_page
def test_a_bash_block_holds_commands_of_reseen_or_is_marked(page):
    lines = [line for block in blocks_of(page) if block.runs and block.language == "bash" for line in block.commands()]
    assert not [line for line in lines if not line.startswith("reseen ")]


@every_page
def test_settings_on_a_page_are_toml(page):
    for block in blocks_of(page):
        if block.language == "toml":
            assert tomllib.loads(block.text)


def test_a_mark_holds_for_the_block_below_it_and_only_with_a_reason(tmp_path):
    page = tmp_path / "page.md"
    marked = "<!-- not run: it waits -->\n```bash\nmake\n```\n\n"
    page.write_text(f"{marked}```bash\nreseen\n```\n\n<!-- not run: -->\n```python\nx\n```\n\n{marked}")
    first, second, third, fourth = blocks_of(page)
    assert first == Block("bash", "make\n", 3, "it waits")
    assert second == Block("bash", "reseen\n", 7, "")
    assert third == Block("python", "x\n", 12, "")
    assert fourth == Block("bash", "make\n", 17, "it waits")


@every_page
def test_a_block_that_readme_has_is_not_run_twice(page):
    shared = [block for block in blocks_of(page) if block.reason == "README has this block"]
    assert {block.text for block in shared} <= {block.text for block in blocks_of(PAGES[0]) if block.runs}


def test_readme_is_short_enough_to_read():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 170


def test_the_reference_has_every_public_name():
    lines = (ROOT / "docs" / "reference" / "verbs.md").read_text(encoding="utf-8").splitlines()
    listed = [line.rsplit(".")[-1] for line in lines if line.startswith("::: ")]
    assert sorted(listed) == sorted(package.__all__)


@pytest.fixture
def runs(folder, finished, monkeypatch) -> Path:
    """The same folder with two finished runs, `runs/first` and `runs/second`: what examples in docstrings may use."""
    (folder / "runs").mkdir()
    for name, run in zip(("first", "second"), finished, strict=True):
        (folder / "runs" / name).symlink_to(run)
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=lambda path: path.relative_to(SOURCES / "reseen").as_posix())
def test_the_examples_in_docstrings_run(runs, path):
    text = path.read_text(encoding="utf-8")
    module = import_module(".".join(path.relative_to(SOURCES).with_suffix("").parts).removesuffix(".__init__"))
    result = doctest.testmod(module, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    assert (result.attempted, result.failed) == (text.count(">>> ") - text.count("doctest: +SKIP"), 0)
