import json

import numpy as np
import pytest

from reseen.data.table import Splits, split_of
from reseen.errors import ReseenError
from reseen.tasks.reid.advise.advising import advise
from reseen.tasks.reid.recipe import read_recipe
from reseen.tasks.reid.train import train
from reseen.tasks.reid.validation import hold_out, validation_rules


def made_splits(identities=10, images=4, *, cameras=2):
    """A table of identities with as many images each, their cameras in turn; the test is two others."""

    def table(names):
        rows = [(name, shot) for name in names for shot in range(images)]
        return split_of(
            [f"/nowhere/{name}-{shot}.jpg" for name, shot in rows],
            [name for name, _ in rows],
            cameras=[f"c{shot % cameras}" if cameras else None for _, shot in rows],
        )

    test = table(["test-a", "test-b"])
    from pathlib import Path

    return Splits("table", Path("/nowhere"), table([f"{number:02d}" for number in range(identities)]), test, test)


def recipe(recipe_file, *overrides):
    return read_recipe(recipe_file, overrides=["validation.identities=0.3", *overrides])


def test_held_out_identities_are_query_and_gallery_and_train_no_more(recipe_file):
    splits = made_splits()
    held = hold_out(splits, recipe(recipe_file))
    apart = set(held.query.identity_names)
    assert len(apart) == 3
    assert held.gallery.identity_names == held.query.identity_names
    assert apart.isdisjoint(held.train.identity_names)
    assert apart | set(held.train.identity_names) == set(splits.train.identity_names)
    assert len(held.query) == 3 * 4


def test_the_seed_decides_who_is_held_out(recipe_file):
    splits = made_splits(identities=40)
    first, again, other = (
        hold_out(splits, recipe(recipe_file, f"seed={seed}")).query.identity_names for seed in (1, 1, 2)
    )
    assert first == again != other


def test_only_identities_with_a_match_are_held_out(recipe_file):
    splits = made_splits(identities=12)
    alone = np.isin(splits.train.identities, ["00", "01", "02", "03"])
    one_image_each = np.array([path.name.endswith("-0.jpg") for path in splits.train.paths])
    splits = splits._replace(train=splits.train.rows(~alone | one_image_each))
    for seed in range(8):
        held = hold_out(splits, recipe(recipe_file, f"seed={seed}"))
        assert {"00", "01", "02", "03"}.isdisjoint(held.query.identity_names)


def test_too_few_identities_are_refused_with_what_to_set(recipe_file):
    with pytest.raises(ReseenError, match=r"at least 8 training identities.* got 5 and 5; set it to 0"):
        hold_out(made_splits(identities=5), recipe(recipe_file))


def test_the_rules_of_validation_are_those_of_the_test_without_the_image_itself(recipe_file):
    rules = validation_rules(recipe(recipe_file), hold_out(made_splits(), recipe(recipe_file)))
    assert rules.drop_same_camera
    assert rules.same_pictures


def test_the_same_camera_counts_where_no_held_out_identity_has_two(recipe_file):
    held = hold_out(made_splits(cameras=1), recipe(recipe_file))
    assert not validation_rules(recipe(recipe_file), held).drop_same_camera


def test_a_set_without_cameras_can_be_held_out(recipe_file):
    held = hold_out(made_splits(cameras=0), recipe(recipe_file))
    assert not validation_rules(recipe(recipe_file), held).drop_same_camera


def test_a_run_says_who_was_held_out_and_scores_the_test_only_at_the_end(market, recipe_file, tmp_path):
    from reseen.tasks.reid.evaluate import evaluate_run

    run = train(
        recipe_file,
        data=market("set", train=9),
        out=tmp_path / "run",
        overrides=["validation.identities=0.34", "evaluation.every=1"],
    ).run
    held = run.data()["held_out"]
    assert len(held["identities"]) == 3
    assert held["images"] == 12
    assert "no image ranked for itself" in held["rules"]
    assert run.data()["identities"]["train"] == 9
    result = evaluate_run(run)
    assert set(result.query.identities).isdisjoint(held["identities"])
    card = json.dumps(run.scores()["trained"])
    assert "held-out" not in card


def test_held_out_images_of_one_file_name_in_two_folders_are_two_images(image, recipe_file, tmp_path):
    """Each identity has one image in each camera's folder: taken for one image, they left nobody with a match."""
    rows = []
    for identity in range(12):
        for camera in ("left", "right"):
            (tmp_path / camera).mkdir(exist_ok=True)
            image(identity, len(camera)).save(tmp_path / camera / f"{identity}.png")
            split = "train" if identity < 9 else {"left": "query", "right": "gallery"}[camera]
            rows.append(f"{camera}/{identity}.png,{identity},{camera},{split}")
    data = tmp_path / "set.csv"
    data.write_text("\n".join(["path,identity,camera,split", *rows]))
    overrides = ["validation.identities=0.34", "evaluation.every=1", "training.epochs=1", "transforms={}"]
    trained = train(recipe_file, data=data, out=tmp_path / "run", overrides=overrides)
    assert 0 < trained.best_score <= 1
    assert advise(data, recipe=recipe_file).untrained.mean_average_precision is not None
