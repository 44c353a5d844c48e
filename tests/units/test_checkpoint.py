"""Checkpoints and cosignatures come out byte for byte as Tessera's, and mean one thing only."""

import json
from base64 import b64decode, b64encode
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.notary.checkpoint import (
    Checkpoint,
    format_checkpoint,
    open_checkpoint,
    parse_checkpoint,
    sign_checkpoint,
)
from ledger.notary.cosignature import (
    WitnessKey,
    cosigned_at_s,
    parse_witness_key,
    parse_witness_vkey,
    witness_key,
)
from ledger.notary.note import (
    Note,
    NoteError,
    Signature,
    format_note,
    parse_note,
    parse_signer_key,
    parse_vkey,
    signature_of,
    signer_key,
)
from ledger.notary.tlog import EMPTY_ROOT

law = settings(deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])

LOG = signer_key("example.com/log", bytes(32))
WITNESS = witness_key("witness.example", bytes(range(32)))
ROOT = bytes(range(100, 132))
CHECKPOINT = Checkpoint("example.com/log", 3, ROOT)

lines = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=30)
checkpoints = st.builds(
    Checkpoint,
    lines,
    st.integers(1, 2**63 - 1),
    st.binary(min_size=32, max_size=32),
    st.lists(lines, max_size=3).map(tuple),
)


# Somebody else's answers


@pytest.mark.parametrize("size", range(16))
def test_tesseras_checkpoints_are_signed_again_byte_for_byte(vectors, size):
    published = (vectors / "tessera-log" / f"checkpoint.{size}").read_bytes()
    keys = json.loads((vectors / "notes.json").read_text("utf-8"))["tessera_testdata_key"]
    opened = open_checkpoint(published, parse_vkey(keys["vkey"]))
    assert opened.checkpoint.size == size
    assert sign_checkpoint(opened.checkpoint, parse_signer_key(keys["skey_public_test_key"])) == published


def test_a_published_checkpoint_of_35_million_entries_opens_under_its_own_origin(vectors):
    published = json.loads((vectors / "notes.json").read_text("utf-8"))["sum_golang_org_35225469"]
    key, whole = parse_vkey(published["vkey"]), published["note"].encode()
    assert open_checkpoint(whole, key, origin="go.sum database tree").checkpoint.size == 35_225_469
    with pytest.raises(NoteError, match=r"of 'go\.sum database tree', and one of 'sum\.golang\.org'"):
        open_checkpoint(whole, key)


def test_the_cosignature_of_the_reference_is_verified(vectors):
    key = parse_witness_vkey("Wit1+9b3fb2d5+BFhZSmQj9+SoL+p/nN0Hh76xXmF7QcHfytUrI1XfSClk")
    blob = b64decode(
        "mz+y1QAAAABlU/EAWWygAvCVuKhO4u4Sce5f/6xOlViZSd4u+wsRmy+nxgowRBje7+du1ccJ6pJsz/XGKWvzqTZcLRQsTkvAg2kOBw=="
    )
    text = parse_note((vectors / "tessera-log" / "checkpoint.3").read_bytes()).text
    assert blob[:4] == key.key_id
    assert key.verify(text, blob[4:])
    assert cosigned_at_s(blob[4:]) == 1_700_000_000


# Laws


@law
@given(checkpoints)
def test_law_a_checkpoint_is_read_back(checkpoint):
    assert parse_checkpoint(format_checkpoint(checkpoint)) == checkpoint


@law
@given(st.binary(max_size=120))
def test_law_whatever_is_given_is_a_checkpoint_or_a_note_error(anything):
    for text in (anything.decode("latin-1"), f"origin\n5\n{b64encode(anything).decode()}\n"):
        with suppress(NoteError):
            assert format_checkpoint(parse_checkpoint(text)) == text


@law
@given(checkpoints, st.integers(0, 2**63 - 1), st.data())
def test_law_a_cosignature_fits_its_checkpoint_and_its_time_and_no_other(checkpoint, at_s, data):
    text = format_checkpoint(checkpoint)
    blob = WitnessKey(WITNESS, at_s).sign(text)
    key = parse_witness_vkey(str(WITNESS.vkey))
    assert key.verify(text, blob)
    assert cosigned_at_s(blob) == at_s
    place = data.draw(st.integers(0, len(blob) - 1))
    assert not key.verify(text, blob[:place] + bytes([blob[place] ^ 1]) + blob[place + 1 :])
    assert not key.verify(text + "more\n", blob)
    assert not key.verify(text, blob[:-1])


# What is a checkpoint


def test_a_checkpoint_says_origin_size_and_root():
    assert format_checkpoint(CHECKPOINT) == f"example.com/log\n3\n{b64encode(ROOT).decode()}\n"


def test_no_entries_have_one_root():
    assert parse_checkpoint(format_checkpoint(Checkpoint("log", 0, EMPTY_ROOT))).root == EMPTY_ROOT
    with pytest.raises(NoteError, match="no entries"):
        format_checkpoint(Checkpoint("log", 0, ROOT))


@pytest.mark.parametrize(
    "text",
    [
        "log\n3\n" + b64encode(ROOT).decode(),
        "log\n3\n",
        "\n3\n" + b64encode(ROOT).decode() + "\n",
        "log\n03\n" + b64encode(ROOT).decode() + "\n",
        "log\n+3\n" + b64encode(ROOT).decode() + "\n",
        "log\n\u0663\n" + b64encode(ROOT).decode() + "\n",
        "log\n9223372036854775808\n" + b64encode(ROOT).decode() + "\n",
        "log\n3\n" + b64encode(ROOT[1:]).decode() + "\n",
        "log\n3\n" + b64encode(ROOT + b"\0").decode() + "\n",
        "log\n3\n" + b64encode(ROOT).decode() + "\n\n",
        "log\n3\n" + b64encode(ROOT).decode() + "\n\nmore\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text):
    with pytest.raises(NoteError):
        parse_checkpoint(text)


@pytest.mark.parametrize(
    "wrong",
    [
        Checkpoint("two\nlines", 3, ROOT),
        Checkpoint("", 3, ROOT),
        Checkpoint("log", -1, ROOT),
        Checkpoint("log", 2**63, ROOT),
        Checkpoint("log", 3, ROOT[:-1]),
        Checkpoint("log", 3, ROOT, ("",)),
    ],
)
def test_what_is_no_checkpoint_is_never_written(wrong):
    with pytest.raises(NoteError):
        format_checkpoint(wrong)


# Who signed it


def test_a_witness_alone_makes_no_checkpoint():
    text = format_checkpoint(CHECKPOINT)
    note = format_note(Note(text, (signature_of(text, WitnessKey(WITNESS, 7)),)))
    with pytest.raises(NoteError, match="no known key signed"):
        open_checkpoint(note, LOG.vkey, witnesses=[parse_witness_vkey(str(WITNESS.vkey))])


def test_a_known_witness_whose_line_does_not_fit_rejects_the_checkpoint():
    text = format_checkpoint(CHECKPOINT)
    stale = WitnessKey(WITNESS, 7).sign(format_checkpoint(CHECKPOINT._replace(size=2)))
    note = format_note(Note(text, (signature_of(text, LOG), Signature(WITNESS.name, WITNESS.key_id, stale))))
    assert open_checkpoint(note, LOG.vkey).checkpoint == CHECKPOINT
    with pytest.raises(NoteError, match=r"signature of witness\.example\+[0-9a-f]{8} does not fit"):
        open_checkpoint(note, LOG.vkey, witnesses=[parse_witness_vkey(str(WITNESS.vkey))])


def test_a_line_of_ml_dsa_44_is_one_of_an_unknown_key():
    text = format_checkpoint(CHECKPOINT)
    lines = (signature_of(text, LOG), Signature("witness.example", b"\6\6\6\6", bytes(8 + 2420)))
    opened = open_checkpoint(format_note(Note(text, lines)), LOG.vkey)
    assert [each.name for each in opened.signatures] == [LOG.name]


def test_keys_of_logs_and_witnesses_are_not_exchanged():
    with pytest.raises(NoteError, match="of kind 0x01, and 0x04 is wanted"):
        parse_witness_vkey(str(LOG.vkey))
    with pytest.raises(NoteError, match="of kind 0x04, and 0x01 is wanted"):
        parse_vkey(str(WITNESS.vkey))
    assert parse_witness_key(WITNESS.written) == WITNESS


def test_a_time_beyond_every_clock_does_not_verify():
    text, key = format_checkpoint(CHECKPOINT), parse_witness_vkey(str(WITNESS.vkey))
    assert not key.verify(text, WitnessKey(WITNESS, 2**63).sign(text))
    with pytest.raises(NoteError, match="begins with its time"):
        cosigned_at_s(b"short")
