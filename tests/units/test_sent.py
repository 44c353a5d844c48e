"""What is sent to the service, taken apart and put together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.sent import Sent, joined, split

SIGNED = "— ana+0badcafe AAAA\n— bo+0badf00d BBBB\n".encode()


@pytest.mark.parametrize(
    ("payload", "sent"),
    [
        (b'{"a":1}', Sent(b'{"a":1}', b"")),
        (b'{"a":1}\n', Sent(b'{"a":1}', b"")),
        (b'{"a":1}\n\n' + SIGNED, Sent(b'{"a":1}', SIGNED)),
        (b"", Sent(b"", b"")),
        (b"\n\n", Sent(b"", b"")),
        (b"a\nb", Sent(b"a\nb", b"")),
        (b"a\n\nb\n\nc", Sent(b"a", b"b\n\nc")),
    ],
)
def test_a_line_and_the_signatures_over_it_are_told_apart(payload: bytes, sent: Sent) -> None:
    assert split(payload) == sent


@given(st.binary().filter(lambda line: b"\n" not in line), st.binary())
def test_law_what_is_joined_comes_apart_again(line: bytes, signatures: bytes) -> None:
    assert split(joined(line, signatures)) == Sent(line, signatures)
