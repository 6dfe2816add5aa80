"""Finds the files of a data set on this machine, or downloads them; checks every one.

A data set `name` is looked for in `$PYCLR_DATASETS` and in Keras' cache (`~/.keras/datasets`) -
the folder itself, then its subfolder `name` - and in `~/.pyclr/datasets/name`, where downloads go.
A file of suffix `.gz` may be stored as its mirror serves it or decompressed; its hash is that of
the decompressed content.
"""

import os
from dataclasses import dataclass
from pathlib import Path

# The copies that Keras uses.
KERAS = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"


@dataclass(frozen=True)
class DataFile:
    """A file of a data set.

    Args:
        name: String, the name at the mirrors.
        digest: String, the SHA-256 or MD5 in hexadecimal.
        other_names: Names that it may have locally.
    """

    name: str
    digest: str
    other_names: tuple = ()

    @property
    def local_names(self):
        plain = (self.name.removesuffix(".gz"),) if self.is_compressed else ()
        return (self.name, *plain, *self.other_names)

    @property
    def is_compressed(self):
        return self.name.endswith(".gz") and not self.name.endswith(".tar.gz")

    @property
    def algorithm(self):
        return "SHA-256" if len(self.digest) == 64 else "MD5"


def read(dataset, file, mirrors=(KERAS,), path=None):
    """Returns the content of a file of a data set, decompressed and checked, as bytes.

    Args:
        dataset: String, the data set's name, also of its folder.
        file: A `DataFile`.
        mirrors: URLs of folders that serve the file, tried in order if it is not found locally.
        path: Optional path of the file, or its name in the folders. Defaults to the mirrors' name.

    Raises:
        ValueError: if a local or downloaded file is damaged.
        ConnectionError: if the file is not found locally and cannot be downloaded.
    """
    for folder in _folders(dataset):
        for name in (path,) if path else file.local_names:
            if (folder / name).is_file():
                return _checked((folder / name).read_bytes(), file, folder / name)
    return _download(dataset, file, mirrors, _folders(dataset)[-1] / (path or file.name))


def _folders(dataset):
    """The folders to search, best first; downloads go to the last."""
    home = Path.home()
    own, keras = os.environ.get("PYCLR_DATASETS"), os.environ.get("KERAS_HOME")
    roots = [Path(own).expanduser()] if own else []
    roots.append((Path(keras).expanduser() if keras else home / ".keras") / "datasets")
    names = ("", dataset, dataset.replace("-", "_"))
    return [*(root / name for root in roots for name in names), home / ".pyclr/datasets" / dataset]


def _checked(content, file, origin):
    """Returns the decompressed content, or raises an error that names the file it came from."""
    import gzip
    import hashlib
    import zlib

    is_compressed = file.is_compressed and content[:2] == b"\x1f\x8b"
    algorithm = file.algorithm.replace("-", "").lower()
    try:
        content = gzip.decompress(content) if is_compressed else content
        received = hashlib.new(algorithm, content, usedforsecurity=False).hexdigest()
    except (EOFError, OSError, zlib.error) as error:
        received = f"a file that cannot be decompressed ({error})"
    if received != file.digest:
        of_what = " of the decompressed content" if file.is_compressed else ""
        raise ValueError(
            f"The file {origin} is damaged or not the expected one. Delete it to have it "
            f"downloaded again. Expected: {file.algorithm} {file.digest}{of_what}. "
            f"Received: {received}"
        )
    return content


def _download(dataset, file, mirrors, target):
    failures = []
    for mirror in mirrors:
        url = f"{mirror.rstrip('/')}/{file.name}"
        try:
            compressed = _fetch(url, file.name)
        except (OSError, ValueError) as error:
            failures.append(f"{url}: {error}")
            continue
        content = _checked(compressed, file, url)
        _write_atomically(target, compressed)
        return content
    raise ConnectionError(
        f"The file {file.name} of the data set {dataset} is not on this machine and could not be "
        f"downloaded. Put it into {target.parent}, or into a folder named by the environment "
        "variable PYCLR_DATASETS. Received: " + "; ".join(failures)
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
