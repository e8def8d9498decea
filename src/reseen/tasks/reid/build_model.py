"""Build a model by name, on the path that a recipe's [model] takes."""

from reseen.errors import ReseenError, unknown
from reseen.models import MODELS, EmbeddingModel
from reseen.tasks.reid.build import embedder_of
from reseen.tasks.reid.model_settings import Model


def build_model(
    name: str,
    *,
    num_identities: int | None,
    image_size: tuple[int, int],
    pretrained: bool = False,
    cameras: int = 0,
    views: int = 0,
) -> EmbeddingModel:
    """Build a model by name, in training mode.

    Args:
        name: A name in ``reseen.models.MODELS``; ``reseen models`` lists them.
        num_identities: Training identities of its classifier; None for a model without one.
        image_size: (height, width) in pixels.
        pretrained: Whether the backbone begins with ImageNet weights, which `normalisation_of` says how to feed; else
            at random, drawn from torch's global generator.
        cameras: Above 0, a multi-branch model learns a metadata table over so many cameras.
        views: The same for views.

    Returns:
        A module from images (B, 3, H, W) to an `Output`.

    Raises:
        ReseenError: An unknown name, an impossible number, weights that cannot be fetched, or metadata for a model
            without branches.

    Example:
        >>> model = build_model("efficientnet_lite0", num_identities=5, image_size=(64, 64))
        >>> model.width
        1280
    """
    if name not in MODELS:
        raise ReseenError(unknown("model", name, MODELS))
    if num_identities is not None and num_identities < 1:
        raise ReseenError(f"expected at least 1 identity to classify, got {num_identities}")
    if min(image_size) < 1:
        raise ReseenError(f"expected an image size (height, width) in pixels, got {image_size}")
    if min(cameras, views) < 0:
        raise ReseenError(f"expected 0 or more cameras and views, got {cameras} and {views}")
    named, metadata = MODELS[name], bool(cameras or views)
    if metadata and not named.branches:
        branched = ", ".join(other for other, model in MODELS.items() if model.branches)
        raise ReseenError(f"'{name}' has no branches to add metadata to; models that have: {branched}")
    if pretrained and not named.start_weights:
        raise ReseenError(
            f"no ImageNet weights for '{name}' can be fetched: timm has none for ResNet-50-IBN-a; "
            "give a recipe the file that IBN-Net's authors publish"
        )
    weights = named.start_weights if pretrained else "none"
    settings = Model.model_validate({"name": name, "weights": weights, **({"metadata": {}} if metadata else {})})
    return embedder_of(
        settings,
        image_size=image_size,
        num_identities=num_identities,
        start_weights=pretrained,
        metadata_names=([str(camera) for camera in range(cameras)], [str(view) for view in range(views)]),
    )
