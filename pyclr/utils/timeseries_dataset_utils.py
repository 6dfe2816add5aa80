"""Windows of a time series as a dataset."""

from __future__ import annotations

import numpy as np

from ..random.seed import make_seed


def timeseries_dataset_from_array(
    data,
    targets,
    sequence_length,
    sequence_stride=1,
    sampling_rate=1,
    batch_size=128,
    shuffle=False,
    seed=None,
    start_index=None,
    end_index=None,
):
    """Returns a dataset of windows of a series, `(batch, sequence_length, ...)`.

    Without a sampling rate the windows are views of the series: nothing is copied but the batch.

    Args:
        data: Array `(steps, ...)`.
        targets: Array with the target of the window that begins at each step, or `None`.
        sequence_length: Integer, steps of a window.
        sequence_stride: Integer, steps from the begin of one window to that of the next.
        sampling_rate: Integer, steps from one of the window to the next.
        batch_size: Integer; with `None` the elements are single windows.
        shuffle: Boolean, whether the windows come in random order, another one in every epoch.
        seed: Integer, decides the order.
        start_index: Integer, the first step that is used.
        end_index: Integer, the first step that is not used any more.

    Returns:
        A `Dataset` of windows, or of tuples `(windows, targets)`.

    Raises:
        ValueError: if a number does not fit the series.
    """
    from ..data import Dataset

    data = np.asarray(data)
    steps = len(data)
    for name, value in (
        ("sequence_length", sequence_length),
        ("sequence_stride", sequence_stride),
        ("sampling_rate", sampling_rate),
    ):
        if not 0 < value < max(steps, 2) and not (name == "sequence_length" and value == steps):
            raise ValueError(
                f"Argument `{name}` must be positive and less than the {steps} steps of the data. "
                f"Received: {name}={value}"
            )
    start, end = start_index or 0, steps if end_index is None else end_index
    if not 0 <= start < end <= steps:
        raise ValueError(
            "Arguments `start_index` and `end_index` must be in order, and between 0 and the "
            f"{steps} steps of the data. Received: start_index={start_index}, end_index={end_index}"
        )
    used = data[start:end]
    count = end - start - (sequence_length - 1) * sampling_rate
    if targets is not None:
        targets = np.asarray(targets)[start:end]
        count = min(count, len(targets))
    if count < 1:
        raise ValueError(
            f"A window spans {(sequence_length - 1) * sampling_rate + 1} steps, and there are "
            f"{end - start}. Received: sequence_length={sequence_length}, "
            f"sampling_rate={sampling_rate}"
        )
    starts = np.arange(0, count, sequence_stride)
    labels = () if targets is None else (targets[starts],)
    step = used.strides[0]
    windows = np.lib.stride_tricks.as_strided(
        used,
        (len(starts), sequence_length, *used.shape[1:]),
        (sequence_stride * step, sampling_rate * step, *used.strides[1:]),
        writeable=False,
    )
    views = sampling_rate == 1 and used.flags.c_contiguous
    # Rows with gaps would be copied, all of them: windows are then cut out batch by batch.
    table = windows if views else starts
    dataset = Dataset.from_tensor_slices((table, *labels) if labels else table)
    if shuffle:
        dataset = dataset.shuffle(len(starts), make_seed() if seed is None else seed)
    if batch_size is not None:
        dataset = dataset.batch(batch_size)
    offsets = np.arange(sequence_length) * sampling_rate

    def cut(begin, *rest):
        window = used[np.asarray(begin)[..., None] + offsets]
        return (window, *rest) if rest else window

    return dataset if views else dataset.map(cut)
