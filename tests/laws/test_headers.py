"""Headers are read as nats-py reads them, only faster."""

from hypothesis import example, given, settings
from hypothesis import strategies as st
from nats.aio.client import Client

from ledger.connection import Connection

parts = st.sampled_from([b"Batch-Id", b"a b", b"\xff", b" ", b"\t", b":", b"\r\n", b"\r", b"\n", b"\x1c", b"\xc2\xa0"])


@settings(deadline=None, max_examples=500)
@given(st.lists(parts | st.binary(max_size=3), max_size=30).map(b"".join))
@example(b"content-type: application/json\r\nNats-Batch-Id:\t5f\r\n\r\n")
def test_law_whatever_comes_is_read_as_nats_py_reads_it(raw: bytes) -> None:
    assert Connection._parse_header_lines(raw) == Client._parse_header_lines(raw)
