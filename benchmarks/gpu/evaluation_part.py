"""Part 5: evaluation and re-ranking on the device beside the CPU with equal scores, and images to vectors."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from time import perf_counter

from evaluation import MSMT17, VERI, Size, drawn
from gpu.part import Cell, Row, Setting
from gpu.rendered import rendered
from reseen.engine.checkpoint import Card, save_weights
from reseen.engine.pretrained import resolved
from reseen.metrics import KReciprocal, evaluate
from reseen.retrieval.embedder import Embedder
from reseen.tasks.reid.build import build_embedder
from reseen.tasks.reid.recipe import Recipe, read_recipe

TOY = Size(20, 60, 6, 3)


def cells(setting: Setting) -> Iterator[Cell]:
    """Ranking at MSMT17's size, re-ranking at VeRi-776's and MSMT17's, embedding."""
    sizes = {"MSMT17": TOY if setting.smoke else MSMT17, "VeRi-776": TOY if setting.smoke else VERI}
    yield Cell("evaluate MSMT17", 15.0, partial(both, setting, "evaluate MSMT17", sizes["MSMT17"]))
    for name, seconds in (("VeRi-776", 8.0), ("MSMT17", 30.0)):
        row = f"re-rank {name}"
        yield Cell(row, seconds, partial(both, setting, row, sizes[name], rerank=True))
    for network in ("resnet50", "rga_sc"):
        yield Cell(f"embed {network}", 20.0, partial(embed, setting, network, compiled=False))
    for network in ("resnet50", "rga_sc"):
        if not setting.smoke:
            yield Cell(f"embed {network} compiled", 40.0, partial(embed, setting, network, compiled=True))


def both(setting: Setting, row: str, size: Size, *, rerank: bool = False) -> Iterator[Row]:
    """The same on the CPU's cores and on the device."""
    sides, few = drawn(size, spread=2.5), drawn(TOY, spread=2.5)
    again = KReciprocal() if rerank else None
    times, reports = {}, {}
    for device in ("cpu", setting.device):
        evaluate(*few, rerank=KReciprocal(k1=6, k2=3) if rerank else None, device=device)  # compiles loops
        began = perf_counter()
        reports[device] = evaluate(*sides, rerank=again, device=device)
        times[device] = perf_counter() - began
    first, second = reports["cpu"], reports[setting.device]
    yield {
        "row": row,
        "queries x gallery": f"{size.queries:,} x {size.gallery:,}",
        "CPU s": times["cpu"],
        "device s": times[setting.device],
        "faster x": times["cpu"] / times[setting.device],
        "mAP": second.mean_average_precision,
        "equal scores": first.scores() == second.scores(),
    }


def embed(setting: Setting, network: str, *, compiled: bool) -> Iterator[Row]:
    """Images a second from files to vectors, decoding included, and of the network alone on bytes that lie ready."""
    embedder = Embedder.from_pretrained(weights(setting, network), device=setting.device)
    if compiled:
        embedder.network.network.compile(dynamic=False)
    batch = 2 if setting.smoke else 128
    files = images(setting)
    files = files[: len(files) - len(files) % batch]
    prepared = [embedder.prepare(file) for file in files[:batch]]
    alone = per_second(lambda: embedder.embed_prepared(prepared), count=batch, repeats=1 if setting.smoke else 20)
    whole = partial(embedder.embed_files, files, batch=batch, workers=max(1, setting.workers))
    yield {
        "row": f"embed {network}{' compiled' if compiled else ''}",
        "batch": batch,
        "from files images/s": per_second(lambda: list(whole()), count=len(files), repeats=1),
        "network alone images/s": alone,
    }


def per_second(work: Callable[[], object], *, count: int, repeats: int) -> float:
    """How many of ``count`` a second, after one run that is not timed."""
    work()
    began = perf_counter()
    for _ in range(repeats):
        work()
    return repeats * count / (perf_counter() - began)


def images(setting: Setting) -> list[Path]:
    """Files of a rendered set."""
    identities, images, size = (8, 40, 32) if setting.smoke else (400, 16_000, 256)
    folder = rendered(setting, "vehicle", identities=identities, images=images, image_size=size)
    return sorted(folder.rglob("*.jpg"))[: 6 if setting.smoke else 4096]


def weights(setting: Setting, network: str) -> Path:
    """A weights file of the network with random weights: how fast it is does not depend on them."""
    recipe = recipe_of(setting, network)
    file = setting.scratch / f"{network}.safetensors"
    model = build_embedder(recipe, num_identities=None, start_weights=False)
    card = Card(recipe.model_dump(mode="json", exclude_none=True), num_identities=None, score=None)
    setting.scratch.mkdir(parents=True, exist_ok=True)
    save_weights(file, model.state_dict(), card)
    return file


def recipe_of(setting: Setting, network: str) -> Recipe:
    """The Bag-of-Tricks network at 256 x 256, with attention or without."""
    side, backbone = (32, "test_resnet") if setting.smoke else (256, "resnet50")
    settings = [f"data.image_size=[{side}, {side}]", f"model.backbone='{backbone}'", "model.weights='none'"]
    if network != "resnet50":
        reductions = ", reduction=2, gate_reduction=1" if setting.smoke else ""
        settings.append(f"model.attention.every_stage={{name='{network}'{reductions}}}")
    return resolved(read_recipe("veri776-resnet50-bot", overrides=settings))
