"""A package of files: read from its https address, from its tarball, or from a folder. Nothing is extracted to disk."""

import io
import tarfile
from collections.abc import Iterable
from http.client import HTTPException
from pathlib import Path, PurePosixPath
from urllib.request import HTTPSHandler, OpenerDirector, ProxyHandler

from karyogram.errors import ModelError

#: No tarball, and no content of one, may be larger than this.
MAX_BYTES = 200_000_000
#: Seconds without an answer after which a download fails.
TIMEOUT = 60


def read_package(source: str | Path, members: Iterable[str]) -> dict[str, bytes]:
    """Return the content of a package's members, given by their paths in its gzipped tarball.

    ``source`` is an https address (str), the tarball (Path), or a folder (Path) that holds the members under their paths or any
    end of them. Raises ModelError, naming source and reason.
    """
    wanted = list(members)
    if isinstance(source, Path) and source.is_dir():
        return {member: _from_folder(source, member) for member in wanted}
    return _unpack(_read(source) if isinstance(source, Path) else _download(source), wanted, str(source))


def _download(url: str) -> bytes:
    """Read an https address. The opener knows neither http nor redirects, nor files."""
    opener = OpenerDirector()
    for handler in (ProxyHandler(), HTTPSHandler()):
        opener.add_handler(handler)
    try:
        response = opener.open(url, timeout=TIMEOUT)
        if response is None:
            raise ModelError(f"{url}: not an https address")
        with response:
            if response.status != 200:
                raise ModelError(f"{url}: the answer is {response.status} {response.reason}")
            data: bytes = response.read(MAX_BYTES + 1)
    except (OSError, HTTPException) as error:
        raise ModelError(f"{url}: cannot be fetched: {getattr(error, 'reason', None) or error}") from error
    if len(data) > MAX_BYTES:
        raise ModelError(f"{url}: more than {MAX_BYTES // 10**6} MB")
    return data


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error.strerror or error}") from error


def _from_folder(folder: Path, member: str) -> bytes:
    """Read a member below the folder, under its whole path or any end of it, the file's own name at last."""
    parts = PurePosixPath(member).parts
    places = [folder.joinpath(*parts[start:]) for start in range(len(parts))]
    return _read(next((place for place in places if place.is_file()), places[-1]))


def _unpack(data: bytes, members: list[str], source: str) -> dict[str, bytes]:
    """Return the members' content; a gzipped tar is read as a stream, nothing is extracted, no link is followed."""
    found: dict[str, bytes] = {}
    total = 0
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r|gz") as tar:
            for entry in tar:
                total += entry.size
                if total > MAX_BYTES:
                    raise ModelError(f"{source}: more than {MAX_BYTES // 10**6} MB unpacked")
                content = tar.extractfile(entry) if entry.isfile() and entry.name in members else None
                if content is not None:
                    found[entry.name] = content.read()
    except ModelError:
        raise
    except Exception as error:  # on broken data tarfile raises whatever it stumbles over
        raise ModelError(f"{source}: not a gzipped tar: {error}") from error
    if missing := [member for member in members if member not in found]:
        raise ModelError(f"{source}: holds no {missing[0]}")
    return found
