"""What the report writes: tables, the README's figures, the history and, elsewhere, a picture.

A cell is the best and, in brackets, the median; then how many times pyclr's best it is. The last
column is the best peer's: below 1, pyclr is slower, and bench/README.md has a line with the reason.
"""

from __future__ import annotations

import csv
import datetime
import os
import platform
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench.workloads import WORKLOADS

ROOT = Path(__file__).resolve().parent.parent
HISTORY = ["date", "commit", "workload", "threads", "best", "median"]


@dataclass(frozen=True)
class Section:
    name: str  # of the records
    title: str
    note: str
    median: bool = False  # compare the medians


SECTIONS = [
    Section(
        "step",
        "Training step, ms",
        "Through `fit`, with shuffling and metrics. The limit is the time that the layers' "
        "floating point operations take at the rate of a large matrix product, measured in the "
        "same run; convolutions with fewer operations than the direct ones may pass it.",
    ),
    Section(
        "one row",
        "`predict` of one row, microseconds",
        "784-64-64-10, after warm-up; PyTorch and JAX: a call of the model without gradients. "
        "Medians are compared.",
        median=True,
    ),
    Section("predict", "`predict` of 10,000 rows, ms", "The cnn, batches of 128."),
    Section("evaluate", "`evaluate` of 10,000 rows, ms", "The cnn, batches of 128."),
    Section(
        "first step",
        "First `fit` step after the model was built, ms",
        "One batch of 64, for five models made in turn.",
    ),
    Section(
        "batch size",
        "Batch sizes: training step, ms",
        "The first two workloads with other batch sizes.",
    ),
    Section(
        "width",
        "Widths: training step, ms",
        "Dense layers width-width-width-10, SGD, batches of 64.",
    ),
    Section(
        "conv forward",
        "Convolutions: forward pass, GFLOP/s",
        "Batches of 16; padding counts as work. PyTorch in its channels_last format.",
    ),
    Section(
        "conv gradients",
        "Convolutions: gradients of input and kernel, GFLOP/s",
        "The same shapes.",
    ),
    Section(
        "depthwise forward",
        "Depthwise convolutions: forward pass, GFLOP/s",
        "The same, channel by channel: mostly a matter of memory.",
    ),
    Section(
        "depthwise gradients",
        "Depthwise convolutions: gradients of input and kernel, GFLOP/s",
        "The same shapes.",
    ),
    Section(
        "chain",
        "Elementwise chains: a gradient step, microseconds",
        "Pointwise functions written by hand, the mean of squared differences, the gradient and a "
        "step along it: bench/cases.py. TensorFlow as a graph, PyTorch eager.",
    ),
    Section(
        "layer",
        "Layers: training step, ms",
        "One layer, with pooling over time or space where needed, and a softmax; Adam, batches of "
        "32: bench/cases.py.",
    ),
    Section(
        "source",
        "Kinds of data: training step of the mlp, ms",
        "Arrays; a shuffled and batched `Dataset` of them; a Python generator with "
        "`steps_per_epoch`.",
    ),
    Section(
        "crowd",
        "In company: times over those alone",
        "Four processes that train at a time, over one after another; one beside a foreign loop "
        "that is bound to one core, over that without it. As many threads as cores each: "
        "bench/crowd.py.",
    ),
    Section(
        "memory",
        "Memory to train the cnn, MB",
        "Peak of the process in one epoch, over its memory with NumPy and the data; with the "
        "library.",
    ),
    Section("import", "Import, ms", "In a new process that has imported NumPy."),
    Section(
        "size",
        "Size, MB",
        "Files of the distributions named like the libraries, without their dependencies.",
    ),
]


class Report:
    """Records, looked up by section, case, peer and number of threads."""

    def __init__(self, records):
        self.records = [*records, *_memory(records)]
        self.threads = sorted({r["threads"] for r in records}, reverse=True)
        self.peers = list(dict.fromkeys(r["peer"] for r in records))
        self._merged = {}
        for record in self.records:
            key = record["section"], record["case"], record["peer"], record["threads"]
            known = self._merged.get(key)
            if known is None or record["best"] < known["best"]:
                self._merged[key] = record

    def find(self, section, case, peer, threads):
        return self._merged.get((section, case, peer, threads))

    def cases(self, section, threads):
        records = [r for r in self.records if (r["section"], r["threads"]) == (section, threads)]
        return list(dict.fromkeys(record["case"] for record in records))

    def section_peers(self, section, threads):
        """The peers of a section, without pyclr's other forms."""
        found = {
            r["peer"] for r in self.records if (r["section"], r["threads"]) == (section, threads)
        }
        return [p for p in self.peers if p in found and not p.startswith("pyclr ")]

    def limit(self, case, threads):
        """Milliseconds that a workload's operations take at the measured peak."""
        peak = self.find("peak", "matrix product", "pyclr", threads)["best"]
        return WORKLOADS[case].flops_per_step() / peak / 1e6

    def other_load(self):
        """A sentence about what else the machine did."""
        shares = [
            f"{record['best']:.0f} ({record['case']}, threads: {record['threads']})"
            for record in self.records
            if record["section"] == "other load"
        ]
        return f"Percent of the machine that other processes took: {', '.join(shares)}."

    def versions(self):
        pairs = {r["peer"]: r["version"] for r in self.records if r["version"]}
        return ", ".join(f"{p} {v}" for p, v in pairs.items() if not p.startswith("pyclr "))


def _memory(records):
    """The records of memory that are in those of the first training."""
    return [
        {**r, "section": "memory", "best": r["memory_mb"], "median": r["memory_mb"]}
        for r in records
        if (r["section"], r["case"]) == ("step", "cnn") and r["threads"] > 1
    ]


def table(report, section, threads, slower):
    """Lines of Markdown. Cells where a peer is ahead are added to `slower`."""
    peers = report.section_peers(section.name, threads)
    limit = section.name == "step"
    head = ["", *(["limit"] if limit else []), *peers, "best peer"]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    which = "median" if section.median else "best"
    for case in report.cases(section.name, threads):
        found = {p: report.find(section.name, case, p, threads) for p in peers}
        own, others = found.get("pyclr"), [found[p] for p in peers[1:] if found[p]]
        cells = [f"`{case}`" if case in WORKLOADS else case]
        if limit:
            cells.append(number(report.limit(case, threads)))
        for peer in peers:
            record = found[peer]
            cell = "-" if record is None else _cell(record)
            if record and own and peer != "pyclr":
                cell += f", {record[which] / own[which]:.1f}x"
            cells.append(f"**{cell}**" if peer == "pyclr" and record else cell)
        ratio = min(r[which] for r in others) / own[which] if own and others else None
        cells.append("" if ratio is None else f"{ratio:.2f}x")
        if ratio is not None and ratio < 1:
            slower.append((section.name, case, threads, ratio))
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def _cell(record):
    if "gflop" in record:  # a rate, of times in microseconds
        return f"{1e6 * record['gflop'] / record['best']:.0f}"
    best, median = number(record["best"]), number(record["median"])
    return best if best == median else f"{best} ({median})"


def number(value):
    """Three digits or more."""
    digits = sum(value < limit for limit in (100, 10, 1))
    return f"{value:.{digits}f}"


def results(records):
    """The text of bench/results.md."""
    report, slower = Report(records), []
    lines = [
        "# Beside the peers",
        "",
        f"{machine()}, {datetime.date.today()}. {report.versions()}.",
        "",
        "Best and, in brackets, median; `x`: how many times that of pyclr. The last column is the "
        "best peer's ratio. How it is measured: `bench/README.md`.",
        "",
        report.other_load(),
    ]
    for section in SECTIONS:
        for threads in report.threads:
            if report.cases(section.name, threads):
                many = len([t for t in report.threads if report.cases(section.name, t)]) > 1
                on = f", {threads} thread{'s' * (threads > 1)}" if many else ""
                lines += ["", f"## {section.title}{on}", "", section.note, ""]
                lines += table(report, section, threads, slower)
    if report.cases("step", report.threads[0]):
        lines += ["", "## pyclr in other forms: training step, ms", "", *_forms(report)]
    if report.cases("first step", report.threads[0]):
        lines += ["", "## First step over the median step", "", *_first_over_median(report)]
    text = "\n".join(lines) + "\n"
    print(text)
    unexplained = [cell for cell in slower if not _has_reason(cell)]
    print(
        f"slower than the best peer: {slower}\nwithout a reason in bench/README.md: {unexplained}"
    )
    return text


def _has_reason(cell):
    section, case, *_ = cell
    return f"| {section} | {case} |" in (ROOT / "bench" / "README.md").read_text()


def _forms(report):
    """Lines of Markdown for eager steps and for the other instruction sets."""
    threads = report.threads[0]
    forms = [p for p in report.peers if p.startswith("pyclr")]
    lines = ["| | " + " | ".join(forms) + " |", "|---" * (len(forms) + 1) + "|"]
    for case in WORKLOADS:
        found = [report.find("step", case, form, threads) for form in forms]
        lines.append(f"| `{case}` | " + " | ".join(_cell(r) if r else "-" for r in found) + " |")
    return lines


def _first_over_median(report):
    threads = report.threads[0]
    peers = report.section_peers("first step", threads)
    lines = ["| | " + " | ".join(peers) + " |", "|---" * (len(peers) + 1) + "|"]
    for case in report.cases("first step", threads):
        cells = []
        for peer in peers:
            first = report.find("first step", case, peer, threads)
            step = report.find("step", case, peer, threads)
            both = first and step
            cells.append(f"{first['best'] / step['median']:.0f}x" if both else "-")
        lines.append(f"| `{case}` | " + " | ".join(cells) + " |")
    return lines


def machine():
    """The processor's name, cores and the Python version."""
    name = platform.processor() or platform.machine()
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo") as file:
            name = (re.findall(r"model name\s*:\s*(.*)", file.read()) or [name])[0]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{name}, {cores} cores, {platform.system()}, Python {platform.python_version()}"


def write(records):
    """Writes all files."""
    from bench import report_picture

    report = Report(records)
    (ROOT / "bench" / "results.md").write_text(results(records))
    caption = f"{machine()}, {datetime.date.today()}"
    picture = ROOT / "docs" / "figures" / "speed.svg"
    picture.parent.mkdir(exist_ok=True)
    report_picture.draw(report, caption, picture)
    _write_readme(report, caption)


def _write_readme(report, caption):
    threads = report.threads[0]
    lines = [
        "<!-- speed: written by bench/report.py -->",
        "![ms of a training step, beside the peers](docs/figures/speed.svg)",
        "",
        f"ms of a training step, {threads} threads (best; median in brackets); {caption}. The "
        "limit is the time of the floating point operations at the rate of a large matrix product. "
        "More: `bench/results.md`.",
        "",
        *table(report, SECTIONS[0], threads, []),
        "<!-- end of speed -->",
    ]
    path = ROOT / "README.md"
    pattern = r"<!-- speed:.*?<!-- end of speed -->"
    text, count = re.subn(pattern, lambda _: "\n".join(lines), path.read_text(), flags=re.S)
    if not count:
        raise ValueError(f"README.md has no place for the figures. Expected: {pattern}")
    path.write_text(text)


def append_history(records):
    """A line for each workload and number of threads; a `+` says that the commit was changed."""
    report = Report(records)
    path = ROOT / "bench" / "history.csv"
    changed = _git("status", "--short", "--untracked-files=no", "csrc", "pyclr")
    commit = _git("rev-parse", "--short", "HEAD") + ("+" if changed else "")
    with path.open("a", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        if not path.stat().st_size:
            writer.writerow(HISTORY)
        for threads in report.threads:
            for case in WORKLOADS:
                if record := report.find("step", case, "pyclr", threads):
                    figures = [f"{record[key]:.4f}" for key in ("best", "median")]
                    writer.writerow([datetime.date.today(), commit, case, threads, *figures])


def _git(*arguments):
    run = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return run.stdout.strip()
