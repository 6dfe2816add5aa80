"""Models and weights to and from files, in the format of Keras 3.

A `.keras` file is a zip archive of `config.json` (the architecture and the arguments of `compile`),
`metadata.json` and `model.weights.h5` (the weights, the optimizer's state and the state of random
numbers). A `.weights.h5` file is the last of these alone.
"""

from __future__ import annotations

import json
import os
from contextlib import nullcontext

from .._warn import warn
from . import archive
from .object_registration import custom_object_scope
from .serialization import (
    CollectedObjects,
    ObjectSharingScope,
    deserialize_keras_object,
    serialize_instance,
)

_KERAS_VERSION = "3.15.1"  # whose layout the files have
_OLD_SUFFIXES = (".h5", ".hdf5")

# A model that is loaded may have variables of so many times the bytes of the file's weights, and so
# many more, which is room for metrics. A file must not make more than it brings.
_EXPANSION, _SLACK = 2, 1 << 26

# What a config that was tampered with makes `from_config` and `build` raise, other than TypeErrors,
# which say what is wrong.
_UNUSABLE = (AttributeError, LookupError, MemoryError, OverflowError, RuntimeError, ValueError)


def save_model(model, filepath, overwrite=True, include_optimizer=True):
    """Saves a model - architecture, weights, optimizer - as a `.keras` file.

    Keras 3 reads the file as well. It is written under a temporary name first: a crash leaves the
    old file as it was. Equal models give files with equal bytes.

    Args:
        model: A model.
        filepath: Path. Any suffix or none will do, except those of HDF5 files.
        overwrite: Boolean, whether an existing file is replaced.
        include_optimizer: Boolean, whether the arguments of `compile` and the optimizer's state are
            saved.

    Raises:
        FileExistsError: if there is a file and `overwrite` is `False`.
        ValueError: if `filepath` is a folder or ends in `.h5`, or if the model holds a function
            that can not be saved, such as a lambda.

    Example:

    ```python
    model.save("model.keras")
    same = pyclr.models.load_model("model.keras")
    ```
    """
    check_model_path(filepath)
    archive.check_target(filepath, overwrite)
    if not model.built:
        warn(
            f"The model '{model.name}' is saved without weights: it has none before it is built, "
            "by calling it on data or by `model.build(input_shape)`."
        )
    members = _members(model, include_optimizer)
    archive.write_atomically(filepath, lambda file: archive.pack(file, members), overwrite)


def check_model_path(filepath):
    """Raises a ValueError if `save_model` writes no file of that name."""
    if os.fspath(filepath).endswith(_OLD_SUFFIXES):
        raise ValueError(
            "Argument `filepath` must not end in '.h5' or '.hdf5': models are saved in the format "
            "of `.keras` files. For the weights alone there is `model.save_weights`. "
            f"Received: filepath='{filepath}'"
        )


def load_model(filepath, custom_objects=None, compile=True, safe_mode=True, *, override=None):
    """Loads a model that `save_model` wrote, here or in Keras 3.

    The model goes on as if it had not been away: training it gives the same bits. Nothing in the
    file is run or imported; classes and functions of your own must be registered, or passed.

    Args:
        filepath: Path. The content decides what the file is, not the suffix.
        custom_objects: Optional dictionary of names to classes and functions.
        compile: Boolean, whether the model is compiled as it was when it was saved.
        safe_mode: Boolean, whether a model is refused whose variables are far larger than the
            weights in the file. Code in files is refused whatever its value.
        override: Optional dictionary of hyper-parameters of the optimizer to numbers or schedules,
            which take the place of those in the file: `{"learning_rate": 1e-4}`.

    Returns:
        The model.

    Raises:
        FileNotFoundError: if there is no such file.
        TypeError: if the file names a class or function that is not known; the message gives the
            line that registers it.
        ValueError: if the file is damaged, or is no model that pyclr or Keras 3 wrote; if the model
            has no optimizer, or one without the hyper-parameters of `override`.
    """
    with archive.open_for_reading(filepath) as file:
        if not archive.is_archive(file):
            hint = (
                " It is an HDF5 file: for weights there is `model.load_weights`; a model of that "
                "old format can be loaded with Keras and saved as a `.keras` file."
                if archive.is_hdf5(file)
                else ""
            )
            raise ValueError(f"The file '{filepath}' is not a `.keras` file.{hint}")
        model = _read_model(file, filepath, custom_objects, compile, safe_mode)
    if override is not None:
        if model.optimizer is None:
            raise ValueError(
                "Argument `override` needs an optimizer, and the model is loaded without. "
                f"Received: override={override!r}, compile={compile}"
            )
        model.optimizer.override(override)
    return model


def save_weights(model, filepath, overwrite=True):
    """Saves the weights of a model, and the state of its optimizer, as a `.weights.h5` file.

    Keras 3 reads the file as well. It ends with a checksum, by which `load_weights` notices damage.

    Args:
        model: A built model.
        filepath: Path, which ends in `.weights.h5` or has none of the suffixes of other files.
        overwrite: Boolean, whether an existing file is replaced.

    Raises:
        FileExistsError: if there is a file and `overwrite` is `False`.
        ValueError: if the model is not built, or `filepath` does not fit.
    """
    check_weights_path(filepath)
    _check_built(model, "save_weights")
    archive.check_target(filepath, overwrite)
    image = _weights(model)
    parts = image, archive.seal(image)
    archive.write_atomically(filepath, lambda file: file.writelines(parts), overwrite)


def check_weights_path(filepath):
    """Raises a ValueError if `save_weights` writes no file of that name."""
    path = os.fspath(filepath)
    if path.endswith((".keras", *_OLD_SUFFIXES)) and not path.endswith(".weights.h5"):
        raise ValueError(
            f"Argument `filepath` must end in '.weights.h5'. Received: filepath='{filepath}'"
        )


def load_weights(model, filepath, skip_mismatch=False):
    """Sets the weights of a model from a `.weights.h5` or `.keras` file, of pyclr or Keras 3.

    If the model is compiled and the file has the state of such an optimizer, it is loaded too.

    Args:
        model: A built model with the architecture of the one that was saved.
        filepath: Path.
        skip_mismatch: Boolean, whether layers that do not fit are left as they were, with a
            warning.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the model is not built, the file is damaged, or its weights do not fit. The
            model is left as it was.
    """
    _load_state(model, filepath, weights_only=True, skip_mismatch=skip_mismatch)


def restore_state(model, filepath):
    """Sets the whole state of a model - weights, optimizer, random numbers - from a file of a model
    with the same architecture and optimizer, so that it goes on as that one would.

    Args:
        model: A built model.
        filepath: Path of a `.weights.h5` or `.keras` file.

    Raises:
        FileNotFoundError, ValueError: As `load_weights`, and if the optimizer's state does not fit.
    """
    _load_state(model, filepath, weights_only=False)


def reduce_model(model):
    """Returns what pickles and copies of a model are made from: its file, and the classes and
    functions of the user's that it names."""
    import io

    file = io.BytesIO()
    with CollectedObjects() as custom_objects:
        archive.pack(file, _members(model))
    return _model_from_bytes, (file.getvalue(), custom_objects)


def _model_from_bytes(data, custom_objects):
    import io

    return _read_model(io.BytesIO(data), "pickle", custom_objects, safe_mode=False)


def _members(model, include_optimizer=True):
    from .. import __version__

    parts = ["build_config"] + (["compile_config"] if include_optimizer else [])
    with ObjectSharingScope():
        config = serialize_instance(model, parts)
    metadata = {"keras_version": _KERAS_VERSION, "pyclr_version": __version__}
    return {
        archive.METADATA: json.dumps(metadata).encode(),
        archive.CONFIG: json.dumps(config).encode(),
        archive.WEIGHTS: _weights(model, include_optimizer),
    }


def _weights(model, include_optimizer=True):
    from .h5_store import H5Writer
    from .state import save_state

    with H5Writer() as writer:
        save_state(model, writer, include_optimizer)
        return writer.image()


def _read_model(file, name, custom_objects=None, compile=True, safe_mode=True):
    import io

    from ..models import Model
    from ..variables import at_most
    from .h5_store import open_weights
    from .state import load_state

    config, weights = archive.unpack(file, name, [archive.CONFIG, archive.WEIGHTS])
    config = _parse(config, name)
    compile_config = config.pop("compile_config", None)
    try:
        size = _EXPANSION * len(weights) + _SLACK
        room = at_most(size) if safe_mode else nullcontext()
        with ObjectSharingScope(), custom_object_scope(custom_objects), room:
            model = deserialize_keras_object(config, safe_mode=safe_mode)
            if not isinstance(model, Model):
                raise ValueError(f"it is a {type(model).__name__} and no model")
            _build_by_call(model)
            if compile and compile_config:
                model.compile_from_config(compile_config)
    except _UNUSABLE as error:
        raise ValueError(f"What the file '{name}' describes can not be made: {error}") from error
    with open_weights(io.BytesIO(weights), name) as reader:
        load_state(model, reader)
    return model


def _parse(config, name):
    try:
        parsed = json.loads(config.decode())
    except (ValueError, RecursionError) as error:
        raise ValueError(f"The file '{name}' is damaged: '{archive.CONFIG}': {error}") from error
    if not isinstance(parsed, dict) or "class_name" not in parsed:
        raise ValueError(f"The file '{name}' is damaged: '{archive.CONFIG}' describes no model.")
    return parsed


def _build_by_call(model):
    """Builds layers inside layers, which only a call with data reaches."""
    from .state import walk

    layers = [obj for _, obj in walk(model) if hasattr(obj, "build_for")]
    if model._build_shape is not None and not all(layer.built for layer in layers):
        model.compute_output_shape(model._build_shape)


def _load_state(model, filepath, weights_only, skip_mismatch=False):
    from .h5_store import open_weights
    from .state import load_state

    _check_built(model, "load_weights")
    with archive.open_for_reading(filepath) as file:
        if archive.is_archive(file):
            import io

            (weights,) = archive.unpack(file, filepath, [archive.WEIGHTS])
            file = io.BytesIO(weights)
        elif not archive.is_hdf5(file):
            raise ValueError(f"The file '{filepath}' is no `.weights.h5` and no `.keras` file.")
        else:
            archive.check_seal(file, filepath)
        with open_weights(file, filepath) as reader:
            if reader.is_old():
                raise ValueError(
                    f"The file '{filepath}' has the layout of HDF5 files before Keras 3. Load it "
                    "with Keras and save it as a `.weights.h5` or `.keras` file."
                )
            load_state(model, reader, weights_only, skip_mismatch)


def _check_built(model, method):
    if not model.built:
        raise ValueError(
            f"The model '{model.name}' must be built before `{method}`: call it on data, or "
            "`model.build(input_shape)`."
        )
