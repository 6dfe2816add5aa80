"""Files from the network, kept in a cache."""

from __future__ import annotations

import os
from pathlib import Path


def get_file(
    fname=None,
    origin=None,
    untar=False,
    md5_hash=None,
    file_hash=None,
    cache_subdir="datasets",
    hash_algorithm="auto",
    extract=False,
    archive_format="auto",
    cache_dir=None,
    force_download=False,
):
    """Returns the path of a file from the network, which is downloaded once.

    Args:
        fname: String, the name it gets. Defaults to that at `origin`.
        origin: String, the URL.
        untar: The same as `extract`, for tar files.
        md5_hash: String, the MD5 of the file; the same as `file_hash`.
        file_hash: String, the expected SHA-256 or MD5 of the file, in hexadecimal.
        cache_subdir: String, folder below `cache_dir`; or an absolute path.
        hash_algorithm: `"sha256"`, `"md5"`, or `"auto"`: by the length of the hash.
        extract: Boolean, whether the file is an archive to unpack. Members that would be written
            outside of the folder are refused.
        archive_format: `"auto"`, `"tar"` or `"zip"`.
        cache_dir: Path. Defaults to `$KERAS_HOME`, else to `~/.pyclr`.
        force_download: Boolean, whether it is downloaded even if it is there.

    Returns:
        The path of the file; of the folder with its content if it was extracted.

    Raises:
        ValueError: if the file has another hash, or is no archive.
        tarfile.FilterError: if a member of the archive leads out of its folder.
        OSError: if it can not be downloaded.
    """
    from urllib.parse import urlsplit

    if origin is None:
        raise ValueError("Argument `origin`, the URL of the file, is needed.")
    name = os.fspath(fname) if fname else os.path.basename(urlsplit(origin).path)
    if not name or os.path.basename(name) != name:
        raise ValueError(
            "Argument `fname` must be a file name without folders (see `cache_dir`). "
            f"Received: fname={fname!r}, origin={origin!r}"
        )
    expected, algorithm = _hash(file_hash, md5_hash, hash_algorithm)
    home = cache_dir or os.environ.get("KERAS_HOME") or Path.home() / ".pyclr"
    folder = Path(home).expanduser() / cache_subdir
    target, content = folder / name, None
    if extract or untar:
        if fname and "." in name:
            content = folder / f"{name.partition('.')[0]}_extracted"
        else:
            target, content = folder / f"{name}_archive", folder / name
    wanted = force_download or not target.exists() or not _matches(target, expected, algorithm)
    if wanted:
        _download(origin, target, expected, algorithm)
    if content is None:
        return str(target)
    if wanted or not content.exists():
        _extract(target, content, "tar" if untar else archive_format)
    return str(content)


def _hash(file_hash, md5_hash, algorithm):
    if file_hash is None and md5_hash is not None:
        return md5_hash.lower(), "md5"
    if algorithm not in ("auto", "sha256", "md5"):
        raise ValueError(
            "Argument `hash_algorithm` must be 'auto', 'sha256' or 'md5'. "
            f"Received: hash_algorithm={algorithm!r}"
        )
    if file_hash is None:
        return None, algorithm
    if algorithm == "auto":
        algorithm = "sha256" if len(file_hash) == 64 else "md5"
    return file_hash.lower(), algorithm


def _matches(path, expected, algorithm):
    return expected is None or _hash_of(path, algorithm) == expected


def _hash_of(path, algorithm):
    import hashlib

    digest = hashlib.new(algorithm, usedforsecurity=False)
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def _download(origin, target, expected, algorithm):
    """Writes the file beside its place, checks it, and puts it there in one step."""
    import tempfile
    from urllib.request import urlopen

    from tqdm import tqdm

    target.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f"{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file, urlopen(origin, timeout=60) as response:
            length = int(response.headers.get("Content-Length") or 0)
            with tqdm(total=length or None, unit="B", unit_scale=True, desc=target.name) as bar:
                while chunk := response.read(1 << 16):
                    file.write(chunk)
                    bar.update(len(chunk))
            if file.tell() < length:
                raise OSError(
                    f"The connection ended after {file.tell()} of {length} bytes of {origin}."
                )
        if not _matches(temporary, expected, algorithm):
            raise ValueError(
                f"The file at {origin} is damaged or not the expected one. "
                f"Expected: {algorithm} {expected}. Received: {_hash_of(temporary, algorithm)}"
            )
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise


def _extract(archive, folder, archive_format):
    """Unpacks an archive beside its folder, and puts it there when all of it is unpacked."""
    import shutil
    import tarfile
    import tempfile
    import zipfile

    temporary = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent))
    try:
        if archive_format in ("auto", "tar") and tarfile.is_tarfile(archive):
            with tarfile.open(archive) as file:
                if hasattr(tarfile, "data_filter"):
                    file.extractall(temporary, filter="data")
                else:  # an early patch release of Python 3.10 or 3.11
                    for member in file.getmembers():
                        _check_member(temporary, member.name, archive)
                        if not (member.isfile() or member.isdir()):
                            raise ValueError(
                                f"The archive {archive} has a link, which this release of Python "
                                f"can not check: {member.name!r}"
                            )
                    file.extractall(temporary)
        elif archive_format in ("auto", "zip") and zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as file:
                for name in file.namelist():
                    _check_member(temporary, name, archive)
                file.extractall(temporary)
        else:
            raise ValueError(
                "The file must be a tar or zip archive to be extracted. "
                f"Received: {archive}, archive_format={archive_format!r}"
            )
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(temporary, folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def _check_member(folder, name, archive):
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise ValueError(f"The archive {archive} has a member outside of its folder: {name!r}")
