"""check_pack: an evidence pack checked with nothing but Python's standard library, short enough to be read whole.

    python3 check_pack.py PACK.zip [POLICY]

It hashes every file against MANIFEST, every entry up to the checkpoint, the heads up to the entry that keeps them, and
every text and attachment. With POLICY, your own file of keys (C2SP tlog-policy), and verify_min.py beside this file
(`portfolio verify --print-min`), it checks the signatures of the checkpoint too; without, it says so.

Exit 0: all that was checked holds. 1: not so. 2: wrong use.
"""

import base64
import hashlib
import importlib
import json
import re
import sys
import zipfile
from collections.abc import Iterator
from typing import Any


class Bad(Exception):
    """What does not hold."""


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def need(holds: bool, problem: str) -> None:
    if not holds:
        raise Bad(problem)


def root_from(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """The root that an inclusion path leads to (RFC 9162, section 2.1.3.2)."""
    need(0 <= index < size and all(len(each) == 32 for each in path), f"no such place: {index} of {size}")
    place, last, node = index, size - 1, leaf
    for sibling in path:
        need(last > 0, "a path is too long")
        if place & 1 or place == last:
            node = sha256(b"\1", sibling, node)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            node = sha256(b"\1", node, sibling)
        place, last = place >> 1, last >> 1
    need(last == 0, "a path is too short")
    return node


def checkpoint_of(note: bytes) -> tuple[str, int, bytes]:
    """Origin, size and root, whoever signed it."""
    origin, size, root = note.decode().split("\n")[:3]
    return origin, int(size), base64.b64decode(root, validate=True)


def manifest(files: dict[str, bytes]) -> str:
    """MANIFEST: every file is there, none besides, each with its hash. Returns its text."""
    text = files["MANIFEST"].decode().rpartition("\n\n")[0]
    named = {match[2]: match[1] for match in re.finditer(r"^([0-9a-f]{64})  (\S+)$", text, re.M)}
    need(set(named) == set(files) - {"MANIFEST"}, "the files are not those MANIFEST names")
    for path, digest in named.items():
        need(sha256(files[path]).hex() == digest, f"{path} is not what MANIFEST says")
    origin, size, root = checkpoint_of(files["checkpoint"])
    said = f"\norigin {origin}\nsize {size}\nroot {base64.b64encode(root).decode()}\n"
    need(said in text, "MANIFEST is of another checkpoint")
    return text


def entries(files: dict[str, bytes]) -> dict[int, bytes]:
    """Every entry is in the log, at its index. Returns their leaf hashes."""
    _, size, root = checkpoint_of(files["checkpoint"])
    leaves = {}
    for path in (path for path in files if re.fullmatch(r"entries/\d{12}\.json", path)):
        proof = files[path.replace(".json", ".tlog-proof")]
        head, _, note = proof.partition(b"\n\n")
        lines = head.decode().split("\n")
        need(lines[0] == "c2sp.org/tlog-proof@v1" and note == files["checkpoint"], f"{path}: not a proof of this log")
        index, leaf = int(lines[1].removeprefix("index ")), sha256(b"\0", files[path])
        need(path == f"entries/{index:012d}.json", f"{path} is proved for another place")
        path_hashes = [base64.b64decode(each, validate=True) for each in lines[2:]]
        need(root_from(leaf, index, size, path_hashes) == root, f"{path} is not in the log")
        need(said_sequence(files[path]) in (None, index + 1), f"{path} says it stands elsewhere")
        leaves[index] = leaf
    return leaves


def said_sequence(entry: bytes) -> int | None:
    """The sequence an entry says it has; None for a foreign one, which says nothing."""
    try:
        return int(json.loads(entry)["sequence"])
    except (ValueError, TypeError, KeyError):
        return None


def heads(files: dict[str, bytes], leaves: dict[int, bytes]) -> Iterator[str]:
    """Nothing about what the pack is about is missing, up to its anchor."""
    told = json.loads(files["heads.json"])
    anchor = told["anchor"]
    if anchor is None:
        yield "complete: NOT PROVEN, the log keeps no heads"
        return
    entry = json.loads(files[f"entries/{anchor['index']:012d}.json"])
    kept = entry["data"]["heads"]
    need(entry["type"] == "CheckpointAnchored.v1", "the anchor is no anchor")
    need(kept == {each: anchor[each] for each in kept}, "the anchor keeps other heads")
    need(anchor["index"] in leaves and kept["last_sequence"] == anchor["index"], "the anchor counts other entries")
    need(files["heads.tlog-proof"] == files[f"entries/{anchor['index']:012d}.tlog-proof"], "another heads.tlog-proof")
    for head in told["heads"]:
        chain = bytes(32)
        for index in head["entries"]:
            chain = sha256(chain, leaves[index])
        known = {name: head[name] for name in ("about", "count", "last", "chain")}
        need(known["chain"] == chain.hex() and known["count"] == len(head["entries"]), f"{head['about']} is incomplete")
        need(known["last"] == head["entries"][-1] + 1 if head["entries"] else True, f"{head['about']} ends elsewhere")
        if head["count"] == 0:
            yield f"complete: {head['about']} has entries after sequence {kept['last_sequence']} only: NOT PROVEN"
            continue
        line = json.dumps(known, separators=(",", ":")).encode()
        path = [bytes.fromhex(each) for each in head["path"]]
        found = root_from(sha256(b"\0", line), head["place"], kept["count"], path)
        need(found.hex() == kept["root"], f"the head of {head['about']} is not one the log keeps")
        later = f"; {len(head['later'])} later, NOT PROVEN to be all" if head["later"] else ""
        yield f"complete: {head['about']}, {head['count']} entries up to sequence {kept['last_sequence']}{later}"


def texts(files: dict[str, bytes]) -> Iterator[str]:
    """Texts fit their commitments, attachments their names."""
    for each in json.loads(files["disclosures.json"]):
        found = sha256(bytes.fromhex(each["salt"]), each["text"].encode()).hex()
        need(found == each["commitment"], f"a text is not the one of commitment {each['commitment']}")
        for place in each["places"]:
            at: Any = json.loads(files[f"entries/{place['index']:012d}.json"])
            for step in place["field"].split("."):
                at = at[int(step)] if isinstance(at, list) else at[step]
            need(at["commitment"] == each["commitment"], f"entry {place['index']} does not hold this commitment")
    for path in (path for path in files if path.startswith("attachments/")):
        need(sha256(files[path]).hex() == path.removeprefix("attachments/"), f"{path} is not what it is named")
    yield f"{sum(path.startswith('attachments/') for path in files)} attachments"


def sampled(files: dict[str, bytes], leaves: dict[int, bytes]) -> Iterator[str]:
    """The sample is the one that root and nonce draw."""
    if "sample.json" not in files:
        return
    told, (_, size, root) = json.loads(files["sample.json"]), checkpoint_of(files["checkpoint"])
    seed = sha256(b"pmo-sample/v1", root, told["nonce"].encode(), told["stratum"].encode())
    need(seed.hex() == told["seed"], "the seed is another")
    if told["stratum"] != "all":
        yield f"sample: of the stratum {told['stratum']}; drawing it again takes the whole log: NOT CHECKED"
        return
    ranked = sorted(range(size), key=lambda index: sha256(seed, index.to_bytes(8, "big")))
    need(sorted(ranked[: told["wanted"]]) == told["indexes"], "the sample was drawn otherwise")
    need(set(told["indexes"]) <= set(leaves), "an entry of the sample is not in the pack")
    yield f"sample: {len(told['indexes'])} of {size} entries, as root and nonce draw them"


def signatures(files: dict[str, bytes], policy: bytes | None) -> str:
    """The checkpoint is signed as your policy asks, whenever that was."""
    if policy is None:
        return "signatures: NOT CHECKED; give your own policy"
    try:
        verify_min: Any = importlib.import_module("verify_min")
    except ImportError:
        return "signatures: NOT CHECKED; put verify_min.py beside this file"
    trusted = verify_min.policy_of(policy)
    origin, _, _, text, lines = verify_min.checkpoint_of(files["checkpoint"], trusted[0])
    if trusted[3] == "none":
        return f"signed by the log {origin}; the policy asks for no witness"
    newest = max((int.from_bytes(blob[:8], "big") for _, _, blob in lines if len(blob) == 72), default=0)
    need(verify_min.quorum_signed(trusted, text, lines, newest, 2**62), "the quorum did not cosign the checkpoint")
    return f"signed by the log {origin}, and by the quorum {trusted[3]}"


def check(files: dict[str, bytes], policy: bytes | None = None) -> list[str]:
    """What was found to hold, in words. Raises Bad where something does not."""
    try:
        lines = manifest(files).split("\n")
        leaves = entries(files)
        scope = next(line for line in lines if line.startswith("scope "))
        found = [f"{scope}; {len(files)} files as MANIFEST says; {len(leaves)} entries are in the log"]
        found += [*heads(files, leaves), *texts(files), *sampled(files, leaves)]
        return [*found, signatures(files, policy)]
    except (KeyError, IndexError, ValueError, TypeError, StopIteration, RecursionError) as error:
        raise Bad(f"the pack is not as it should be: {error!r}") from error


def main(arguments: list[str]) -> int:
    try:
        with zipfile.ZipFile(arguments[0]) as pack:
            names = pack.namelist()
            files = {name: pack.read(name) for name in names}
        policy = None
        if len(arguments) > 1:
            with open(arguments[1], "rb") as file:
                policy = file.read()
        need(len(names) == len(files), "a file is in the zip twice")
    except (IndexError, OSError, zipfile.BadZipFile, NotImplementedError) as error:
        print(f"{__doc__}\ncheck_pack: {str(error)!a}", file=sys.stderr)
        return 2
    except Bad as error:
        print("DOES NOT HOLD:", ascii(str(error))[1:-1])
        return 1
    try:
        for line in check(files, policy):
            print("HOLDS:" if "NOT " not in line else "     -", ascii(line)[1:-1])
    except Exception as error:  # whatever a hostile pack makes fail does not hold
        print("DOES NOT HOLD:", ascii(str(error))[1:-1])
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
