"""A shelf: things of one kind as JSON files in a directory, each under its id, put there in one step.

A crash leaves the file as it was or as it is to be. A file that cannot be read is told of and left alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Generic, NamedTuple, Protocol, TypeVar

import msgspec

from ledger.files import replace_file, sync_directory
from schemas.values import is_id


class HasId(Protocol):
    """What can stand on a shelf."""

    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=HasId)


class ShelfError(ValueError):
    """Something cannot be kept or taken from a shelf: which, and what next."""


class Broken(NamedTuple):
    """A file that cannot be read, and why."""

    path: Path
    problem: str


class Shelf(Generic[T]):
    """The things of one type in one directory."""

    def __init__(self, directory: Path, of: type[T], word: str) -> None:
        """word: what one of them is called, for who is told of it."""
        self.directory, self._of, self._word = directory, of, word

    def put(self, thing: T) -> None:
        """Keep a thing under its id, in the place of what was there. The disk has it when this returns.

        Errors: ShelfError where the id is none; OSError.
        """
        replace_file(self._path(thing.id), msgspec.json.format(msgspec.json.encode(thing), indent=2), durable=True)

    def take(self, name: str) -> T:
        """Return the thing kept under an id. Errors: ShelfError where there is none, or it cannot be read."""
        path = self._path(name)
        found = self._read(path)
        if isinstance(found, Broken):
            raise ShelfError(f"{self._word} {name} cannot be read: {found.problem}; mend or remove {path}")
        if found is None:
            raise ShelfError(f"there is no {self._word} {name}; there are {', '.join(self._names()) or 'none'}")
        return found

    def all(self) -> tuple[list[T], list[Broken]]:
        """Return everything that can be read, in the order of their ids, and the files that cannot."""
        found = [self._read(self._path(name)) for name in self._names()]
        strange = [
            Broken(path, f"its name is no id, so it holds no {self._word}")
            for path in self._files()
            if not is_id(path.stem)
        ]
        kept = [each for each in found if each is not None and not isinstance(each, Broken)]
        return kept, [each for each in found if isinstance(each, Broken)] + strange

    def remove(self, name: str) -> bool:
        """Forget a thing, and say whether it was there. Errors: ShelfError where the id is none; OSError."""
        path = self._path(name)
        try:
            path.unlink()
        except FileNotFoundError:
            return False
        sync_directory(self.directory)
        return True

    def _path(self, name: str) -> Path:
        if not is_id(name):
            raise ShelfError(f"{name!r} is no id; use letters, digits, hyphen and underscore, 1 to 64 of them")
        return self.directory / f"{name}.json"

    def _read(self, path: Path) -> T | Broken | None:
        try:
            thing = msgspec.json.decode(path.read_bytes(), type=self._of)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return Broken(path, str(error))
        return thing if thing.id == path.stem else Broken(path, f"it says that it is {thing.id}")

    def _names(self) -> list[str]:
        return [path.stem for path in self._files() if is_id(path.stem)]

    def _files(self) -> list[Path]:
        return sorted(self.directory.glob("*.json")) if self.directory.is_dir() else []
