"""Sounds of a directory, and images that are cropped and resized."""

import os
import wave

import numpy as np
import pytest

import pyclr
from pyclr import utils
from pyclr.data.transforms import StageError

os.environ.setdefault("KERAS_BACKEND", "numpy")


@pytest.fixture
def sounds(tmp_path):
    """Two classes of three stereo sounds of 4, 5 and 6 samples."""
    for number, name in enumerate(("high", "low")):
        (tmp_path / name).mkdir()
        for i in range(3):
            samples = np.arange(2 * (4 + i), dtype="<i2") * 1000 - 1000 * number
            with wave.open(str(tmp_path / name / f"{i}.wav"), "wb") as file:
                file.setparams((2, 2, 8000, 0, "NONE", ""))
                file.writeframes(samples.tobytes())
    return tmp_path


def test_sounds(sounds):
    data = utils.audio_dataset_from_directory(
        sounds, batch_size=4, shuffle=False, sampling_rate=8000, verbose=False
    )
    (first, labels), (last, _) = list(data)
    assert data.class_names == ["high", "low"] and labels.numpy().tolist() == [0, 0, 0, 1]
    assert first.shape == (4, 6, 2) and last.shape == (2, 6, 2) and first.dtype == "float32"
    expected = np.zeros((6, 2))
    expected[:4] = np.arange(8).reshape(4, 2) * 1000 / 32768
    np.testing.assert_array_equal(first[0], expected.astype("float32"))
    cut = utils.audio_dataset_from_directory(
        sounds, None, batch_size=6, output_sequence_length=5, shuffle=False, verbose=False
    )
    (batch,) = list(cut)
    assert batch.shape == (6, 5, 2) and not batch[0, 4].numpy().any()


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"sampling_rate": 4000}, "sampling rate of 4000. Received: 8000"),
        ({"ragged": True}, "`ragged` must be False"),
    ],
)
def test_sound_errors(sounds, arguments, message):
    with pytest.raises((ValueError, StageError), match=message):
        list(utils.audio_dataset_from_directory(sounds, verbose=False, **arguments))


@pytest.mark.parametrize("size", [(4, 4), (3, 9), (12, 2)])
@pytest.mark.parametrize("batch", [(), (2,)])
def test_smart_resize(size, batch):
    keras = pytest.importorskip("keras")
    image = np.random.default_rng(1).uniform(size=(*batch, 8, 10, 3)).astype("float32")
    resized = pyclr.preprocessing.image.smart_resize(image, size)
    expected = keras.preprocessing.image.smart_resize(image, size)
    assert isinstance(resized, np.ndarray)
    np.testing.assert_allclose(resized, expected, rtol=1e-4, atol=1e-5)
    tensor = pyclr.ops.convert_to_tensor(image)
    assert pyclr.ops.is_tensor(pyclr.preprocessing.image.smart_resize(tensor, size))
