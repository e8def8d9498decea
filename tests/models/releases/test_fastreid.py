"""FastReID's checkpoints: networks with the names of its versions, written from their description, go in."""

import pytest
import torch

import reseen
from public_fastreid import IDENTITIES, public
from reseen.errors import ReseenError
from reseen.tasks.reid.build import build_embedder
from reseen.tasks.reid.recipe import read_recipe
from reseen.tasks.reid.releases import import_weights

SIZE = (64, 64)


@pytest.mark.parametrize(
    ("generation", "strong", "ceil"), [("1.2", True, True), ("1.0", True, True), ("0.1.1", False, False)]
)
def test_the_imported_network_gives_the_feature_after_the_norm(tmp_path, generation, strong, ceil):
    network = public(ceil=ceil, strong=strong)
    torch.save({"model": network.saved(generation)}, tmp_path / "in.pth")
    released = import_weights("fastreid", tmp_path / "in.pth", tmp_path / "out.safetensors", image_size=SIZE)
    assert (released.model["stem_pool"] == "ceil") is ceil
    assert released.num_identities == IDENTITIES
    images = torch.rand(2, 3, *SIZE)
    with torch.no_grad():
        output, expected = reseen.load_model(tmp_path / "out.safetensors")(images), network(images)
        torch.testing.assert_close(output.embedding, expected, rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(output.logits[0], network.classifier(expected), rtol=1e-4, atol=1e-3)


def test_a_private_file_may_say_how_its_stem_pools(tmp_path):
    network = public(ceil=True, strong=False)
    torch.save(network.saved("0.1.1"), tmp_path / "in.pth")
    images = torch.rand(1, 3, *SIZE)
    import_weights(
        "fastreid", tmp_path / "in.pth", tmp_path / "out.safetensors", image_size=SIZE, options=["stem_pool=ceil"]
    )
    with torch.no_grad():
        ours = reseen.load_model(tmp_path / "out.safetensors")(images).embedding
        torch.testing.assert_close(ours, network(images), rtol=1e-4, atol=1e-4)


def test_names_of_another_network_are_refused(tmp_path):
    torch.save({**public(ceil=True, strong=False).saved("1.2"), "heads.cats": torch.zeros(1)}, tmp_path / "in.pth")
    with pytest.raises(ReseenError, match=r"heads\.cats"):
        import_weights("fastreid", tmp_path / "in.pth", tmp_path / "out.safetensors", image_size=SIZE)
    assert not (tmp_path / "out.safetensors").exists()


@pytest.mark.parametrize(("recipe", "identities", "parameters"), [("fastreid-sbs-veri776", 575, 24_718_416)])
def test_parameters_are_those_of_the_release(recipe, identities, parameters):
    with torch.device("meta"):
        model = build_embedder(read_recipe(recipe), num_identities=identities, start_weights=False)
    assert sum(parameter.numel() for parameter in model.parameters()) == parameters
