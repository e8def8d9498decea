"""Advice on tiny sets: what it says of each, what it recommends, and what spoils none of it."""

import shlex
import shutil
from pathlib import Path

import numpy as np
import polars
import pytest
from PIL import Image

from reseen.errors import ReseenError
from reseen.tasks.reid.advise import measuring
from reseen.tasks.reid.advise.advising import advise
from reseen.tasks.reid.automatic.speed import Speed

TINY = """
seed = 3

[data]
image_size = "auto"
workers = 0

[model]
backbone = "test_resnet.r160_in1k"

[sampler]
identities = "auto"
images = "auto"

[transforms]
flip = { probability = "auto" }

[losses]
cross_entropy = {}
triplet_soft = {}

[optimizer]
name = "adamw"
learning_rate = 1e-3

[training]
epochs = "auto"

[validation]
identities = "auto"

[evaluation]
every = "auto"

[hardware]
accelerator = "cpu"
"""


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A recipe like finetune, of a tiny network."""
    path = tmp_path / "tiny.toml"
    path.write_text(TINY)
    return path


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """No step is timed: 1 ms an image in training. The image sizes that were asked for."""
    asked: list[tuple[int, int]] = []

    def at_once(recipe, _splits, *, fabric):
        asked.append(recipe.data.image_size)
        return Speed(0.001, 0.0005)

    monkeypatch.setattr(measuring, "measure_speed", at_once)
    return asked


def kinds(advice) -> list[str]:
    return [found.kind for found in advice.findings]


def found(advice, kind):
    return next(one for one in advice.findings if one.kind == kind)


def table(folder: Path, rows: list[dict[str, str]]) -> Path:
    polars.DataFrame(rows).write_csv(folder / "set.csv")
    return folder / "set.csv"


def drawn(folder: Path, image, *, name: str, identity: int, shot: int, **columns: str) -> dict[str, str]:
    image(identity, shot).save(folder / name)
    return {"path": name, "identity": str(identity), **columns}


def test_a_sound_set_is_counted_scored_and_recommended(market, tiny, fast):
    advice = advise(market(train=15), recipe=tiny)
    train = advice.splits[0]
    assert (train.summary.images, train.summary.identities, train.summary.cameras) == (60, 15, 2)
    assert (train.sizes.median, train.sizes.largest, train.sizes.images) == ((32, 32), (32, 32), 60)
    assert train.largest_tenth == pytest.approx(2 * 4 / 60)
    assert (advice.validation.possible, advice.validation.held_out) == (True, 3)
    assert advice.untrained.images == 3 * 4
    assert 0 < advice.untrained.mean_average_precision <= 1
    assert "3 held-out training identities" in advice.untrained.on
    told = advice.recommendation
    assert told.settings["validation.identities"] == 0.2
    assert told.settings["data.image_size"] == [64, 64]
    assert told.settings.keys() | {"recipe"} == told.reasons.keys()
    assert told.minutes > 0


def test_the_json_has_its_keys(market, tiny, fast):
    told = advise(market(train=15), recipe=tiny).as_dict()
    assert list(told) == ["data", "findings", "validation", "untrained", "recommendation"]
    assert set(told["data"]["splits"]) == {"train", "query", "gallery"}
    assert told["data"]["splits"]["train"]["images_per_identity"] == {"min": 4, "median": 4.0, "max": 4}
    assert set(told["untrained"]) == {"mAP", "rank1", "images", "on"}
    assert set(told["recommendation"]) == {"recipe", "settings", "reasons", "minutes", "command"}
    assert all(set(one) == {"kind", "message", "examples"} for one in told["findings"])


@pytest.mark.long
def test_the_command_trains(market, tiny, tmp_path, monkeypatch, reseen):
    monkeypatch.chdir(tmp_path)
    command = advise(market("a set; of mine", train=15), recipe=tiny, minutes=0.8).recommendation.command
    words = shlex.split(command)
    assert words[:2] == ["reseen", "train"]
    assert words[words.index("--out") + 1] == "runs/a-set-of-mine"
    code, _, errors = reseen(*words[1:], "--quiet")
    assert code == 0, errors
    assert (tmp_path / "runs/a-set-of-mine/scores.json").is_file()
    assert "runs/a-set-of-mine-2" in advise(market("a set; of mine"), recipe=tiny).recommendation.command


def test_given_minutes_bind_the_epochs_and_stand_in_the_command(market, tiny, fast):
    advice = advise(market(train=15), recipe=tiny, minutes=0.7)
    assert 0 < advice.recommendation.minutes <= 0.7
    assert "--set training.minutes=0.7" in advice.recommendation.command
    assert "of 0.7 minutes" in advice.recommendation.reasons["training.epochs"]


@pytest.mark.parametrize("minutes", [0, -1, float("nan"), float("inf")])
def test_minutes_that_are_no_time_are_refused(market, tiny, minutes):
    with pytest.raises(ReseenError, match="--minutes: expected a number above 0"):
        advise(market(), recipe=tiny, minutes=minutes)


def test_minutes_too_few_for_an_epoch_are_refused_with_what_one_takes(market, tiny, fast):
    with pytest.raises(ReseenError, match=r"0\.1 are too few.*about \d"):
        advise(market(train=15), recipe=tiny, minutes=0.1)


def test_minutes_for_a_recipe_with_set_epochs_are_refused(market, recipe_file):
    with pytest.raises(ReseenError, match="leaves its epochs to the data"):
        advise(market(), recipe=recipe_file, minutes=5)


def test_any_recipe_can_be_asked_about(market, recipe_file, fast):
    told = advise(market(train=15), recipe=recipe_file).recommendation
    assert told.settings["training.epochs"] == 2
    assert told.reasons["training.epochs"] == "as the recipe"


def test_a_layout_and_a_device_stand_in_the_command(market, tiny, fast):
    command = advise(market(), recipe=tiny, layout="market1501", device="cpu").recommendation.command
    assert command.endswith("--set data.layout=market1501 --set hardware.accelerator=cpu")


def test_too_few_identities_are_not_validated_and_query_and_gallery_are_scored(market, tiny, fast):
    advice = advise(market(train=6), recipe=tiny)
    assert not advice.validation.possible
    assert "6 training identities are too few" in found(advice, "few-identities").message
    assert advice.untrained.on == "3 identities of query and gallery"
    assert advice.untrained.images == 3 * 4
    assert advice.recommendation.settings["validation.identities"] == 0


def test_damaged_images_are_left_out_counted_and_skipped_by_the_command(market, tiny):
    data = market(train=15)
    files = sorted((data / "bounding_box_train").iterdir())
    query = sorted((data / "query").iterdir())[0]
    query.write_bytes(query.read_bytes()[:-200])
    files[9].write_text("no image")
    advice = advise(data, recipe=tiny)
    damaged = found(advice, "unreadable")
    assert damaged.message.startswith("2 of 72 images")
    assert files[9].name in " ".join(damaged.examples)
    assert advice.recommendation.command.endswith("--set data.unreadable=skip")
    assert advice.splits[0].summary.images == 59


def test_a_panorama_is_not_decoded_and_said_to_be_large(tmp_path, image, tiny, fast, monkeypatch):
    rows = [
        drawn(tmp_path, image, name=f"{identity}-{shot}.png", identity=identity, shot=shot, split=split)
        for identity, split in [*((one, "train") for one in range(9)), (9, "test"), (10, "test")]
        for shot in range(3)
    ]
    Image.new("1", (20_000, 5_000)).save(tmp_path / "0-0.png")
    Image.new("1", (20_000, 5_000)).save(tmp_path / "9-0.png")
    opened = Image.Image.load

    def load(self):
        assert self.width * self.height < 50_000_000, "a panorama is decoded"
        return opened(self)

    monkeypatch.setattr(Image.Image, "load", load)
    advice = advise(table(tmp_path, rows), recipe=tiny)
    assert found(advice, "large-images").message.startswith("2 images have more than 40,000,000 pixels")
    assert advice.splits[0].sizes.largest == (5_000, 20_000)


def test_query_and_gallery_of_the_same_images_are_said_to_be_so_and_not_matched_with_themselves(
    tmp_path, image, tiny, fast
):
    rows = []
    for identity in range(4):
        for shot in range(3):
            row = drawn(tmp_path, image, name=f"{identity}-{shot}.png", identity=identity, shot=shot)
            rows += [{**row, "split": split} for split in (("train",) if identity < 2 else ("query", "gallery"))]
    advice = advise(table(tmp_path, rows), recipe=tiny)
    assert "6 of 6 query images also stand in the gallery" in found(advice, "same-images").message
    assert not {"duplicate-across-splits", "near-duplicates"} & set(kinds(advice))
    assert advice.untrained.images == 6
    # Of noise alone each image would be its own first match; without itself two of five are.
    shuffled = [
        {**row, "identity": str(2 + number // 2 % 2)} if row["split"] != "train" else row
        for number, row in enumerate(rows)
    ]
    assert advise(table(tmp_path, shuffled), recipe=tiny).untrained.rank1 < 1


def test_copies_of_query_images_in_the_gallery_are_found_by_content(market, tiny, fast):
    data = market()
    query = sorted((data / "query").iterdir())[0]
    shutil.copy(query, data / "bounding_box_test" / query.name.replace("c1s1", "c2s2"))
    copies = found(advise(data, recipe=tiny), "duplicate-across-splits")
    assert copies.message.startswith("1 images stand in more than one split")
    assert query.name in copies.examples[0]


def test_nearly_equal_images_of_query_and_gallery_are_found(market, tiny, fast):
    data = market()
    query = sorted((data / "query").iterdir())[0]
    pixels = np.asarray(Image.open(query)).copy()
    pixels[0, 0] += 1
    copy = data / "bounding_box_test" / query.name.replace("c1s1", "c2s2").replace(".jpg", ".png")
    Image.fromarray(pixels).save(copy.with_suffix(".jpg"), quality=100)
    near = found(advise(data, recipe=tiny), "near-duplicates")
    assert query.name in " ".join(near.examples)


def test_identities_with_one_image_one_camera_named_sides_and_uneven_counts_are_found(tmp_path, image, tiny, fast):
    rows = []
    for identity in range(14):
        shots = 1 if identity == 3 else 30 if identity == 0 else 2
        split = "train" if identity < 12 else "test"
        for shot in range(shots):
            name = f"{identity}-{shot}.png"
            view = "Left side" if shot % 2 else "right side"
            rows.append(drawn(tmp_path, image, name=name, identity=identity, shot=shot, view=view, split=split))
    advice = advise(table(tmp_path, rows), recipe=tiny)
    assert "1 of 12 training identities have one image only: 3" in found(advice, "single-image").message
    assert "no camera is known" in found(advice, "one-camera").message
    assert found(advice, "sided-views").examples == ("Left side", "right side")
    assert "identity 0 has 30 images, the median one 2" in found(advice, "imbalance").message
    assert advice.recommendation.settings["transforms.flip.probability"] == 0


def test_images_of_16_by_16_are_said_to_show_little(tmp_path, image, tiny, fast):
    rows = []
    for identity in range(10):
        for shot in range(3):
            image(identity, shot, size=16).save(tmp_path / f"{identity}-{shot}.png")
            rows.append({"path": f"{identity}-{shot}.png", "identity": str(identity)})
    advice = advise(table(tmp_path, rows), recipe=tiny)
    assert "16 x 16" in found(advice, "small-images").message
    assert advice.recommendation.settings["data.image_size"] == [64, 64]


@pytest.mark.parametrize("splits", [("train",), ("query", "gallery")])
def test_an_empty_split_is_named_and_nothing_is_recommended(tmp_path, image, tiny, splits):
    rows = [
        drawn(
            tmp_path,
            image,
            name=f"{identity}-{shot}.png",
            identity=identity,
            shot=shot,
            split=splits[shot % len(splits)],
        )
        for identity in range(9)
        for shot in range(4)
    ]
    advice = advise(table(tmp_path, rows), recipe=tiny)
    assert "empty-split" in kinds(advice)
    assert advice.recommendation.command is None
    assert "empty" in advice.recommendation.reasons["recipe"]
    assert advice.untrained.images > 0


def test_one_camera_on_both_sides_leaves_nothing_to_score_and_says_so(tmp_path, image, tiny):
    rows = [
        drawn(tmp_path, image, name=f"{one}-{shot}.png", identity=one, shot=shot, camera="gate", split=split)
        for one, splits in [*((one, ("train",)) for one in range(9)), (9, ("query", "gallery"))]
        for shot, split in enumerate([*splits, *splits])
    ]
    advice = advise(table(tmp_path, rows), recipe=tiny)
    assert {"one-camera", "no-valid-match"} <= set(kinds(advice))
    assert advice.recommendation.command is None
    assert "camera" in advice.recommendation.reasons["recipe"]
    assert advice.untrained.mean_average_precision is not None


def test_start_weights_that_are_not_at_hand_are_known_before_the_data_are_read(tmp_path, tiny):
    tiny.write_text(TINY.replace("[sampler]", 'weights = "nowhere.pth"\n\n[sampler]'))
    with pytest.raises(ReseenError, match=r"no weights file nowhere\.pth"):
        advise(tmp_path / "absent", recipe=tiny)


def test_no_such_data_and_a_folder_of_nothing_are_refused(tmp_path, tiny):
    with pytest.raises(ReseenError, match="no such folder or file"):
        advise(tmp_path / "absent", recipe=tiny)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ReseenError, match="an empty folder"):
        advise(tmp_path / "empty", recipe=tiny)


def test_the_same_set_gets_the_same_advice(market, tiny, fast):
    data = market(train=15)
    assert advise(data, recipe=tiny).as_dict() == advise(data, recipe=tiny).as_dict()


def test_a_large_set_is_sampled(market, tiny, fast, monkeypatch):
    monkeypatch.setattr("reseen.tasks.reid.advise.untrained._SCORED", 8)
    monkeypatch.setattr("reseen.tasks.reid.advise.headers.MOST_READ", 10)
    advice = advise(market(train=15), recipe=tiny)
    assert advice.untrained.images == 8
    assert "2 of 3 held-out" in advice.untrained.on
    assert advice.splits[0].sizes.images == 10
