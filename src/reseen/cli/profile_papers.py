"""Tables of `reseen profile --paper`: our counts beside those in the papers."""

from rich.table import Table

from reseen.profiling.papers import baseline_candidates, compare_rga, compare_table_i, compare_table_ii


def paper_tables() -> list[Table]:
    """All tables, in the order of the papers."""
    return [_systems(), _costs(), _baseline_readings(), _backbones()]


def _systems() -> Table:
    table = Table("LKA-ReID, Table I", "mAP", "rank-1", "rank-5", "recipe", "parameters (M)", "G MACs")
    for row, trained, multiplied in compare_table_i():
        scores = (row.mean_average_precision, row.rank1, row.rank5)
        table.add_row(
            row.label,
            *("" if score is None else f"{score:.2%}" for score in scores),
            row.recipe or "no public code",
            "" if trained is None else f"{trained / 1e6:.2f}",
            "" if multiplied is None else f"{multiplied / 1e9:.2f}",
        )
    table.caption = (
        "Scores on VeRi-776 as printed; a star: with cameras and views. Costs are ours, with 575 identities."
    )
    return table


def _costs() -> Table:
    table = Table("LKA-ReID, Table II", "parameters (M)", "ours", "GFLOPs", "ours (G MACs)", "difference")
    for paper, parameters, macs in compare_table_ii():
        table.add_row(
            paper.label,
            f"{paper.parameters:.2f}",
            f"{parameters / 1e6:.3f}",
            f"{paper.macs:.2f}",
            f"{macs / 1e9:.2f}",
            f"{macs / 1e9 - paper.macs:+.2f}",
        )
    return table


def _baseline_readings() -> Table:
    table = Table("bottleneck branches of the baseline", "Baseline", "+ LKA")
    for candidate in baseline_candidates():
        table.add_row(candidate.what, *(f"{macs / 1e9:.2f}" for macs in candidate.macs.values()))
    table.add_row("printed in Table II", "14.44", "13.89")
    table.caption = (
        "The printed GFLOPs of these two rows cannot be reconciled with the public code; the last reading comes "
        "nearest, and no public code does it."
    )
    return table


def _backbones() -> Table:
    table = Table("RGA, released backbone", "parameters", "ours")
    for model, released, ours in compare_rga():
        table.add_row(model, f"{released:,}", f"{ours:,}")
    return table
