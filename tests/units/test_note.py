"""Signed notes are read and written as C2SP, Go and two published logs do it; whatever was changed is refused."""

import json
from base64 import b64encode
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.notary.note import (
    MAX_SIGNATURES,
    Note,
    NoteError,
    Signature,
    SignerKey,
    Vkey,
    check_name,
    format_note,
    parse_note,
    parse_signer_key,
    parse_vkey,
    sign_note,
    signature_of,
    signer_key,
    verified,
)

law = settings(deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])

ANA, BOB = signer_key("ana", bytes(range(32))), signer_key("bob.example/keys", bytes(32))
TEXT = "from ana\nto bob\n"

names = st.text(st.characters(exclude_characters="+", exclude_categories=["C", "Z"]), min_size=1, max_size=20).filter(
    lambda name: not any(map(str.isspace, name))
)
lines = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=30)
texts = st.lists(lines, min_size=1, max_size=6).map(lambda each: "".join(f"{line}\n" for line in each))
seeds = st.binary(min_size=32, max_size=32)
signers = st.builds(signer_key, names, seeds)


# Somebody else's answers


@pytest.fixture(scope="module")
def notes(vectors):
    return json.loads((vectors / "notes.json").read_text("utf-8"))


@pytest.mark.parametrize("which", ["c2sp_signed_note_example", "sum_golang_org_35225469"])
def test_published_notes_verify_and_are_written_as_they_stand(notes, which):
    key, whole = parse_vkey(notes[which]["vkey"]), notes[which]["note"].encode()
    note = parse_note(whole)
    assert [signature.name for signature in verified(note, [key])] == [key.name]
    assert format_note(note) == whole
    assert str(key) == notes[which]["vkey"]


def test_the_note_of_the_specification_keeps_its_text(notes):
    assert parse_note(notes["c2sp_signed_note_example"]["note"].encode()).text == "This is an example message.\n"


def test_gos_signer_key_has_the_verifier_key_that_was_published_with_it(notes):
    published = notes["tessera_testdata_key"]
    key = parse_signer_key(published["skey_public_test_key"])
    assert str(key.vkey) == published["vkey"]
    assert key.written == published["skey_public_test_key"]


def test_every_byte_of_a_published_note_counts(notes):
    key, whole = parse_vkey(notes["c2sp_signed_note_example"]["vkey"]), notes["c2sp_signed_note_example"]["note"]
    for place in range(len(whole.encode())):
        assert not holds(flipped(whole.encode(), place, 1), key), f"byte {place} may change"


# Laws


@law
@given(texts, st.lists(signers, min_size=1, max_size=4, unique_by=lambda key: (key.name, key.key_id)))
def test_law_what_is_signed_is_read_back_and_verifies(text, keys):
    whole = sign_note(text, *keys)
    note = parse_note(whole)
    assert note.text == text
    assert format_note(note) == whole
    assert verified(note, [key.vkey for key in keys]) == note.signatures


@law
@given(signers)
def test_law_keys_are_read_back(key):
    assert parse_signer_key(key.written) == key
    assert parse_vkey(str(key.vkey)) == key.vkey


@law
@given(texts, signers, st.data())
def test_law_a_flipped_bit_anywhere_fails(text, key, data):
    whole = sign_note(text, key)
    place = data.draw(st.integers(0, len(whole) - 1))
    assert not holds(flipped(whole, place, 1 << data.draw(st.integers(0, 7))), key.vkey)


@law
@given(st.binary(max_size=200))
def test_law_whatever_is_given_is_a_note_or_a_note_error(anything):
    for whole in (anything, b"text\n\n" + anything, "text\n\n— ana ".encode() + b64encode(anything) + b"\n"):
        with suppress(NoteError):
            assert format_note(parse_note(whole)) == whole


@law
@given(st.text(max_size=80))
def test_law_whatever_is_given_is_a_key_or_a_note_error(anything):
    for read in (parse_vkey, parse_signer_key):
        for written in (anything, "PRIVATE+KEY+" + anything):
            with pytest.raises(NoteError):
                read(written)


# Whose signature counts


def test_unknown_keys_are_ignored():
    assert verified(parse_note(sign_note(TEXT, ANA, BOB)), [BOB.vkey]) == (signature_of(TEXT, BOB),)


def test_a_key_that_shares_only_name_or_id_with_a_known_one_is_unknown():
    other = signer_key("ana", bytes(31) + b"\1")
    assert other.key_id != ANA.key_id
    note = parse_note(sign_note(TEXT, BOB, other))
    assert verified(note, [ANA.vkey, BOB.vkey]) == (signature_of(TEXT, BOB),)
    renamed = Note(TEXT, (Signature("eve", ANA.key_id, bytes(64)), signature_of(TEXT, BOB)))
    assert verified(renamed, [ANA.vkey, BOB.vkey]) == (signature_of(TEXT, BOB),)


def test_a_known_key_with_a_bad_signature_rejects_the_note_whoever_else_signed():
    forged = Signature("ana", ANA.key_id, signature_of("another text\n", ANA).blob)
    for order in ((forged, signature_of(TEXT, BOB)), (signature_of(TEXT, BOB), forged)):
        with pytest.raises(NoteError, match=r"signature of ana\+[0-9a-f]{8} does not fit the text"):
            verified(Note(TEXT, order), [ANA.vkey, BOB.vkey])


def test_a_note_nobody_known_has_signed_says_who_did():
    with pytest.raises(NoteError, match=rf"no known key signed: signed by ana\+{ANA.key_id.hex()}; known: bob"):
        verified(parse_note(sign_note(TEXT, ANA)), [BOB.vkey])


def test_a_key_of_another_kind_does_not_verify_a_text():
    cosigner = Vkey("ana", 0x04, ANA.vkey.public)
    assert cosigner.key_id != ANA.key_id
    assert not cosigner.verify(TEXT, ANA.sign(TEXT))
    with pytest.raises(ValueError, match="does not sign texts"):
        SignerKey("ana", 0x04, bytes(32)).sign(TEXT)


# What is a note


def test_a_text_may_hold_what_only_python_takes_for_the_end_of_a_line():
    text = "one\u2028two\u0085three\u2029\n"
    assert parse_note(sign_note(text, ANA)).text == text


def test_the_last_empty_line_ends_the_text_which_is_read_but_never_written():
    text = "one\n\ntwo\n"
    note = Note(text, (signature_of(text, ANA),))
    assert parse_note(format_note(note)) == note
    for refused in (text, "\none\n"):
        with pytest.raises(NoteError, match="no empty line"):
            sign_note(refused, ANA)


def test_a_hundred_signatures_are_read_and_no_more():
    many = tuple(Signature(f"key-{number}", bytes(4), b"x") for number in range(MAX_SIGNATURES))
    assert parse_note(format_note(Note(TEXT, many))).signatures == many
    with pytest.raises(NoteError, match="at most 100 signatures, this one 101"):
        parse_note(format_note(Note(TEXT, (*many, many[0]))))


@pytest.mark.parametrize(
    ("whole", "why"),
    [
        ("", "no empty line"),
        ("text\n", "no empty line"),
        ("text\n\n", "nobody signed"),
        ("text\n\n— ana AAAAAAA=", "last line does not end"),
        ("text\n\n- ana AAAAAAA=\n", "not a signature line"),
        ("text\n\n—ana AAAAAAA=\n", "not a signature line"),
        ("text\n\n— ana\n", "not a signature line"),
        ("text\n\n— a+na AAAAAAA=\n", "not the name of a key"),
        ("text\n\n—  AAAAAAA=\n", "not the name of a key"),
        ("text\n\n— a\u2003na AAAAAAA=\n", "not the name of a key"),
        ("text\n\n— ana AAAAAA==\n", "too few"),
        ("text\n\n— ana AAAAAAA\n", "not base64"),
        ("text\n\n— ana AAAAAAB=\n", "not the base64 it would be written as"),
        ("text\n\n— ana AAAA AAA=\n", "not base64"),
        ("te\txt\n\n— ana AAAAAAA=\n", "control character"),
        ("text\r\n\n— ana AAAAAAA=\n", "control character"),
        ("x" * 1_000_000 + "\n\n— ana AAAAAAA=\n", "at most 1,000,000 bytes"),
    ],
)
def test_what_is_no_note_says_why(whole, why):
    with pytest.raises(NoteError, match=why):
        parse_note(whole.encode())


def test_a_note_is_utf_8():
    with pytest.raises(NoteError, match="byte 1 is not UTF-8"):
        parse_note(b"t\xff\n\n")


@pytest.mark.parametrize("text", ["", "one", "one\ttwo\n", "one\r\n"])
def test_what_cannot_be_signed_says_why(text):
    with pytest.raises(NoteError, match="a text to be signed"):
        sign_note(text, ANA)


# What is a key


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("", "written as"),
        ("ana", "written as"),
        ("ana+530d903a", "written as"),
        (str(ANA.vkey).replace("ana", "eve"), "does not have the id it says"),
        (str(ANA.vkey).replace(ANA.key_id.hex(), ANA.key_id.hex().upper()), "does not have the id it says"),
        ("ana+00000000+????", "not base64"),
        ("ana+00000000+", "of kind 0x, and 0x01"),
        ("ana+00000000+BAAA", "of kind 0x04, and 0x01"),
        ("ana+00000000+AQAA", "has 2 bytes, not 32"),
    ],
)
def test_what_is_no_key_says_why(written, why):
    with pytest.raises(NoteError, match=why):
        parse_vkey(written)


def test_a_signer_key_does_not_tell_its_secret():
    secret = ANA.written.rpartition("+")[2]
    assert secret not in f"{ANA} {ANA!r} {[ANA]}"
    for broken in (ANA.written.replace("ana", "eve"), ANA.written + "A", "PRIVATE+KEY+" + secret):
        with pytest.raises(NoteError) as raised:
            parse_signer_key(broken)
        assert secret[:8] not in str(raised.value)
    with pytest.raises(NoteError, match="does not begin with PRIVATE"):
        parse_signer_key(str(ANA.vkey))


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\nb"])
def test_a_name_of_a_key_has_no_space_and_no_plus(name):
    with pytest.raises(NoteError, match="not the name of a key"):
        check_name(name)


def test_keys_of_small_order_are_refused_all_of_them():
    weak = small_order_points()
    assert len(weak) == 8
    written = [point | sign for point in weak for sign in (0, 1 << 255)]
    # The same points again, with y written one field prime higher.
    written += [y + PRIME | sign for y in (0, 1) for sign in (0, 1 << 255)]
    for number in written:
        with pytest.raises(NoteError, match="weak"):
            parse_vkey(str(Vkey("weak", 1, number.to_bytes(32, "little"))))


# Helpers

PRIME = 2**255 - 19
D = -121665 * pow(121666, -1, PRIME) % PRIME


def holds(whole, key):
    try:
        return bool(verified(parse_note(whole), [key]))
    except NoteError:
        return False


def flipped(whole, place, bit):
    return whole[:place] + bytes([whole[place] ^ bit]) + whole[place + 1 :]


def small_order_points():
    """Return the encodings of the points of edwards25519 whose order divides 8, from the curve's equation."""
    found, y = set(), 2
    while len(found) < 8:
        y += 1
        if (point := point_of(y)) is None:
            continue
        # A prime order times any point leaves a point of small order, and some point leaves one of order 8.
        torsion = times(2**252 + 27742317777372353535851937790883648493, point)
        each = [times(factor, torsion) for factor in range(8)]
        found = {py | (px & 1) << 255 for px, py in each}
    return found


def point_of(y):
    x_squared = (y * y - 1) * pow(D * y * y + 1, -1, PRIME) % PRIME
    x = pow(x_squared, (PRIME + 3) // 8, PRIME)
    if x * x % PRIME != x_squared:
        x = x * pow(2, (PRIME - 1) // 4, PRIME) % PRIME
    return (x, y) if x * x % PRIME == x_squared else None


def times(factor, point):
    found = (0, 1)
    for bit in bin(factor)[2:]:
        found = plus(found, found)
        if bit == "1":
            found = plus(found, point)
    return found


def plus(one, other):
    (x1, y1), (x2, y2) = one, other
    both = D * x1 * x2 * y1 * y2 % PRIME
    x = (x1 * y2 + x2 * y1) * pow(1 + both, -1, PRIME) % PRIME
    return x, (y1 * y2 + x1 * x2) * pow(1 - both, -1, PRIME) % PRIME
