"""verify_min: a log checked again with nothing but Python's standard library, short enough to be read whole.

    python3 verify_min.py PLACE POLICY [REMEMBERED] [--max-age SECONDS]

PLACE is a directory or a zip with `checkpoint` and `tile/` (C2SP tlog-tiles). POLICY is your own file of the log keys
and witnesses you believe (C2SP tlog-policy). REMEMBERED is a checkpoint of this log that you saw earlier.
    A1 sealed      a log of the policy signed the checkpoint, and every entry and tile, hashed again, has its root
    A2 extends     A1, and the first entries still have the root you remember
    A3 witnessed   A2, and the policy's quorum has signed it, at most --max-age seconds ago (86,400)

Exit 0: A1 holds; with REMEMBERED A2 as well, and A3 too where the policy has a quorum. 1: not so. 2: wrong use.
"""

import base64
import hashlib
import os
import re
import sys
import time
import zipfile
from collections.abc import Callable, Iterator

Point = tuple[int, int, int, int]  # (X, Y, Z, T) with x = X/Z, y = Y/Z, x*y = T/Z
Key = tuple[str, bytes, bytes]  # name, id, public key
Line = tuple[str, bytes, bytes]  # name, id, signature
Policy = tuple[list[Key], dict[str, Key], list[tuple[str, int, list[str]]], str]  # logs, witnesses, groups, quorum
Read = Callable[[str], bytes | None]  # a file of the log by its path, None where there is none

# Ed25519 verification, RFC 8032 section 5.1.7.
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
NEUTRAL: Point = (0, 1, 1, 0)


def add(a: Point, b: Point) -> Point:
    a1, b1 = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    c, d = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = b1 - a1, d - c, d + c, b1 + a1
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(number: int, point: Point) -> Point:
    total = NEUTRAL
    while number:
        total = add(total, point) if number & 1 else total
        point, number = add(point, point), number >> 1
    return total


def decompressed(written: bytes) -> Point | None:
    """The point of 32 bytes, None where there is none or it is written in another way than the usual."""
    sign, y = divmod(int.from_bytes(written, "little"), 1 << 255)
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * pow(2, (P - 1) // 4, P) % P
    if len(written) != 32 or y >= P or x * x % P != square or (x == 0 and sign):
        return None
    x = x if x & 1 == sign else P - x
    return x, y, 1, x * y % P


BASE = decompressed((4 * pow(5, P - 2, P) % P).to_bytes(32, "little")) or NEUTRAL


def compressed(point: Point) -> bytes:
    x, y = (each * pow(point[2], P - 2, P) % P for each in point[:2])
    return (y | (x & 1) << 255).to_bytes(32, "little")


def ed25519(public: bytes, message: bytes, signature: bytes) -> bool:
    key, s = decompressed(public), int.from_bytes(signature[32:], "little")
    if key is None or len(signature) != 64 or s >= L:
        return False
    hashed = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    minus = (P - key[0], key[1], key[2], P - key[3])
    return compressed(add(times(s, BASE), times(hashed, minus))) == signature[:32]


# Signed notes (C2SP signed-note v1.0.0), and the checkpoint and the policy.
class Bad(Exception):
    """What does not hold."""


def unbase64(text: str) -> bytes:
    well = re.fullmatch("(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", text)
    if not well or base64.b64encode(base64.b64decode(text)).decode() != text:
        raise Bad(f"not base64: {text[:60]!r}")
    return base64.b64decode(text)


def key_of(written: str, kind: int) -> Key:
    """A verifier key, written name+id+base64."""
    name, identity, coded = (*written.split("+", 2), "", "")[:3]
    blob = unbase64(coded)
    point, own_id = decompressed(blob[1:]), hashlib.sha256(name.encode() + b"\n" + blob).digest()[:4].hex()
    if not name or re.search(r"\s", name) or blob[:1] != bytes([kind]) or identity != own_id:
        raise Bad(f"not a key of kind {kind}, or not with its own id: {written!r}")
    if point is None or compressed(times(8, point)) == compressed(NEUTRAL):
        raise Bad(f"a weak key, or none: {written!r}")
    return name, bytes.fromhex(identity), blob[1:]


def note_of(raw: bytes) -> tuple[str, list[Line]]:
    """The text of a signed note, and its signature lines."""
    whole = raw.decode()
    text, empty, lines = whole.rpartition("\n\n")
    if not empty or not lines.endswith("\n") or re.search("[\x00-\x09\x0b-\x1f]", whole) or len(raw) > 1_000_000:
        raise Bad("not a signed note")
    found: list[Line] = []
    for line in lines[:-1].split("\n"):
        match = re.fullmatch(r"— ([^\s+]+) (\S+)", line)
        blob = unbase64(match[2]) if match else b""
        if not match or len(blob) < 5 or len(found) == 100:
            raise Bad(f"not a signature line, or one too many: {line[:60]!r}")
        found.append((match[1], blob[:4], blob[4:]))
    return text + "\n", found


def checkpoint_of(raw: bytes, logs: list[Key]) -> tuple[str, int, bytes, str, list[Line]]:
    """Origin, size, root, text and signature lines of a checkpoint that a key of *logs* signed."""
    text, lines = note_of(raw)
    rows = text.split("\n")
    if len(rows) < 4 or not all(rows[:-1]) or not re.fullmatch("0|[1-9][0-9]{0,18}", rows[1], re.ASCII):
        raise Bad("not a checkpoint")
    origin, size, root = rows[0], int(rows[1]), unbase64(rows[2])
    if len(root) != 32 or size >= 2**63 or (size == 0 and root != root_of([])):
        raise Bad("a checkpoint with no such size or root")
    for key in (key for key in logs if key[0] == origin):
        mine = [blob for name, identity, blob in lines if (name, identity) == key[:2]]
        if mine and all(ed25519(key[2], text.encode(), blob) for blob in mine):
            return origin, size, root, text, lines
    raise Bad(f"no log of the policy signed this checkpoint of {origin!r}")


def policy_of(raw: bytes) -> Policy:
    logs: list[Key] = []
    witnesses: dict[str, Key] = {}
    groups: list[tuple[str, int, list[str]]] = []
    quorum, members = "", set[str]()
    for words in (line.split() for line in raw.decode().split("\n")):
        if not words or words[0].startswith("#"):
            continue
        kind, rest, names = words[0], words[1:], {"none", *witnesses, *(group[0] for group in groups)}
        least, most = {"log": (1, 2), "witness": (2, 3), "group": (3, 1_000), "quorum": (1, 1)}.get(kind, (1, 0))
        if not least <= len(rest) <= most:
            raise Bad(f"not understood: {' '.join(words)[:80]!r}")
        if kind in ("log", "witness"):
            key = key_of(rest[kind == "witness"], 1 if kind == "log" else 4)
            if key[2] in [each[2] for each in (*logs, *witnesses.values())]:
                raise Bad("one key is named twice")
        if kind == "log":
            logs.append(key)
        elif kind == "witness" and rest[0] not in names:
            witnesses[rest[0]] = key
        elif kind == "group" and rest[0] not in names and set(rest[2:]) <= names - {"none"} - members:
            count = {"all": len(rest) - 2, "any": 1}.get(rest[1]) or int(rest[1])
            if not 0 < count <= len(rest) - 2 or len(set(rest[2:])) < len(rest) - 2:
                raise Bad(f"a group that cannot sign: {rest[0]!r}")
            members |= set(rest[2:])
            groups.append((rest[0], count, rest[2:]))
        elif kind == "quorum" and not quorum and rest[0] in names:
            quorum = rest[0]
        else:
            raise Bad(f"a name used twice, or not made yet: {' '.join(words)[:80]!r}")
    if not quorum:
        raise Bad("no quorum line")
    return logs, witnesses, groups, quorum


def quorum_signed(policy: Policy, text: str, lines: list[Line], now: float, max_age: int) -> bool:
    """Whether the quorum has signed a checkpoint's text, lately. A known witness whose line does not fit: Bad."""
    signed = set()
    for witness, (name, identity, public) in policy[1].items():
        for blob in (blob for who, known, blob in lines if (who, known) == (name, identity)):
            at = int.from_bytes(blob[:8], "big")
            if len(blob) != 72 or not ed25519(public, f"cosignature/v1\ntime {at}\n{text}".encode(), blob[8:]):
                raise Bad(f"the line of witness {witness} does not fit the checkpoint")
            if now - max_age <= at <= now + 300:
                signed.add(witness)
    for group, count, members in policy[2]:
        if len(signed.intersection(members)) >= count:
            signed.add(group)
    return policy[3] in signed


# The tree of RFC 6962 and its files (C2SP tlog-tiles v0.1.0).
def root_of(row: list[bytes]) -> bytes:
    while len(row) > 1:
        pairs = [hashlib.sha256(b"\1" + row[at] + row[at + 1]).digest() for at in range(0, len(row) - 1, 2)]
        row = pairs + row[len(row) & ~1 :]
    return row[0] if row else hashlib.sha256(b"").digest()


def path_of(kind: str, index: int, width: int) -> str:
    *groups, last = f"{index:,}".split(",")
    name = "/".join([*(f"x{group:0>3}" for group in groups), f"{last:0>3}"])
    return f"tile/{kind}/{name}" + (f".p/{width}" if width < 256 else "")


def reader_of(place: str) -> Read:
    def read(path: str) -> bytes | None:
        try:
            with open(os.path.join(place, path), "rb") as file:
                return file.read()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None

    if os.path.isdir(place):
        return read
    archive = zipfile.ZipFile(place)
    names = set(archive.namelist())
    heads = sorted(each for each in names if each.split("/")[-1] == "checkpoint")
    prefix = min(heads, key=lambda each: each.count("/"), default="checkpoint").removesuffix("checkpoint")
    return lambda path: archive.read(prefix + path) if prefix + path in names else None


def piece(read: Read, kind: str, index: int, width: int) -> tuple[bytes, int]:
    """The bytes of a tile or bundle, and its width: a partial one that was dropped begins the full one."""
    for each in (width, 256):
        if (found := read(path_of(kind, index, each))) is not None:
            return found, each
    raise Bad(f"{path_of(kind, index, width)} is missing")


def leaves_of(read: Read, size: int) -> list[bytes]:
    """The hash of each entry. Every tile is compared on the way."""
    leaves: list[bytes] = []
    for index in range(-(-size // 256)):
        wanted = min(256, size - index * 256)
        bundle, width = piece(read, "entries", index, wanted)
        end, hashes = 0, []
        while end < len(bundle):
            start, end = end + 2, end + 2 + int.from_bytes(bundle[end : end + 2], "big")
            hashes.append(hashlib.sha256(b"\0" + bundle[start:end]).digest())
        if end != len(bundle) or len(hashes) != width:
            raise Bad(f"{path_of('entries', index, width)} is not a bundle of {width} entries")
        leaves += hashes[:wanted]
    level, row = 0, leaves
    while row:
        groups = [row[start : start + 256] for start in range(0, len(row), 256)]
        for index, group in enumerate(groups):
            tile, width = piece(read, str(level), index, len(group))
            if len(tile) != 32 * width or tile[: 32 * len(group)] != b"".join(group):
                raise Bad(f"{path_of(str(level), index, width)} is not what the entries below it make")
        level, row = level + 1, [root_of(group) for group in groups if len(group) == 256]
    return leaves


def verify(read: Read, policy: Policy, old: bytes | None, now: float, max_age: int) -> Iterator[tuple[str, bool, str]]:
    """Yield each level, whether it holds, and why. old: the checkpoint that is remembered."""
    origin, size, root, *_ = checkpoint_of(read("checkpoint") or b"", policy[0])
    leaves = leaves_of(read, size)
    if root_of(leaves) != root:
        raise Bad("the entries do not have the root that was signed")
    yield "A1", True, f"{origin}: {size} entries and all tiles have the root that was signed, {root.hex()}"
    if old is None:
        return
    was, old_size, old_root, *_ = checkpoint_of(old, policy[0])
    extends = was == origin and old_size <= size and root_of(leaves[:old_size]) == old_root
    yield "A2", extends, f"{old_size} entries of {was} with root {old_root.hex()} are remembered"
    found, ill = False, ""
    for raw in filter(None, (read("checkpoint"), read("witnessed"))):
        try:
            other, size, root, text, lines = checkpoint_of(raw, policy[0])
            ours = other == origin and size <= len(leaves) and root_of(leaves[:size]) == root
            if found := ours and quorum_signed(policy, text, lines, now, max_age):
                break
        except Bad as error:
            ill = f"; {error}"
    yield "A3", found, f"the quorum {policy[3]} has {'signed' if found else 'NOT lately signed'} {size} entries{ill}"


def main(arguments: list[str]) -> int:
    max_age, reached = 86_400, "no level"
    try:
        if "--max-age" in arguments:
            at = arguments.index("--max-age")
            max_age, arguments = int(arguments[at + 1]), arguments[:at] + arguments[at + 2 :]
        place, file, *remembered = arguments
        contents = [open(each, "rb").read() for each in (file, *remembered[:1])]  # noqa: SIM115
        policy, read = policy_of(contents[0]), reader_of(place)
    except (Bad, OSError, ValueError, IndexError, zipfile.BadZipFile) as error:
        print(f"{__doc__}\nverify_min: {str(error)!a}", file=sys.stderr)
        return 2
    wanted = "A1" if not remembered else "A2" if policy[3] == "none" else "A3"
    try:
        for level, holds, why in verify(read, policy, contents[1] if remembered else None, time.time(), max_age):
            print(level, "HOLDS:" if holds else "DOES NOT HOLD:", ascii(why)[1:-1])
            if not holds:
                break
            reached = level
    except (Bad, OSError, RuntimeError, UnicodeDecodeError, zipfile.BadZipFile) as error:
        print("DOES NOT HOLD:", ascii(str(error))[1:-1])
    print("reached", reached)
    return 0 if wanted <= reached <= "A3" else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
