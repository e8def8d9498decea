"""Loading weights: everything that does not fit is named, nothing is half-loaded."""

import pytest
import torch
from torch import nn

from reseen.backbones import build_backbone
from reseen.errors import ReseenError
from reseen.models import load_weights


def network(*, classes: int = 3) -> nn.Sequential:
    return nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.Linear(5, classes))


def snapshot(module: nn.Module) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in module.state_dict().items()}


def test_all_tensors_of_a_weights_file_reach_the_model() -> None:
    source, target = network(), network()
    report = load_weights(target, source.state_dict())
    assert report == (9, (), ())
    assert all(torch.equal(t, target.state_dict()[name]) for name, t in source.state_dict().items())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("drop", "1 missing (0.bias)"),
        ("add", "1 unexpected (extra.weight)"),
        ("reshape", "1 of another shape (2.weight: expected (3, 5), got (9, 5))"),
    ],
)
def test_what_does_not_fit_is_named_and_nothing_is_loaded(change: str, message: str) -> None:
    tensors = snapshot(network())
    if change == "drop":
        del tensors["0.bias"]
    elif change == "add":
        tensors["extra.weight"] = torch.zeros(2)
    else:
        tensors["2.weight"] = torch.zeros(9, 5)
    target = network()
    before = snapshot(target)
    with pytest.raises(ReseenError) as caught:
        load_weights(target, tensors)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert all(torch.equal(tensor, before[name]) for name, tensor in target.state_dict().items())


def test_expected_differences_are_reported_and_the_rest_is_loaded() -> None:
    source, target = network(classes=9), network(classes=3)
    tensors = {name: tensor for name, tensor in source.state_dict().items() if name != "0.bias"}
    before = snapshot(target)
    report = load_weights(
        target,
        {**tensors, "head.scale": torch.ones(1)},
        expect_missing=["2.*", "*.bias"],
        expect_unexpected=["2.*", "head.*"],
    )
    assert report.loaded == 6
    assert report.missing == ("0.bias", "2.weight", "2.bias")
    assert report.unexpected == ("2.weight", "2.bias", "head.scale")
    assert torch.equal(target[0].weight, source[0].weight)
    for kept in ("0.bias", "2.weight", "2.bias"):
        assert torch.equal(target.state_dict()[kept], before[kept])


@pytest.mark.parametrize("expected", [{"expect_missing": ["2.*"]}, {"expect_unexpected": ["2.*"]}])
def test_another_shape_needs_both_expectations(expected: dict[str, list[str]]) -> None:
    with pytest.raises(ReseenError, match="2 of another shape"):
        load_weights(network(classes=3), network(classes=9).state_dict(), **expected)


def test_a_long_list_is_counted() -> None:
    with pytest.raises(ReseenError, match=r"9 missing \(0.weight, .*, and 4 more\)"):
        load_weights(network(), {})


def test_half_precision_tensors_become_the_modules_own_type() -> None:
    source, target = network(), network()
    load_weights(target, {name: tensor.half() for name, tensor in source.state_dict().items()})
    assert target[0].weight.dtype == torch.float32
    torch.testing.assert_close(target[0].weight, source[0].weight.half().float())


def test_plain_resnet_weights_do_not_slip_into_ibn() -> None:
    plain, split = (build_backbone("resnet18", image_size=(64, 64), ibn=ibn).body for ibn in (None, "a"))
    with pytest.raises(ReseenError, match=r"missing \(layer1.0.bn1.IN.weight.* unexpected \(layer1.0.bn1.weight"):
        load_weights(split, plain.state_dict())


def test_another_architecture_names_tensors() -> None:
    lite = build_backbone("tf_efficientnet_lite0", image_size=(64, 64)).body
    with pytest.raises(ReseenError, match=r"\d+ missing \(conv1.weight.*; \d+ unexpected \(conv_stem.weight") as caught:
        load_weights(build_backbone("resnet18", image_size=(64, 64)).body, lite.state_dict())
    assert len(str(caught.value)) < 600
