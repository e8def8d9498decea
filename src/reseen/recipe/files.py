"""Recipe files: found by name or path, read, and laid over the recipe they extend.

``extends = "name"`` at the top of a file takes another recipe's lines, one that comes with reseen or a TOML file beside
this one; a table here adds to the table there, anything else replaces it. What comes out is checked like any recipe.
"""

import tomllib
from pathlib import Path

from reseen.errors import ReseenError, unknown
from reseen.formats import migrated
from reseen.recipe.overrides import laid_over

SHIPPED = Path(__file__).parent.parent / "recipes"


def shipped_recipes() -> tuple[str, ...]:
    """The names of the recipes that come with reseen."""
    return tuple(sorted(path.stem for path in SHIPPED.glob("*.toml")))


def locate(recipe: Path | str, *, beside: Path = Path()) -> Path:
    """A recipe's file: a path, taken from the folder ``beside``, or the name of one that comes with reseen."""
    path = Path(recipe)
    if (beside / path).is_file() or path.suffix or len(path.parts) > 1:
        return beside / path
    if path.name not in shipped_recipes():
        raise ReseenError(f"{unknown('recipe', path.name, shipped_recipes())}; or give a TOML file")
    return SHIPPED / f"{path.name}.toml"


def read_lines(path: Path, *, below: tuple[Path, ...] = ()) -> dict[str, object]:
    """The lines of a recipe file over those it extends. ``below``: the files that led here.

    Raises ReseenError for a file that cannot be read, is not TOML, is of a newer format, or extends itself or
    nothing known.
    """
    lines = migrated("recipe", _toml(path), name=str(path))
    base = lines.pop("extends", None)
    if base is None:
        return lines
    chain = (*below, path.resolve())
    if not isinstance(base, str):
        raise ReseenError(f"{path}: extends: expected the name of one recipe, got {base!r}")
    try:
        found = locate(base, beside=path.parent)
    except ReseenError as error:
        raise ReseenError(f"{path}: extends: {error}") from None
    if found.resolve() in chain:
        raise ReseenError(f"{path}: extends itself: {' -> '.join(file.name for file in (*chain, found))}")
    return laid_over(read_lines(found, below=chain), lines)


def _toml(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ReseenError(f"{path}: cannot read the recipe: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ReseenError(f"{path}: not TOML: {error}") from None
