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


def _veri(mean_average_precision: float, rank1: float, source: str) -> tuple[PaperScore, ...]:
    return (PaperScore("VeRi-776", 37_778, mean_average_precision, rank1, 130, (256, 256), source),)


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
        "rga_sc": _persons("RGA (CVPR 2020)", labelled=(0.774, 0.811), detected=(0.745, 0.796), market=(0.884, 0.961)),
    }
)
"""Row of an ablation -> the scores that its paper prints for it."""
