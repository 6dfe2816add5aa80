"""Finds the files of a data set on this machine, or downloads them; checks every one.

A data set `name` is looked for in `$PYCLR_DATASETS` (the folder itself, then its subfolder
`name`), then in `~/.pyclr/datasets/name`, where downloads go. A file may be stored as its mirror
serves it (gzip) or decompressed. Its decompressed content must have the expected SHA-256.
"""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class DataFile:
    """A file of a data set.

    Args:
        name: String, the name at the mirrors, with the suffix `.gz`.
        sha256: String, the SHA-256 of the decompressed content.
    """

    name: str
    sha256: str


def read(dataset, file, mirrors):
    """Returns the decompressed content of a file of a data set, as bytes.

    Args:
        dataset: String, the data set's name, also of its folder.
        file: A `DataFile`.
        mirrors: URLs of folders that serve the file, tried in order if it is not found locally.

    Raises:
        ValueError: if a local or downloaded file is damaged.
        ConnectionError: if the file is not found locally and cannot be downloaded.
    """
    for folder in _folders(dataset):
        for path in (folder / file.name, folder / file.name.removesuffix(".gz")):
            if path.is_file():
                return _checked(path.read_bytes(), file, path)
    return _download(dataset, file, mirrors)


def _folders(dataset):
    """The folders to search, best first; downloads go to the last."""
    folders = []
    if os.environ.get("PYCLR_DATASETS"):
        folder = Path(os.environ["PYCLR_DATASETS"]).expanduser()
        folders = [folder, folder / dataset, folder / dataset.replace("-", "_")]
    return [*folders, Path.home() / ".pyclr" / "datasets" / dataset]


def _checked(content, file, origin):
    """Returns the decompressed content, or raises an error that names the file it came from."""
    import gzip
    import hashlib
    import zlib

    is_compressed = content[:2] == b"\x1f\x8b"
    try:
        content = gzip.decompress(content) if is_compressed else content
        received = hashlib.sha256(content).hexdigest()
    except (EOFError, OSError, zlib.error) as error:
        received = f"a file that cannot be decompressed ({error})"
    if received != file.sha256:
        raise ValueError(
            f"The file {origin} is damaged or not the expected one. Delete it to have it "
            f"downloaded again. Expected: SHA-256 {file.sha256} of the decompressed content. "
            f"Received: {received}"
        )
    return content


def _download(dataset, file, mirrors):
    folder = _folders(dataset)[-1]
    failures = []
    for mirror in mirrors:
        url = f"{mirror.rstrip('/')}/{file.name}"
        try:
            compressed = _fetch(url, file.name)
        except (OSError, ValueError) as error:
            failures.append(f"{url}: {error}")
            continue
        content = _checked(compressed, file, url)
        _write_atomically(folder / file.name, compressed)
        return content
    raise ConnectionError(
        f"The file {file.name} of the data set {dataset} is not on this machine and could not be "
        f"downloaded. Put it, as it is or decompressed, into {folder}, or into a folder named by "
        "the environment variable PYCLR_DATASETS. Received: " + "; ".join(failures)
    )


def _fetch(url, name):
    """Returns what an URL serves, showing a progress bar."""
    from urllib.request import urlopen

    from tqdm import tqdm

    chunks = []
    with urlopen(url, timeout=30) as response:
        length = int(response.headers.get("Content-Length") or 0)
        with tqdm(total=length or None, unit="B", unit_scale=True, desc=name) as progress:
            while chunk := response.read(1 << 16):
                chunks.append(chunk)
                progress.update(len(chunk))
    content = b"".join(chunks)
    if len(content) < length:
        raise OSError(f"the connection ended after {len(content)} of {length} bytes")
    return content


def _write_atomically(path, content):
    """Writes a file so that other processes see all of it or nothing."""
    import tempfile

    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
