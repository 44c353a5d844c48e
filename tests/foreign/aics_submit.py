"""What aics-witness's client, which is not ours, makes of a witness: `python aics_submit.py WITNESS VKEY LOGVKEY`.

WITNESS is a URL. Each line of the input is JSON: `directory` of a log whose checkpoint the witness is asked to sign,
with proofs from the tiles there; perhaps `state`, a file in which the client remembers what the witness has signed, or
`from`, the one size it can prove from. Each is answered by a line of JSON: what aics-tlog counts under the checkpoint
with the line that came back, and under what the witness shows to whoever watches it; or which exception the client
raised. For Python 3.12 or later.
"""

import json
import sys

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


def submitted(url, witness_key, log_key, asked):
    store = DirectoryTileStore(asked["directory"])
    note = store.read_checkpoint()
    checkpoint = parse_checkpoint(parse_note(note).text)
    reader = VerifiedTileReader(store, checkpoint.size, checkpoint.root)

    def proof(old_size, new_size):
        return consistency_proof_from_tiles(reader, old_size, new_size)

    old_size = asked.get("from")
    with WitnessClient(url, witness_key, max_attempts=1, state_path=asked.get("state")) as client:
        lines = client.submit(note, proof if old_size is None else (old_size, proof(old_size, checkpoint.size)))
    shown = HttpTileReader([f"{url}/{origin_hash(checkpoint.origin)}/"]).read_checkpoint()
    policy = WitnessPolicy(1, (witness_key,), max_age_seconds=600)
    return {
        "signed": counted(merge_cosignatures(note, lines), log_key, policy),
        "shown": counted(shown, log_key, policy),
    }


def answered(url, witness_key, log_key, asked):
    try:
        return submitted(url, witness_key, log_key, asked)
    except FeederError as refusal:
        known = {name: getattr(refusal, name, None) for name in ("status", "known_size")}
        return {"refused": type(refusal).__name__, "told": str(refusal), **known}


if __name__ == "__main__":
    url, *keys = sys.argv[1:]
    for line in sys.stdin:
        print(json.dumps(answered(url, *map(parse_vkey, keys), json.loads(line))), flush=True)
