"""Files on disk: written whole or not at all, and read without trusting what they say."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"

# What is read may be this many times larger than the bytes stored for it (and a MiB more). Weights
# hardly compress; a larger ratio is a file made to fill the memory.
_EXPANSION, _SLACK = 100, 1 << 20

_TEMPORARY = ".pyclr-", ".tmp"  # how the names of temporary files begin and end

_CHUNK = 1 << 20  # bytes read at a time

_ZIP_SIGNATURE = b"PK\x03\x04"
_HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"

# What a file of weights ends with, before the SHA-256 of all that comes before. HDF5 does not read
# on after its end, and whoever changes the file with it cuts this off.
_SEAL = b"\npyclr sha256 "
_DIGEST_SIZE = 32


def write_atomically(filepath, write, overwrite=True):
    """Writes a file that is complete as soon as it exists.

    The bytes go to a temporary file in the same folder, which takes the name once it is on the
    disk. A crash at any time leaves the old file, or none.

    Args:
        filepath: Path. Missing folders are made.
        write: Function that is given the open file.
        overwrite: Boolean, whether an existing file is replaced.

    Raises:
        FileExistsError: if there is a file and `overwrite` is `False`.
        ValueError: if there is something other than a file.
    """
    check_target(filepath, overwrite)
    path = os.path.realpath(filepath)  # a link goes on pointing to the file
    folder = os.path.dirname(path)
    os.makedirs(folder, exist_ok=True)
    temporary = os.path.join(folder, f"{_TEMPORARY[0]}{os.urandom(8).hex()}{_TEMPORARY[1]}")
    try:
        with open(temporary, "xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileNotFoundError):
            os.chmod(temporary, os.stat(path).st_mode & 0o7777)
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    with suppress(OSError):  # not every system lets a folder be opened
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def remove_temporaries(folder):
    """Removes what processes that were killed in `write_atomically` have left in a folder, to which
    no other process may be writing."""
    for name in os.listdir(folder) if os.path.isdir(folder) else []:
        if name.startswith(_TEMPORARY[0]) and name.endswith(_TEMPORARY[1]):
            with suppress(OSError):
                os.unlink(os.path.join(folder, name))


def check_target(filepath, overwrite=True):
    """Raises the errors of `write_atomically` that do not depend on what is written."""
    if not os.path.exists(filepath):
        return
    if not os.path.isfile(filepath):
        raise ValueError(
            f"Argument `filepath` must be the name of a file. Received: filepath='{filepath}', "
            "which is a folder or a device"
        )
    if not overwrite:
        raise FileExistsError(
            f"The file '{filepath}' exists. Give another `filepath`, or `overwrite=True` to "
            "replace it."
        )


def pack(file, members):
    """Writes a zip archive of a dictionary of names to bytes. Equal members give equal bytes."""
    import zipfile

    with zipfile.ZipFile(file, "w") as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data)  # stored, dated 1980


def is_archive(file):
    """Whether an open file starts as a zip archive does. The position is left at the start."""
    return _starts_with(file, _ZIP_SIGNATURE)


def is_hdf5(file):
    """Whether an open file starts as an HDF5 file does. The position is left at the start."""
    return _starts_with(file, _HDF5_SIGNATURE)


def unpack(file, name, members):
    """Returns the members of an archive as a list of bytes, their checksums checked.

    Args:
        file: Binary file, open for reading.
        name: String that error messages call the file by.
        members: List of strings.

    Raises:
        ValueError: if the archive is broken, lacks a member, or is made to fill the memory.
    """
    import lzma
    import zipfile
    import zlib

    broken = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError)
    try:
        with zipfile.ZipFile(file) as archive:
            _check_names(archive, name)
            return [_read_member(archive, name, member) for member in members]
    except (*broken, OSError, RuntimeError) as error:
        raise ValueError(f"The file '{name}' is damaged: {error}") from error


def seal(data):
    """Returns the end of a file that has these bytes, from which `check_seal` tells damage."""
    import hashlib

    return _SEAL + hashlib.sha256(data).digest()


def check_seal(file, name):
    """Raises a ValueError if a file is not what was sealed. Files without a seal, such as those of
    Keras, pass. The position is left at the start.

    HDF5 has no checksums of its own: it reads damaged numbers as they are, and other damage can
    make it hang.

    Args:
        file: Binary file, open for reading.
        name: String that error messages call the file by.
    """
    import hashlib

    end = file.seek(0, os.SEEK_END) - len(_SEAL) - _DIGEST_SIZE
    file.seek(max(end, 0))
    mark, digest = file.read(len(_SEAL)), file.read()
    file.seek(0)
    if mark != _SEAL:
        return
    found = hashlib.sha256()
    for start in range(0, end, _CHUNK):
        found.update(file.read(min(_CHUNK, end - start)))
    file.seek(0)
    if found.digest() != digest:
        raise ValueError(f"The file '{name}' is damaged: its checksum is wrong.")


def check_size(what, declared, stored):
    """Raises a ValueError for data that would be far larger in memory than they are in the file."""
    if declared > _EXPANSION * stored + _SLACK:
        raise ValueError(
            f"{what} says that it has {declared} bytes, which the {stored} bytes stored for it can "
            "not hold."
        )


@contextmanager
def open_for_reading(filepath):
    """Opens a file, with errors that name the usual mistakes."""
    if os.path.isdir(filepath):
        raise ValueError(
            f"Argument `filepath` must be the name of a file. Received: filepath='{filepath}', a "
            "folder. TensorFlow's SavedModel can not be read: save the model as a `.keras` file."
        )
    if not os.path.exists(filepath):
        raise FileNotFoundError(f"There is no file '{filepath}'.")
    with open(filepath, "rb") as file:
        yield file


def _starts_with(file, signature):
    start = file.read(len(signature))
    file.seek(0)
    return start == signature


def _check_names(archive, name):
    for member in archive.namelist():
        parts = member.replace("\\", "/").split("/")
        if parts[0] == "" or ":" in parts[0] or ".." in parts:
            raise ValueError(
                f"The file '{name}' has a member that points out of it: {member!r}. It was not "
                "written by pyclr or Keras."
            )


def _read_member(archive, name, member):
    if member not in archive.namelist():
        raise ValueError(
            f"The file '{name}' lacks '{member}': it is no model saved by pyclr or Keras 3. "
            f"Received: {archive.namelist()[:10]}"
        )
    info = archive.getinfo(member)
    stored = min(info.compress_size, archive.fp.seek(0, os.SEEK_END))
    check_size(f"'{member}' in the file '{name}'", info.file_size, stored)
    return archive.read(info)
