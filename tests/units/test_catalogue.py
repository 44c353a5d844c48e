"""What a query names: every macro can be made first, and what nobody asks is not made."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from projections.archive import ArchiveDiffers
from projections.catalogue import definitions, named
from projections.columns import arrow_schema, columns_of
from projections.replica import Replica
from projections.segments import Manifest, Part
from schemas import codec
from schemas.events import EnvelopeFunded
from tests.teller import Teller
from tests.words import PORTFOLIO, fund, opening


@pytest.mark.parametrize("name", sorted(definitions()))
def test_any_of_them_can_be_the_first_that_is_asked(name: str) -> None:
    replica = Replica(PORTFOLIO)
    query = f"select count(*) as made from duckdb_functions() where function_name = '{name}' -- {name}( from {name}"
    table = f"select count(*) as made from duckdb_tables() where table_name = '{name}' -- {name}"
    assert [*replica.ask(query), *replica.ask(table)] in ([{"made": 1}, {"made": 0}], [{"made": 0}, {"made": 1}])


def test_what_one_needs_stands_before_it() -> None:
    needed = named("from spend(as_known := 3)")
    assert needed.index("entry_reversed") < needed.index("money_entries") < needed.index("money_sums")
    assert needed.index("actual_posted_whole") < needed.index("actual_posted") < needed.index("money_entries")
    assert needed[-1] == "spend"
    assert "benefit_planned" not in needed


def test_what_came_before_a_table_was_first_asked_is_in_it_and_what_came_after() -> None:
    teller = Teller()
    for command in (opening(), fund("claims", 100_00), fund("travel", 50_00)):
        teller.say(command, "2026-01-01")
    payloads = [codec.encode(event) for event in teller.events]
    replica = Replica(PORTFOLIO)
    replica.extend(payloads[:-1])
    assert [row["funded_minor"] for row in replica.ask("from spend()")] == [100_00]
    replica.extend(payloads[-1:])
    assert [row["funded_minor"] for row in replica.ask("from spend()")] == [100_00, 50_00]
    assert replica.ask("select count(*) as known from events") == [{"known": len(payloads)}]


def test_a_segment_that_cannot_be_read_is_named_when_it_is_asked(tmp_path: Path) -> None:
    (tmp_path / "0.EnvelopeFunded.parquet").write_bytes(b"no parquet")
    files = {"EnvelopeFunded": "0.EnvelopeFunded.parquet"}
    replica = Replica(PORTFOLIO, [Part(tmp_path, Manifest(1, 256, "", files))])
    with pytest.raises(ArchiveDiffers, match=r"a segment cannot be read: .*0\.EnvelopeFunded\.parquet"):
        replica.ask("from spend()")


def test_it_can_be_asked_again_once_the_segment_can_be_read(tmp_path: Path) -> None:
    file = tmp_path / "0.EnvelopeFunded.parquet"
    file.write_bytes(b"no parquet")
    replica = Replica(PORTFOLIO, [Part(tmp_path, Manifest(1, 256, "", {"EnvelopeFunded": file.name}))])
    for _ in range(2):
        with pytest.raises(ArchiveDiffers, match="a segment cannot be read"):
            replica.ask("from envelope_funded")
        with pytest.raises(ArchiveDiffers, match="a segment cannot be read"):
            replica.ask("from envelope_funded_whole")
    pq.write_table(arrow_schema(columns_of(EnvelopeFunded)).empty_table(), file)
    assert replica.ask("from envelope_funded") == replica.ask("from envelope_funded_whole") == []
