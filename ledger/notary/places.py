"""Places: where the files of a log are read, a directory, a zip or a web server, all by the paths of C2SP.

    portfolios/ai-2026                        a directory with checkpoint and tile/
    ai-2026.zip                               the same in a zip, at its top or in one folder
    https://log.example.com/ai-2026           the prefix of a web server

A place only reads, and believes nothing: what comes from it is checked by who asked.
"""

from __future__ import annotations

import http.client
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol
from urllib.parse import SplitResult, urlsplit

CHECKPOINT = "checkpoint"
WITNESSED = "witnessed"
"""The newest checkpoint that witnesses have signed; `checkpoint` itself is ahead of them."""

MAX_FILE_BYTES = 32 * 1024 * 1024
"""Longest file that is read: a bundle of 256 entries has at most 16.8 MB."""

TIMEOUT_S = 30.0
_SCHEMES = ("http", "https")


class PlaceError(OSError):
    """A place cannot be read: which, why, what next."""


class Place(Protocol):
    """Where a log is read."""

    @property
    def name(self) -> str:
        """What a person calls it."""
        ...

    def read(self, path: str) -> bytes | None:
        """Return the bytes of a file, None where there is none. Errors: PlaceError, OSError."""
        ...


class DirectoryPlace:
    """A log in a directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    @property
    def name(self) -> str:
        return str(self.directory)

    def read(self, path: str) -> bytes | None:
        try:
            with (self.directory / path).open("rb", buffering=0) as file:
                if os.fstat(file.fileno()).st_size > MAX_FILE_BYTES:
                    raise _too_long(self.name, path)
                # Without a limit, which would have a buffer of that size made and given back for every file.
                return file.read()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return None


class ZipPlace:
    """A log in a zip. It travels to another process by its path, and is opened there anew."""

    def __init__(self, file: Path) -> None:
        """Errors: PlaceError where it is no zip, or holds no checkpoint."""
        self._file = file
        try:
            self._zip = zipfile.ZipFile(file)
        except zipfile.BadZipFile as error:
            raise PlaceError(f"{file} is no zip: {error}") from error
        found = sorted(name for name in self._zip.namelist() if name.split("/")[-1] == CHECKPOINT)
        shallow = min(found, key=lambda name: name.count("/"), default=CHECKPOINT)
        self._prefix = shallow.removesuffix(CHECKPOINT)

    def __reduce__(self) -> tuple[type[ZipPlace], tuple[Path]]:
        return ZipPlace, (self._file,)

    @property
    def name(self) -> str:
        return str(self._file)

    def read(self, path: str) -> bytes | None:
        try:
            with self._zip.open(self._prefix + path) as file:
                # No more than a file of a log can be is unpacked, whatever the zip says of itself.
                return _whole(file.read(MAX_FILE_BYTES + 1), self.name, path)
        except KeyError:
            return None
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
            raise PlaceError(f"{path} in {self._file} cannot be unpacked: {error}") from error


class UrlPlace:
    """A log on a web server, read over one connection that is kept."""

    def __init__(self, url: str) -> None:
        """Errors: PlaceError where it is no URL of a server."""
        self._url = url.rstrip("/")
        self._parts = _parts(self._url)
        self._connection: http.client.HTTPConnection | None = None

    def __reduce__(self) -> tuple[type[UrlPlace], tuple[str]]:
        return UrlPlace, (self._url,)

    @property
    def name(self) -> str:
        return self._url

    def read(self, path: str) -> bytes | None:
        try:
            status, body = self._get(f"{self._parts.path}/{path}")
        except (http.client.HTTPException, OSError) as error:
            raise PlaceError(f"{self._url}/{path} cannot be read: {error!r}; is the server there?") from error
        if status in (404, 410):
            return None
        if status != 200:
            raise PlaceError(f"{self._url}/{path} answers {status}; 200 or 404 is expected of a log")
        return _whole(body, self.name, path)

    def _get(self, target: str) -> tuple[int, bytes]:
        kept, self._connection = self._connection, None
        if kept is not None:
            try:
                return self._ask(kept, target)
            except (http.client.HTTPException, ConnectionError):
                kept.close()  # The server ended a connection nobody had used for a while.
        kind = http.client.HTTPSConnection if self._parts.scheme == "https" else http.client.HTTPConnection
        return self._ask(kind(self._parts.hostname or "", self._parts.port, timeout=TIMEOUT_S), target)

    def _ask(self, connection: http.client.HTTPConnection, target: str) -> tuple[int, bytes]:
        connection.request("GET", target)
        answer = connection.getresponse()
        body = answer.read(MAX_FILE_BYTES + 1)
        if answer.isclosed():
            self._connection = connection
        else:
            connection.close()
        return answer.status, body


class FilesPlace:
    """A log of which some files are in memory, and the others where they were."""

    def __init__(self, name: str, files: Mapping[str, bytes], behind: Place | None = None) -> None:
        self._name, self._files, self._behind = name, dict(files), behind

    @property
    def name(self) -> str:
        return self._name

    def read(self, path: str) -> bytes | None:
        found = self._files.get(path)
        return self._behind.read(path) if found is None and self._behind is not None else found


def place_of(written: str) -> Place:
    """Return the place that *written* names. Errors: PlaceError where there is nothing."""
    if written.startswith(tuple(f"{scheme}://" for scheme in _SCHEMES)):
        return UrlPlace(written)
    path = Path(written)
    if path.is_dir():
        return DirectoryPlace(path)
    if path.is_file():
        return ZipPlace(path)
    raise PlaceError(f"there is nothing at {written}; give a directory, a zip or a URL")


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        wrong = parts.scheme not in _SCHEMES or not parts.hostname or (parts.port is not None and not parts.port)
    except ValueError:
        wrong = True
    if wrong or parts.query or parts.fragment or any(sign.isspace() for sign in url):
        raise PlaceError(f"{url!r} is no URL of a log; it is http(s)://host[:port][/prefix]")
    return parts


def _whole(content: bytes, name: str, path: str) -> bytes:
    if len(content) > MAX_FILE_BYTES:
        raise _too_long(name, path)
    return content


def _too_long(name: str, path: str) -> PlaceError:
    return PlaceError(f"{path} of {name} is longer than any file of a log, which has at most {MAX_FILE_BYTES:,} bytes")
