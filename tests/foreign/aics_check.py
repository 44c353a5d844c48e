"""Does aics-tlog, which is not ours, agree with a log over HTTP? `python aics_check.py URL VKEY OLDCHECKPOINT`.

It opens the checkpoint, authenticates every tile and every entry bundle, proves a few entries and that the log extends
the old checkpoint. Exit 0 and "OK ..." where all of it holds, 1 and "FAIL ..." otherwise. For Python 3.12 or later.
"""

import sys
from pathlib import Path

from aics_tlog import (
    HttpTileReader,
    VerifiedTileReader,
    audit_tiles,
    consistency_proof_from_tiles,
    inclusion_proof_from_tiles,
    parse_checkpoint,
    parse_note,
    parse_vkey,
    verify_checkpoint,
    verify_consistency,
    verify_leaf_inclusion,
)


def opened(note_bytes, vkey):
    note = parse_note(note_bytes)
    answer = verify_checkpoint(note, vkey)
    if not answer.ok:
        raise ValueError(f"checkpoint: {answer.error}")
    return parse_checkpoint(note.text)


def check(url, vkey, old_path):
    reader = HttpTileReader([url])
    new, old = opened(reader.read_checkpoint(), vkey), opened(Path(old_path).read_bytes(), vkey)
    audit_tiles(reader, new.size, new.root)
    verified = VerifiedTileReader(reader, new.size, new.root)
    for index in (0, new.size // 3, new.size - 1):
        proof = inclusion_proof_from_tiles(verified, index, new.size)
        if not verify_leaf_inclusion(verified.entry(index), index, new.size, proof, new.root):
            raise ValueError(f"entry {index} is not included")
    proof = consistency_proof_from_tiles(verified, old.size, new.size)
    if not verify_consistency(old.size, new.size, old.root, new.root, proof):
        raise ValueError(f"not consistent with size {old.size}")
    return f"OK size={new.size} root={new.root.hex()}"


if __name__ == "__main__":
    try:
        print(check(sys.argv[1], parse_vkey(sys.argv[2]), sys.argv[3]))
    except Exception as error:
        print(f"FAIL {type(error).__name__}: {error}")
        sys.exit(1)
