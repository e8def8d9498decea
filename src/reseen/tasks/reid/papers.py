"""What the two papers print, by the names of our models: scores, parameters, multiply-adds."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class PaperScore(NamedTuple):
    """Fractions as printed, on ``data`` with so many training ``images``, after ``epochs`` at ``image_size``."""

    data: str
    images: int
    mean_average_precision: float
    rank1: float
    epochs: int
    image_size: tuple[int, int]
    source: str


class TableRow(NamedTuple):
    """A row of LKA-ReID's Table II: its cost in millions of parameters and thousand millions of multiply-adds."""

    model: str
    label: str
    parameters: float
    macs: float


class SystemRow(NamedTuple):
    """A row of LKA-ReID's Table I: scores on VeRi-776 as fractions, and the recipe of the system here.

    ``epochs`` are those of its authors. ``recipe`` is empty for a system that has neither public code nor a description
    that a network could be built from.
    """

    label: str
    mean_average_precision: float
    rank1: float
    rank5: float | None
    recipe: str = ""
    epochs: int = 130


TABLE_I = (
    SystemRow("FastReID", 0.819, 0.970, 0.984, "fastreid-sbs-veri776", 60),
    SystemRow("TransReID*", 0.823, 0.971, None, "transreid-veri776", 120),
    SystemRow("HRCN", 0.831, 0.973, 0.989, "hrcn-veri776", 80),
    SystemRow("ANet", 0.812, 0.968, 0.984),
    SystemRow("MUSP", 0.788, 0.956, 0.979, "musp-veri776", 150),
    SystemRow("TANet", 0.805, 0.954, 0.984),
    SystemRow("SSBVER", 0.821, 0.971, 0.984, "ssbver-veri776", 120),
    SystemRow("MBR-4B", 0.8472, 0.9768, 0.9881, "mbr-4b-veri776"),
    SystemRow("MBR-4B*", 0.8563, 0.9774, 0.9905, "mbr-4b-metadata-veri776"),
    SystemRow("HCI-Net", 0.838, 0.966, 0.989),
    SystemRow("LKA-ReID", 0.8555, 0.9797, 0.9904, "lka-reid-veri776"),
    SystemRow("LKA-ReID*", 0.8665, 0.9803, 0.9910, "lka-reid-metadata-veri776"),
)
"""A star: with cameras and views."""

TABLE_II = (
    TableRow("mbr_4b", "Baseline (MBR-4B)", 61.44, 14.44),
    TableRow("mbr_4b_lka", "+ LKA", 61.57, 13.89),
    TableRow("mbr_4b_hca", "+ HCA", 47.29, 14.25),
    TableRow("lka_reid", "+ LKA + HCA", 47.42, 13.70),
)
RGA_BACKBONES: Mapping[str, int] = MappingProxyType({"rga_s": 26_731_832, "rga_c": 26_598_328, "rga_sc": 29_822_128})
"""Parameters of the released backbones without their heads."""

PERSONS: Mapping[str, tuple[str, int]] = MappingProxyType(
    {
        "labelled": ("CUHK03 labelled", 7_368),
        "detected": ("CUHK03 detected", 7_365),
        "market": ("Market-1501", 12_936),
    }
)
"""Data set and its training images."""


def _veri(mean_average_precision: float, rank1: float, source: str, *, epochs: int = 130) -> tuple[PaperScore, ...]:
    return (PaperScore("VeRi-776", 37_778, mean_average_precision, rank1, epochs, (256, 256), source),)


def _persons(source: str, **scores: tuple[float, float]) -> tuple[PaperScore, ...]:
    return tuple(PaperScore(*PERSONS[name], *pair, 600, (256, 128), source) for name, pair in scores.items())


PAPER_SCORES: Mapping[str, tuple[PaperScore, ...]] = MappingProxyType(
    {
        "mbr_4b": _veri(0.8472, 0.9768, "LKA-ReID, Table II"),
        "mbr_4b+metadata": _veri(0.8563, 0.9774, "LKA-ReID, Table I"),
        "mbr_4b_lka": _veri(0.8537, 0.9779, "LKA-ReID, Table II"),
        "mbr_4b_hca": _veri(0.8530, 0.9774, "LKA-ReID, Table II"),
        "lka_reid": _veri(0.8555, 0.9794, "LKA-ReID, Table II"),
        "lka_reid+metadata": _veri(0.8665, 0.9803, "LKA-ReID, Table I"),
        **{
            row.recipe: _veri(row.mean_average_precision, row.rank1, "LKA-ReID, Table I", epochs=row.epochs)
            for row in TABLE_I
            if row.recipe
        },
        "rga_sc": _persons("RGA (CVPR 2020)", labelled=(0.774, 0.811), detected=(0.745, 0.796), market=(0.884, 0.961)),
    }
)
"""Row of an ablation -> the scores that its paper prints for it."""
