"""What aics-witness's client, which is not ours, makes of a witness: `aics_submit.py WITNESS VKEY LOGVKEY DIRECTORY`.

WITNESS is a URL. It is asked to sign the checkpoint of the log in DIRECTORY, with proofs from the tiles there. With
`--state FILE` the client remembers what the witness has signed; with `--from SIZE` it can prove from there alone. It
prints JSON: what aics-tlog counts under the checkpoint with the line that came back, and under what the witness shows
to whoever watches it; or which of its exceptions the client raised. For Python 3.12 or later.
"""

import argparse
import json
from pathlib import Path

from aics_tlog import (
    DirectoryTileStore,
    HttpTileReader,
    VerifiedTileReader,
    WitnessPolicy,
    consistency_proof_from_tiles,
    parse_checkpoint,
    parse_note,
    parse_vkey,
    verify_checkpoint,
)
from aics_witness.feeder import FeederError, WitnessClient, merge_cosignatures
from aics_witness.protocol import origin_hash


def counted(note_bytes, log_key, policy):
    answer = verify_checkpoint(parse_note(note_bytes), log_key, policy=policy)
    return {"ok": answer.ok, "error": answer.error, "size": answer.size, "witnesses": answer.witnesses}


def submitted(given):
    store = DirectoryTileStore(given.directory)
    note = store.read_checkpoint()
    checkpoint = parse_checkpoint(parse_note(note).text)
    reader = VerifiedTileReader(store, checkpoint.size, checkpoint.root)

    def proof(old_size, new_size):
        return consistency_proof_from_tiles(reader, old_size, new_size)

    log_key, witness_key = parse_vkey(given.log_vkey), parse_vkey(given.vkey)
    policy = WitnessPolicy(1, (witness_key,), max_age_seconds=60)
    with WitnessClient(given.witness, witness_key, max_attempts=1, state_path=given.state) as client:
        fixed = given.fixed
        lines = client.submit(note, proof if fixed is None else (fixed, proof(fixed, checkpoint.size) if fixed else ()))
    shown = HttpTileReader([f"{given.witness}/{origin_hash(checkpoint.origin)}/"]).read_checkpoint()
    return {
        "signed": counted(merge_cosignatures(note, lines), log_key, policy),
        "shown": counted(shown, log_key, policy),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for name in ("witness", "vkey", "log_vkey"):
        parser.add_argument(name)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--state", type=Path)
    parser.add_argument("--from", dest="fixed", type=int)
    try:
        print(json.dumps(submitted(parser.parse_args())))
    except FeederError as refusal:
        known = {name: getattr(refusal, name, None) for name in ("status", "known_size")}
        print(json.dumps({"refused": type(refusal).__name__, "told": str(refusal), **known}))
