"""The code blocks of a Markdown page, and how they are run in a process of their own, in a folder of data.

A page's Python blocks share one namespace, as if typed in turn. A ``bash`` block holds ``reseen`` commands only.
A block that needs what a test has not is marked on the line before it: ``<!-- not run: why -->``.
"""

import re
import shlex
import sys
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from reseen.cli import main

FENCE = re.compile(
    r"^(?:<!-- not run: (?P<reason>[^\n]*?) ?-->\n)?```(?P<language>\S*)[^\n]*\n(?P<text>.*?)^```$", re.M | re.S
)


class Block(NamedTuple):
    """A fenced block: its language, its text, the line it begins at, and why it is not run (empty where it is)."""

    language: str
    text: str
    line: int
    reason: str

    @property
    def runs(self) -> bool:
        """Whether the block is a program or commands, and is not marked as not run."""
        return self.language in ("bash", "python") and not self.reason

    def commands(self) -> list[str]:
        """The lines of a ``bash`` block, without those that are blank or a comment."""
        return [line for line in self.text.splitlines() if line and not line.startswith("#")]


def blocks_of(page: Path) -> list[Block]:
    """All fenced blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(match["language"], match["text"], text.count("\n", 0, match.start("text")) + 1, match["reason"] or "")
        for match in FENCE.finditer(text)
    ]


def run_commands(block: Block, page: Path) -> None:
    """Run the lines in this process, since importing torch takes seconds each time; exit where one fails.

    For the same reason this process reads the images of a training, and the recipe `demo` sees them at half its size;
    a program of README has worker processes.
    """
    for command in block.commands():
        sys.argv = shlex.split(command, comments=True)
        if sys.argv[1:2] == ["train"]:
            sys.argv += ["--set", "data.workers=0"]
        if sys.argv[1:3] == ["train", "demo"]:
            sys.argv += ["--set", "data.image_size=[64, 64]"]
        try:
            main()
        except SystemExit as ended:
            if ended.code:
                sys.exit(f"{page.name}: {command}: exit {ended.code}")


def run_program(block: Block) -> None:
    """Run a block with a ``__main__`` guard as the file that a reader would save it to.

    It becomes the main module of this process, where torch is imported: worker processes import the file as they would.
    """
    script = Path("script.py").resolve()
    script.write_text(block.text, encoding="utf-8")
    main_module = ModuleType("__main__")
    main_module.__file__ = str(script)
    before, sys.modules["__main__"] = sys.modules["__main__"], main_module
    exec(compile(block.text, script, "exec"), main_module.__dict__)
    sys.modules["__main__"] = before


def run_page(page: Path) -> None:
    """Run all blocks of a page, from top to bottom."""
    namespace: dict[str, object] = {"__name__": "page"}
    for block in filter(lambda block: block.runs, blocks_of(page)):
        if block.language == "bash":
            run_commands(block, page)
        elif "__main__" in block.text:
            run_program(block)
        else:
            padded = "\n" * (block.line - 1) + block.text  # so that a traceback names the page's own line
            exec(compile(padded, page, "exec"), namespace)
