"""A policy counts keys, not names, and asks what its file says; a proof file ties an entry to what it believes."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.notary.checkpoint import Checkpoint, format_checkpoint, sign_checkpoint
from ledger.notary.cosignature import WitnessKey, witness_key
from ledger.notary.note import NoteError, format_signatures, signature_of, signer_key
from ledger.notary.policy import FUTURE_TOLERANCE_S, PolicyError, format_policy, judge, parse_policy
from ledger.notary.proof_file import TlogProof, format_proof, parse_proof, verify_proof
from ledger.notary.tlog import inclusion_proof, leaf_hash, tree_root

law = settings(deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])

LOG, OTHER_LOG = signer_key("log", bytes(32)), signer_key("log", bytes(31) + b"\1")
WITNESSES = {name: witness_key(f"{name}.example", bytes([place]) * 32) for place, name in enumerate("abcde", start=1)}
ENTRIES = [b"entry %d" % number for number in range(5)]
LEAVES = [leaf_hash(entry) for entry in ENTRIES]
CHECKPOINT = Checkpoint("log", 5, tree_root(LEAVES))
TEXT = format_checkpoint(CHECKPOINT)
NOW_S = 1_800_000_000

TWO_LEVELS = ["group x 2 a b c", "group y any d e", "group both all x y", "quorum both"]


# The quorum


@pytest.mark.parametrize(
    ("signed", "met"),
    [("abd", True), ("ace", True), ("abcde", True), ("abc", False), ("ad", False), ("de", False), ("", False)],
)
def test_the_example_of_the_specification_asks_for_two_of_three_and_one_of_two(signed, met):
    judged = judge(policy(*TWO_LEVELS), cosigned(*signed), now_s=NOW_S)
    assert (judged.witnessed, judged.holds) == (met, met)
    assert judged.lacking == tuple(name for name in "abcde" if name not in signed)


def test_a_quorum_may_be_one_witness():
    assert judge(policy("quorum c"), cosigned("c"), now_s=NOW_S).witnessed
    assert not judge(policy("quorum c"), cosigned("a"), now_s=NOW_S).holds


def test_a_quorum_of_none_holds_and_is_not_called_witnessed():
    judged = judge(policy("quorum none"), cosigned("a"), now_s=NOW_S)
    assert judged.holds
    assert not judged.witnessed


def test_the_quorum_is_complete_when_its_last_needed_member_signed():
    times = {"a": 50, "b": 20, "c": 30, "d": 10, "e": 60}
    asked = policy(*TWO_LEVELS)
    assert asked.quorum_at_s(times) == 30  # b, then d, then c
    assert asked.quorum_at_s({"a": 50, "d": 10}) is None


def test_a_cosignature_ages():
    note = cosigned("a", at_s=NOW_S - 100)
    assert judge(policy("quorum a"), note, now_s=NOW_S, max_age_s=100).holds
    judged = judge(policy("quorum a"), note, now_s=NOW_S, max_age_s=99)
    assert not judged.holds
    assert [(each.witness, each.at_s, each.fresh) for each in judged.cosigned] == [("a", NOW_S - 100, False)]


def test_a_cosignature_from_the_future_does_not_count_and_hides_none():
    soon, late = NOW_S + FUTURE_TOLERANCE_S, NOW_S + FUTURE_TOLERANCE_S + 1
    assert judge(policy("quorum a"), cosigned("a", at_s=soon), now_s=NOW_S).holds
    assert not judge(policy("quorum a"), cosigned("a", at_s=late), now_s=NOW_S).holds
    both = cosigned("a", at_s=late) + line("a", NOW_S)
    assert judge(policy("quorum a"), both, now_s=NOW_S).quorum_at_s == NOW_S


def test_of_several_lines_of_one_witness_the_newest_counts_once():
    note = cosigned("a", at_s=NOW_S - 100) + line("a", NOW_S - 50)
    judged = judge(policy("group two 2 a b", "quorum two"), note, now_s=NOW_S, max_age_s=60)
    assert [each.at_s for each in judged.cosigned] == [NOW_S - 50]
    assert not judged.holds


def test_a_witness_that_is_not_in_the_policy_counts_for_nothing():
    stranger = WitnessKey(witness_key("a.example", bytes(32)), NOW_S)
    note = sign_checkpoint(CHECKPOINT, LOG, stranger)
    assert not judge(policy("quorum a"), note, now_s=NOW_S).holds


# The log


def test_a_checkpoint_of_a_log_that_is_not_believed_is_refused():
    with pytest.raises(NoteError, match="no known key signed"):
        judge(policy("quorum none"), sign_checkpoint(CHECKPOINT, OTHER_LOG), now_s=NOW_S)
    elsewhere = sign_checkpoint(CHECKPOINT._replace(origin="elsewhere"), LOG)
    with pytest.raises(NoteError, match="'elsewhere', which is no log of the policy; it believes 'log'"):
        judge(policy("quorum none"), elsewhere, now_s=NOW_S)


def test_a_log_may_have_two_keys():
    believed = parse_policy(f"log {LOG.vkey}\nlog {OTHER_LOG.vkey}\nquorum none\n".encode())
    for key in (LOG, OTHER_LOG):
        assert judge(believed, sign_checkpoint(CHECKPOINT, key), now_s=NOW_S).checkpoint == CHECKPOINT


# The file


def test_comments_tabs_and_empty_lines_say_nothing():
    plain = policy(*TWO_LEVELS)
    busy = "\t# who\n\n" + format_policy(plain).decode().replace("\n", " \t\n").replace(" ", "\t ")
    assert parse_policy(busy.encode()) == plain


@law
@given(st.permutations("abcde"), st.integers(1, 3), st.integers(1, 2), st.sampled_from(["x", "y", "both", "none"]))
def test_law_a_policy_is_read_back(order, of_three, of_two, quorum):
    members = " ".join(order[:3]), " ".join(order[3:])
    made = policy(
        f"group x {of_three} {members[0]}", f"group y {of_two} {members[1]}", "group both any x y", f"quorum {quorum}"
    )
    assert parse_policy(format_policy(made)) == made


@law
@given(st.binary(max_size=100))
def test_law_whatever_is_given_is_a_policy_or_a_policy_error(anything):
    for written in (anything, b"quorum none\n" + anything, b"witness " + anything + b"\nquorum none"):
        try:
            made = parse_policy(written)
        except PolicyError:
            continue
        assert parse_policy(format_policy(made)) == made


def test_names_are_bytes():
    kelvin = parse_policy(
        f"witness \u212a {WITNESSES['a'].vkey}\nwitness K {WITNESSES['b'].vkey}\nquorum \u212a".encode()
    )
    assert kelvin.quorum == "\u212a"
    latin = b"witness caf\xe9 " + str(WITNESSES["a"].vkey).encode() + b"\nquorum caf\xe9\n"
    assert format_policy(parse_policy(latin)) == latin


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (["group g all a"], "no quorum line"),
        (["quorum none", "quorum none"], "a second quorum"),
        (["quorum z"], "no line before this one makes 'z'"),
        (["group g all none", "quorum g"], "no line before this one makes 'none'"),
        (["group g all g", "quorum g"], "no line before this one makes 'g'"),
        (["group g all a a", "quorum g"], "'a' is a member twice"),
        (["group g all a b", "group h any b c", "quorum h"], "'b' is a member twice"),
        (["group g 3 a b", "quorum g"], "asks for '3' of 2"),
        (["group g 0 a b", "quorum g"], "asks for '0' of 2"),
        (["group g some a b", "quorum g"], "asks for 'some' of 2"),
        (["group g all", "quorum a"], "not understood"),
        (["group a all b", "quorum a"], "the name 'a' is taken"),
        (["group none all b", "quorum a"], "the name 'none' is taken"),
        (["witness z nonsense", "quorum z"], "not a key"),
        ([f"witness z {LOG.vkey}", "quorum z"], "of kind 0x01, and 0x04 is wanted"),
        ([f"log {WITNESSES['a'].vkey}", "quorum a"], "of kind 0x04, and 0x01 is wanted"),
        ([f"log {LOG.vkey}", "quorum a"], "named twice"),
        ([f"witness z {witness_key('z', bytes([1]) * 32).vkey}", "quorum z"], "named twice"),
        ([f"witness z {witness_key('z', bytes(32)).vkey}", "quorum z"], "a log is no witness of itself"),
        (["quorum a b"], "not understood"),
        (["quota a"], "not understood"),
        (["quorum a\r"], "no control characters"),
    ],
)
def test_what_is_no_policy_says_why_and_where(lines, why):
    with pytest.raises(PolicyError, match=why):
        policy(*lines)


# The proof of one entry


def test_an_entry_is_shown_to_be_in_the_log():
    for number, entry in enumerate(ENTRIES):
        proof = parse_proof(format_proof(proof_of(number)))
        assert verify_proof(proof, entry, policy("quorum none"), now_s=NOW_S).holds
        assert not verify_proof(proof, entry + b"!", policy("quorum none"), now_s=NOW_S).included
        shown = verify_proof(proof, entry, policy("quorum a"), now_s=NOW_S)
        assert (shown.included, shown.holds) == (True, False)


@law
@given(st.integers(0, 4), st.none() | st.binary(max_size=20))
def test_law_a_proof_is_read_back(number, extra):
    proof = proof_of(number)._replace(extra=extra)
    assert parse_proof(format_proof(proof)) == proof


@law
@given(st.integers(0, 4), st.data())
def test_law_a_flipped_bit_in_a_proof_fails(number, data):
    whole = format_proof(proof_of(number))
    place = data.draw(st.integers(0, len(whole) - 1))
    changed = whole[:place] + bytes([whole[place] ^ 1 << data.draw(st.integers(0, 7))]) + whole[place + 1 :]
    try:
        holds = verify_proof(parse_proof(changed), ENTRIES[number], policy("quorum none"), now_s=NOW_S).holds
    except NoteError:
        holds = False
    assert not holds


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("@v1", "@v2", "begins with"),
        ("index 0", "index 00", "decimal number"),
        ("index 0", "index -0", "decimal number"),
        ("index 0\n", "", "does not say its index"),
        ("index 0", "index 0\nextra AAAA", "not base64"),
        ("index 0", "extra AAAB=\nindex 0", "not the base64 it would be"),
        ("index 0\n", "index 0\nAAAA\n", "of 32 bytes each"),
        ("index 0\n", "index 0\n" + ("A" * 43 + "=\n") * 65, "at most 64 hashes"),
        ("index 0", "index 0\n\u00e9", "ASCII"),
    ],
)
def test_what_is_no_proof_says_why(old, new, why):
    written = format_proof(proof_of(0)).decode()
    assert old in written
    with pytest.raises(NoteError, match=why):
        parse_proof(written.replace(old, new, 1).encode())


# Helpers


def policy(*lines):
    made = [f"log {LOG.vkey} https://log.example/", *(f"witness {name} {key.vkey}" for name, key in WITNESSES.items())]
    return parse_policy("\n".join([*made, *lines]).encode())


def cosigned(*names, at_s=NOW_S):
    return sign_checkpoint(CHECKPOINT, LOG, *(WitnessKey(WITNESSES[name], at_s) for name in names))


def line(name, at_s):
    return format_signatures([signature_of(TEXT, WitnessKey(WITNESSES[name], at_s))]).encode()


def proof_of(number):
    def hashes(nodes):
        return [tree_root(LEAVES[index << level : index + 1 << level]) for level, index in nodes]

    return TlogProof(number, tuple(inclusion_proof(number, len(ENTRIES), hashes)), cosigned())
