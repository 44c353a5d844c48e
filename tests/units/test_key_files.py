"""Files of signer keys: only their owner reads them, none is replaced, and a login key is none."""

from __future__ import annotations

import os
from pathlib import Path

import nkeys
import pytest

from ledger.key_files import KeyFileError, Locked, new_key, read_key, vkey_of, write_key
from ledger.notary.note import NoteError, SignerKey
from tui import signer_keys
from tui.common import CommandError


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SignerKey]:
    """A key under the passphrase `open sesame`."""
    path, key = tmp_path_factory.mktemp("keys") / "ana.key", new_key("ana")
    write_key(path, key, "open sesame")
    return path, key


def written(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o600)


def fails(path: Path, says: str, passphrase: str | None = None) -> None:
    with pytest.raises(KeyFileError, match=says) as told:
        read_key(path, passphrase)
    assert path.read_text()[:40] not in str(told.value) if path.exists() and path.stat().st_size else True


def test_a_key_is_written_for_its_owner_alone_and_read_again(tmp_path: Path) -> None:
    path, key = tmp_path / "ana.key", new_key("ana")
    before = os.umask(0)
    try:
        write_key(path, key)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text() == f"{key.written}\n"
    assert read_key(path) == key
    assert vkey_of(path) == str(key.vkey)


def test_no_two_new_keys_are_the_same() -> None:
    assert new_key("ana").seed != new_key("ana").seed
    with pytest.raises(NoteError):
        new_key("ana maria")


def test_a_file_that_is_there_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "ana.key"
    path.write_text("mine")
    with pytest.raises(KeyFileError, match="is there already"):
        write_key(path, new_key("ana"))
    assert path.read_text() == "mine"
    with pytest.raises(KeyFileError, match="cannot write"):
        write_key(tmp_path / "nowhere" / "ana.key", new_key("ana"))


def test_a_key_under_a_passphrase_tells_its_verifier_key_and_nothing_else(locked: tuple[Path, SignerKey]) -> None:
    path, key = locked
    assert path.stat().st_mode & 0o777 == 0o600
    assert "PRIVATE" not in path.read_text()
    assert isinstance(read_key(path), Locked)
    assert vkey_of(path) == str(key.vkey)
    assert read_key(path, "open sesame") == key
    fails(path, "the passphrase does not open", "open barley")


@pytest.mark.parametrize("part", ["vkey", "salt", "nonce", "box"])
def test_a_key_under_a_passphrase_that_was_changed_does_not_open(
    locked: tuple[Path, SignerKey], tmp_path: Path, part: str
) -> None:
    path, key = locked
    text = path.read_text()
    other = str(new_key("ana").vkey)
    at = text.index(f'"{part}":"') + len(part) + 4
    swapped = text.replace(str(key.vkey), other) if part == "vkey" else text[:at] + "!" + text[at + 1 :]
    changed = tmp_path / "changed.key"
    written(changed, swapped)
    fails(changed, "the passphrase does not open", "open sesame")


def test_a_login_key_is_refused(tmp_path: Path) -> None:
    seed = nkeys.encode_seed(bytes(range(32)), nkeys.PREFIX_BYTE_USER).decode()
    for text in (seed, f"-----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"):
        path = tmp_path / "login.nk"
        written(path, text)
        fails(path, "login keys never sign commands")


@pytest.mark.parametrize("text", ["", "nonsense", "{}", "{", "PRIVATE+KEY+ana+00000000+AAAA", "ana+55daf246+AX6E"])
def test_what_is_no_key_is_told_without_its_text(tmp_path: Path, text: str) -> None:
    path = tmp_path / "some.key"
    written(path, text)
    fails(path, "portfolio key new")
    path.write_bytes(b"\xff")
    fails(tmp_path / "none.key", "cannot read the key")
    with pytest.raises(KeyFileError, match="is no key"):
        read_key(path)


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ana.key"
    write_key(path, new_key("ana"))
    path.chmod(0o640)
    fails(path, "can be read by others; `chmod 600")


# The passphrase.


def test_a_passphrase_comes_from_a_file_or_from_who_sits_there(
    locked: tuple[Path, SignerKey], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, key = locked
    file = tmp_path / "passphrase"
    file.write_text("open sesame\nand nothing else\n")
    assert signer_keys.opened(path, file) == key
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    asked: list[str] = []
    monkeypatch.setattr("getpass.getpass", lambda text: asked.append(text) or "open sesame")
    assert signer_keys.opened(path) == key
    assert asked == [f"Passphrase of {path}: "]
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    with pytest.raises(CommandError, match="nobody is there to ask"):
        signer_keys.opened(path)
    file.write_text("\n")
    with pytest.raises(CommandError, match="no passphrase in its first line"):
        signer_keys.opened(path, file)
