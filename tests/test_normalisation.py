"""Normalisation by one product and one difference gives the numbers of the formula, as training's pipeline does."""

import numpy as np
import torch
from PIL import Image

from reseen.data.transforms import plain_transform
from reseen.deploy.network import EmbeddingNetwork
from reseen.normalisation import Normalisation

CASE = Normalisation(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))


def test_scale_and_shift_give_the_numbers_of_the_formula() -> None:
    scale, shift = CASE.scale_and_shift()
    for byte in (0, 1, 128, 255):
        expected = [(byte / 255 - mean) / std for mean, std in zip(*CASE, strict=True)]
        torch.testing.assert_close(
            (byte * scale - shift).double(), torch.tensor(expected).double(), rtol=1e-5, atol=1e-6
        )


def test_a_deployed_network_normalises_as_training_does_to_the_last_bit() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (6, 5, 3), np.uint8)
    deployed = EmbeddingNetwork(torch.nn.Identity(), CASE).normalised(torch.from_numpy(pixels)[None])[0]
    trained = plain_transform((6, 5), mean=CASE.mean, std=CASE.std)(Image.fromarray(pixels))
    assert torch.equal(deployed, trained)
