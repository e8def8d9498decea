"""The model card, which is a network's page on the Hub."""

from collections.abc import Mapping

from reseen.deploy.facts import Facts
from reseen.engine.run import Run
from reseen.tasks.reid.evaluate import OTHER_DATA
from reseen.tasks.reid.recipe import recipe_of

_WHAT = """Finds the same individual again: it embeds an image as a vector, and the cosine similarity of two vectors
says how likely both images show the same individual. Made with reseen."""
_LIMITS = """## Limits

Other cameras, other kinds of things and other years than those of the training data need their own evaluation, and
their own thresholds."""
_SHOWN = ("mAP", "rank1", "rank5", "mINP")


def model_card(run: Run, facts: Facts, *, repository: str, licence: str = "") -> str:
    """The card as Markdown after the Hub's metadata: description, use, network, training data, scores, limits."""
    parts = [
        _front(licence),
        f"# {repository.partition('/')[2]}",
        _WHAT,
        _use(repository),
        _network(run, facts),
        _data(run.data() if run.data_file.exists() else {}),
        _scores({name: row for name, row in run.scores().items() if f", {OTHER_DATA}" not in name}),
        _LIMITS,
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _front(licence: str) -> str:
    license_line = [f"license: {licence}"] if licence else []
    lines = [
        "library_name: reseen",
        "pipeline_tag: image-feature-extraction",
        "tags: [re-identification]",
        *license_line,
    ]
    return "\n".join(["---", *lines, "---"])


def _use(repository: str) -> str:
    return (
        "## Use\n\n```python\nimport reseen\n\n"
        f'embedder = reseen.Embedder.from_pretrained("{repository}")\n'
        'vectors = embedder(["a.jpg", "b.jpg"])\nprint(vectors @ vectors.T)\n```'
    )


def _network(run: Run, facts: Facts) -> str:
    recipe, (height, width) = recipe_of(run), facts.image_size
    search = facts.search
    rows = {
        "model": recipe.model.name or recipe.model.backbone,
        "images": f"{height} x {width} (height x width), RGB",
        "vector": f"{facts.width} numbers, length 1{', mean of an image and its mirror image' * facts.flip}",
        "threshold": "not calibrated" if facts.threshold is None else f"{facts.threshold:.4f}",
        "search threshold": "not calibrated" if search is None else search.describe(search.records),
        "fingerprint": f"`{facts.fingerprint}`",
    }
    return "\n".join(
        ["## Network", "", "| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows.items())]
    )


def _data(facts: Mapping[str, object]) -> str:
    images, identities = facts.get("pictures"), facts.get("identities")
    if not isinstance(images, Mapping) or not isinstance(identities, Mapping):
        return ""
    rows = "\n".join(f"| {name} | {count:,} | {identities.get(name, 0):,} |" for name, count in images.items())
    layout = facts.get("layout", "unknown")
    return f"## Data\n\nIn the layout of {layout}.\n\n| part | images | identities |\n|---|---|---|\n{rows}"


def _scores(systems: Mapping[str, Mapping[str, object]]) -> str:
    if not systems:
        return ""
    shown = [name for name in _SHOWN if any(name in row for row in systems.values())]
    head = f"| system | {' | '.join(shown)} | protocol |\n|{'---|' * (len(shown) + 2)}"
    rows = "\n".join(_row(name, row, shown) for name, row in systems.items())
    return f"## Scores\n\nIn per cent, on the gallery above.\n\n{head}\n{rows}"


def _row(name: str, row: Mapping[str, object], shown: list[str]) -> str:
    cells = [f"{100 * value:.1f}" if isinstance(value := row.get(score), int | float) else "" for score in shown]
    return f"| {name} | {' | '.join(cells)} | {row.get('protocol', '')} |"
