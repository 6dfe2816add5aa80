"""The picture of the report: bars of ms a step beside the peers, with the limit drawn in."""

from __future__ import annotations

import matplotlib

from bench.report_files import number
from bench.workloads import WORKLOADS


def draw(report, caption, path):
    """One panel a workload; the dashed line is the time of its operations at the measured peak."""
    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "speed"  # the same figures give the same file
    from matplotlib import pyplot

    threads = report.threads[0]
    figure, panels = pyplot.subplots(1, len(WORKLOADS), figsize=(11, 2.6), layout="constrained")
    for panel, case in zip(panels, WORKLOADS):
        peers = report.section_peers("step", threads)
        found = {p: r for p in peers if (r := report.find("step", case, p, threads))}
        times = [record["best"] for record in found.values()]
        colors = ["#c44e52" if peer == "pyclr" else "#a8b4c4" for peer in found]
        bars = panel.barh(list(found), times, color=colors)
        panel.bar_label(bars, [number(t) for t in times], padding=2, fontsize=8)
        panel.axvline(report.limit(case, threads), color="black", linestyle="--", linewidth=1)
        panel.invert_yaxis()
        panel.set_title(case, fontsize=10)
        panel.set_xlim(0, 1.2 * max(times))
        panel.set_xticks([])
        panel.tick_params(axis="y", length=0, labelsize=8)
        panel.spines[["top", "right", "bottom"]].set_visible(False)
    figure.supxlabel(
        f"ms of a training step, {threads} threads; dashed: limit of the operations. {caption}",
        fontsize=8,
    )
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
