"""Each transform of the table: shape, type, range, determinism; and the order that pipelines apply them in."""

import pickle
from typing import get_type_hints

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from reseen.data.transforms import TRANSFORMS, build_transforms, plain_transform
from reseen.errors import ReseenError

SIZE = (32, 24)
MEAN, STD = (0.5, 0.4, 0.3), (0.2, 0.25, 0.5)
PLAIN = {"mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)}


@pytest.fixture
def source() -> Image.Image:
    coarse = np.random.default_rng(0).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((40, 30), Image.Resampling.BICUBIC)


def run(source: Image.Image, *lines: dict[str, object], seed: int = 0) -> Tensor:
    torch.manual_seed(seed)
    return build_transforms(lines, image_size=SIZE, **PLAIN)(source)


@pytest.mark.parametrize("name", TRANSFORMS)
def test_every_transform_gives_a_finite_image_of_the_asked_size(name: str, source: Image.Image) -> None:
    before = np.asarray(source).copy()
    for seed in range(8):
        image = run(source, {"name": name}, seed=seed)
        assert image.shape == (3, *SIZE)
        assert image.dtype == torch.float32
        assert image.min() >= 0
        assert image.max() <= 1
        assert image.is_contiguous()
    assert np.array_equal(np.asarray(source), before)


@pytest.mark.parametrize("name", TRANSFORMS)
def test_every_transform_is_decided_by_the_seed(name: str, source: Image.Image) -> None:
    images = [run(source, {"name": name}, seed=seed) for seed in range(12)]
    assert all(torch.equal(image, run(source, {"name": name}, seed=seed)) for seed, image in enumerate(images))
    varied = any(not torch.equal(image, images[0]) for image in images)
    assert varied == (name not in {"resize", "centre_crop"})


@pytest.mark.parametrize("name", [name for name in TRANSFORMS if name != "resize"])
def test_every_transform_keeps_its_input(name: str) -> None:
    kind = torch.float32 if name == "random_erasing" else torch.uint8
    image = torch.randint(0, 256, (3, *SIZE), generator=torch.Generator().manual_seed(0)).to(kind)
    before = image.clone()
    step = TRANSFORMS[name](**({"image_size": SIZE} if "image_size" in get_type_hints(TRANSFORMS[name]) else {}))
    for _ in range(8):
        step(image)
    assert torch.equal(image, before)


@pytest.mark.parametrize("name", [name for name in TRANSFORMS if "probability" in get_type_hints(TRANSFORMS[name])])
def test_a_transform_of_probability_zero_changes_nothing(name: str, source: Image.Image) -> None:
    plain = plain_transform(SIZE, **PLAIN)(source)
    for seed in range(5):
        assert torch.equal(run(source, {"name": name, "probability": 0.0}, seed=seed), plain)


@pytest.mark.parametrize("name", TRANSFORMS)
def test_every_pipeline_can_be_sent_to_a_worker(name: str, source: Image.Image) -> None:
    pipeline = build_transforms([{"name": name}], image_size=SIZE, mean=MEAN, std=STD)
    sent = pickle.loads(pickle.dumps(pipeline))
    torch.manual_seed(3)
    here = pipeline(source)
    torch.manual_seed(3)
    assert torch.equal(sent(source), here)


def test_plain_is_resize_and_normalise(source: Image.Image) -> None:
    image = plain_transform(SIZE, mean=MEAN, std=STD)(source)
    values = torch.from_numpy(np.array(source)).double().movedim(2, 0)[None]
    resized = torch.nn.functional.interpolate(values, SIZE, mode="bilinear", antialias=True)[0] / 255
    expected = (resized - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None]
    # uint8 resizing rounds once per axis, each by half of 1/255; then comes the division by std, 0.2 at least
    assert (image - expected).abs().max() <= 1.05 / 255 / 0.2


def test_normalising_is_exact_where_nothing_is_resized(source: Image.Image) -> None:
    image = plain_transform((30, 40), mean=MEAN, std=STD)(source)
    values = np.asarray(source).astype(np.float64).transpose(2, 0, 1) / 255
    expected = (values - np.array(MEAN)[:, None, None]) / np.array(STD)[:, None, None]
    np.testing.assert_allclose(image.numpy(), expected, rtol=0, atol=1e-6)


def test_resize_reaches_bicubic_and_nearest(source: Image.Image) -> None:
    results = [run(source, {"name": "resize", "interpolation": mode}) for mode in ("bilinear", "bicubic", "nearest")]
    assert not torch.equal(results[0], results[1])
    stored = {tuple(pixel) for pixel in np.asarray(source).reshape(-1, 3).tolist()}
    assert {tuple(p) for p in (results[2] * 255).round().int().flatten(1).T.tolist()} <= stored


def test_flip_mirrors_columns(source: Image.Image) -> None:
    assert torch.equal(run(source, {"name": "flip", "probability": 1.0}), run(source).flip(-1))


def test_pad_crop_shifts_by_at_most_the_padding(source: Image.Image) -> None:
    plain = run(source)
    padded = torch.full((3, SIZE[0] + 6, SIZE[1] + 6), 7 / 255)
    padded[:, 3:-3, 3:-3] = plain
    windows = [padded[:, y : y + SIZE[0], x : x + SIZE[1]] for y in range(7) for x in range(7)]
    seen = set()
    for seed in range(200):
        image = run(source, {"name": "pad_crop", "padding": 3, "fill": 7}, seed=seed)
        matches = [place for place, window in enumerate(windows) if torch.allclose(window, image)]
        assert len(matches) == 1
        seen.add(matches[0])
    assert {0, 6, 42, 48} <= seen, "all four corners are reached"


def test_translate_crop_cuts_from_the_image_enlarged_at_once(source: Image.Image) -> None:
    pipeline = build_transforms(
        [{"name": "translate_crop", "probability": 1.0, "scale": 1.25}], image_size=SIZE, **PLAIN
    )
    values = torch.from_numpy(np.array(source)).movedim(2, 0)[None].float()
    larger = torch.nn.functional.interpolate(values, (40, 30), mode="bilinear", antialias=True)[0] / 255
    torch.manual_seed(1)
    image = pipeline(source)
    gaps = [(larger[:, y : y + 32, x : x + 24] - image).abs().max() for y in range(9) for x in range(7)]
    assert min(gaps) <= 1.05 / 255, "of 30 x 40 pixels, resized once to 40 x 30"


def test_erasing_comes_after_normalising_and_zero_is_the_mean(source: Image.Image) -> None:
    erase = {"name": "random_erasing", "probability": 1.0, "area": (0.2, 0.2), "aspect": (1.0, 1.0)}
    torch.manual_seed(0)
    image = build_transforms([erase, {"name": "flip"}], image_size=SIZE, mean=MEAN, std=STD)(source)
    erased = (image == 0).all(dim=0)
    assert erased.float().mean().item() == pytest.approx(0.2, abs=0.05)
    rows, columns = erased.any(1).sum(), erased.any(0).sum()
    assert erased.sum() == rows * columns, "one rectangle"
    torch.manual_seed(0)
    noisy = build_transforms([{**erase, "fill": "noise"}], image_size=SIZE, mean=MEAN, std=STD)(source)
    assert (noisy == 0).sum() == 0


def test_lines_are_applied_in_their_order(source: Image.Image) -> None:
    jitter = {"name": "blur", "probability": 1.0, "kernel": 3, "sigma": (1.0, 1.0)}
    resize = {"name": "resize"}
    assert not torch.equal(run(source, jitter, resize), run(source, resize, jitter))
    assert torch.equal(run(source, jitter), run(source, resize, jitter)), "without a line resize comes first"


def test_an_unknown_transform_is_named_with_the_nearest() -> None:
    with pytest.raises(ReseenError, match="no transform 'flipp'; did you mean 'flip'"):
        build_transforms([{"name": "flipp"}], image_size=SIZE, mean=MEAN, std=STD)


def test_only_parameters_that_are_provided_lack_a_default() -> None:
    for factory in TRANSFORMS.values():
        hints = get_type_hints(factory)
        defaults = factory.__kwdefaults__ or {}
        assert {name for name in hints if name != "return"} - set(defaults) <= {"image_size"}
