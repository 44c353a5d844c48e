"""What is written about the program is what the program is: names, options, examples, links."""

from __future__ import annotations

import asyncio
import datetime
import re
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import cyclopts
import msgspec
import pytest

from ledger.settings import ENVIRONMENT
from ledger.store import MemoryStore
from ledger.writer import Writer
from projections.views import GROUPINGS, MEASURES, VIEWS
from schemas import publish
from schemas.commands import BY_TYPE
from schemas.envelope import Recorded
from schemas.events import FACTS, Fact
from schemas.receipts import Accepted, Reason, ReasonClass
from tui import verbs_page
from tui.cli import app, main
from tui.recording import completed, opening_command
from tui.verb_names import VERBS

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
PROGRAM = [name for name in app if not name.startswith("-")]
PLAIN = [name for name in PROGRAM if name not in VERBS]
"""Commands that are no verbs: the options of those are told by docs/verbs.md, which is made of them."""
EVERYWHERE = {"--portfolio", "--data", "--actor", "--nats", "--credentials", "--vault", "--json"}


@cache
def text_of(name: str) -> str:
    return (ROOT / name).read_text()


def section(name: str, title: str) -> str:
    """Return what stands under a heading of a document, up to the next of its level."""
    found = re.search(rf"^(#+) {re.escape(title)}$(.*?)(?=^\1 |\Z)", text_of(name), re.MULTILINE | re.DOTALL)
    assert found, f"{name} has no heading {title!r}"
    return found[2]


def row(name: str, start: str) -> str:
    """Return the row of a table that begins with these words."""
    rows = [line for line in text_of(name).splitlines() if re.match(rf"\| `{re.escape(start)}[ `]", line)]
    assert len(rows) == 1, f"{name} has {len(rows)} rows for {start!r}"
    return rows[0]


def apps(command: str) -> list[cyclopts.App]:
    """Return a command, or the commands under it."""
    under = [app[command][name] for name in app[command] if not name.startswith("-")]
    return under or [app[command]]


def options(command: str) -> set[str]:
    """Return the options of a command and of those under it, those that every command has left out."""
    arguments = [argument for each in apps(command) for argument in each.assemble_argument_collection()]
    named = {argument.names[0] for argument in arguments if argument.field_info.is_keyword}
    positional = {argument.names[0] for argument in arguments if argument.field_info.is_positional}
    return {name for name in named - positional if name.startswith("--")} - EVERYWHERE


# The program: README.md.


@pytest.mark.parametrize("command", PROGRAM)
def test_every_command_of_the_program_has_a_row_in_the_readme(command: str) -> None:
    assert row("README.md", f"portfolio {command}")


def test_the_readme_has_no_row_for_a_command_that_is_not_there() -> None:
    assert re.findall(r"^\| `portfolio ([\w-]+)", text_of("README.md"), re.MULTILINE) == PROGRAM


def test_the_readme_and_the_page_of_verbs_are_what_the_verbs_take(capsys: pytest.CaptureFixture[str]) -> None:
    told = section("README.md", "A verb for each decision")
    assert [line for line in told.splitlines() if line.startswith("| `portfolio")] == verbs_page.readme_rows()
    assert (verbs_page.main(["--check"]), capsys.readouterr().out) == (0, "")


@pytest.mark.parametrize("command", PLAIN)
def test_every_option_is_named_in_the_readme(command: str) -> None:
    told = section("README.md", "Commands of the program")
    assert not [option for option in sorted(options(command)) if not re.search(rf"{option}\b", told)]


@pytest.mark.parametrize("command", PLAIN)
def test_every_option_is_named_in_the_row_of_its_command_or_for_all(command: str) -> None:
    told = section("README.md", "Commands of the program")
    shared = "\n".join(line for line in told.splitlines() if not line.startswith("|"))
    told = row("README.md", f"portfolio {command}") + shared
    assert not [option for option in sorted(options(command)) if not re.search(rf"{option}\b", told)]


def test_the_options_of_every_command_are_named_once_for_all() -> None:
    told = section("README.md", "Commands of the program")
    assert not [option for option in EVERYWHERE if f"`{option}" not in told]
    assert set.intersection(
        *(
            {argument.names[0] for argument in each.assemble_argument_collection()}
            for name in PROGRAM
            for each in apps(name)
        )
    ) >= (EVERYWHERE)


def test_every_option_in_the_readme_is_one_of_the_program() -> None:
    known = EVERYWHERE.union(*(options(command) for command in PROGRAM)) | {
        "--currency",
        "--version",
        "--help",
        "--install-completion",
    }
    written = re.findall(r"(?<![\w-])--[a-z][a-z-]+", text_of("README.md").replace("uv run", ""))
    assert set(written) <= known


@pytest.mark.parametrize("setting", ENVIRONMENT)
def test_every_setting_has_a_row_in_the_readme(setting: str) -> None:
    assert row("README.md", setting)


def test_every_exit_code_is_told_in_the_readme() -> None:
    assert "0 done; 1 refused, or the check does not hold; 2 wrong use or malformed input; 3 the world failed" in (
        text_of("README.md")
    )


def test_the_program_says_which_version_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.strip() == tomllib.loads(text_of("pyproject.toml"))["project"]["version"]


# The views: README.md and docs/spec/views.md.


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_is_named_in_the_readme_and_specified(view: str) -> None:
    assert f"`{view}" in row("README.md", "portfolio view")
    assert re.search(rf"^## {view}\b", text_of("docs/spec/views.md"), re.MULTILINE | re.IGNORECASE)


@pytest.mark.parametrize("view", VIEWS)
def test_every_column_of_a_view_is_specified(view: str) -> None:
    told = text_of("docs/spec/views.md")
    assert not [name for name in VIEWS[view].row.__struct_fields__ if name.removesuffix("_minor") not in told]


def test_every_grouping_and_measure_is_told_in_the_readme() -> None:
    told = row("README.md", "portfolio view").replace("\\|", "|")
    assert "|".join(GROUPINGS) in told
    assert "|".join(MEASURES) in told


# Refusals: docs/errors.md.


@pytest.mark.parametrize("reason", Reason, ids=lambda reason: reason.name)
def test_every_reason_has_its_row_under_its_class(reason: Reason) -> None:
    wanted = f"| `{reason.name}` | {reason.meaning} | {'yes' if reason.again else 'no'} |"
    assert wanted in section("docs/errors.md", reason.of_class.value.title()).splitlines()


def test_reasons_stand_in_the_order_of_the_code_and_no_other_is_told() -> None:
    told = re.findall(r"^\| `([A-Z_]+)`", text_of("docs/errors.md"), re.MULTILINE)
    assert told == [reason.name for reason in Reason]
    assert {reason.of_class for reason in Reason} | {ReasonClass.GOVERNANCE} == set(ReasonClass)


# Events and commands: docs/events.md.


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.TYPE)
def test_every_event_is_told_with_its_fields_and_its_command(fact: type[Fact]) -> None:
    told = section("docs/events.md", fact.TYPE)
    (data,) = re.findall(r"^Data: (.*)\.$", told, re.MULTILINE)
    fields = msgspec.structs.fields(fact)
    wanted = [f"`{field.encode_name}`" + ("" if field.required else "?") for field in fields]
    assert data.split(", ") == wanted
    (command,) = (name for name, command in BY_TYPE.items() if command.FACT is fact)
    assert f"Command: `{command}`. {(BY_TYPE[command].__doc__ or '').strip().partition(chr(10))[0]}" in told
    assert (fact.__doc__ or "").strip().partition("\n")[0] in told


def test_no_event_is_told_that_is_not_there() -> None:
    told = re.findall(r"^## (\w+\.v\d+)$", text_of("docs/events.md"), re.MULTILINE)
    assert told == [fact.TYPE for fact in FACTS]


@pytest.mark.parametrize("attribute", ["type", *(field.encode_name for field in msgspec.structs.fields(Recorded))])
def test_every_attribute_of_the_envelope_is_told(attribute: str) -> None:
    table = [line for line in text_of("docs/events.md").splitlines() if line.startswith("| `")]
    assert attribute == "specversion" or [line for line in table if f"`{attribute}`" in line.split("|")[1]]


def test_every_field_of_a_command_is_told() -> None:
    told = text_of("docs/events.md")
    for command in BY_TYPE.values():
        assert not [name for name in command.model_fields if not re.search(rf'["`]{name}["`]', told)]


def test_every_value_of_a_nested_shape_can_be_looked_up_in_a_schema_the_docs_lead_to() -> None:
    assert "](../schemas/json/)" in text_of("docs/events.md")
    assert all((publish.FOLDER / path).is_file() for path in publish.documents())


# Examples.


def examples() -> list[bytes]:
    """Return the commands of the README."""
    (block,) = re.findall(r"^```json\n(.*?)^```", text_of("README.md"), re.MULTILINE | re.DOTALL)
    return [line.encode() for line in block.splitlines()]


def test_the_commands_of_the_readme_are_accepted_after_portfolio_init() -> None:
    origin = re.search(r"\*origin\*, such as `([\w-]+)`", text_of("README.md"))
    assert origin
    day = datetime.date(2026, 1, 2)
    opening = opening_command("ai-2026", origin[1], "ana", title="ai-2026", currency="USD", day=day)
    lines = [completed(line, {"portfolio": origin[1], "actor": "ana"}) for line in examples()]

    async def sent() -> list[object]:
        writer = Writer("ai-2026", MemoryStore())
        first = await writer.submit_all([opening, *lines])
        assert await writer.submit_all(lines) == first[1:]
        return [*first, *[writer.book.total("approved", "claims", "AI-0001")]]

    *receipts, approved = asyncio.run(sent())
    assert len(receipts) == 4
    assert all(isinstance(receipt, Accepted) for receipt in receipts), receipts
    assert approved == 20_000_000


def test_every_program_call_in_a_document_is_a_command_with_its_options() -> None:
    for document in DOCUMENTS:
        for call in re.findall(r"^    (?:.*uv run )?portfolio (.*)$", document.read_text(), re.MULTILINE):
            command, *words = call.partition("#")[0].split()
            assert command in PROGRAM, f"{document.name}: {call}"
            known = options(command) | EVERYWHERE | {"--currency", "--between"}
            assert not [word for word in words if word.startswith("--") and word not in known], (
                f"{document.name}: {call}"
            )


# Links and files.


def files() -> set[str]:
    """Return every file of the project."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if listed.returncode == 0:
        return {name for name in listed.stdout.splitlines() if (ROOT / name).exists()}
    skipped = (".venv", ".git", "__pycache__")
    return {str(path.relative_to(ROOT)) for path in ROOT.rglob("*") if not {*path.parts} & {*skipped}}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_to_a_file_and_its_heading(document: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", document.read_text()):
        if "://" in link or link.startswith("mailto:"):
            continue
        target, _, anchor = link.partition("#")
        path = (document.parent / target).resolve() if target else document
        assert path.exists(), f"{link} leads nowhere"
        if anchor:
            headings = re.findall(r"^#+ (.*)$", path.read_text(), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", each).strip().lower().replace(" ", "-") for each in headings}


NOT_OURS = {
    "it_budget_lines.csv": "the city publishes it",
    "it_commitments.csv": "the city publishes it",
    "alignment.csv": "the reader writes it",
    "objectives.csv": "the reader writes it",
    "commands.ndjson": "the reader writes it",
    "avatar.ndjson": "the reader writes it",
    "site.json": "portfolio provision writes it",
} | dict.fromkeys(
    ("heads.json", "keys.json", "disclosures.json", "sample.json", "report.md", "report.csv"), "is in an evidence pack"
)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_document_names_a_file_that_is_not_there(document: Path) -> None:
    known = files()
    names = {Path(each).name for each in known}
    modules = {each.removesuffix(".py").replace("/", ".") for each in known if each.endswith(".py")}
    for word in re.findall(r"`([^`\n]+)`", document.read_text()) + re.findall(
        r"[\w./-]+\.(?:ndjson|csv)\b", document.read_text()
    ):
        if word in NOT_OURS or " " in word or "<" in word:
            continue
        if re.fullmatch(r"[\w./-]+\.(?:py|md|sql|toml|ya?ml|csv|ndjson|json|lock)", word):
            assert word in known or word in names, f"{word} is no file"
        elif re.fullmatch(r"\.?[a-z][\w-]*(?:/[\w-]+)*/", word):
            assert any(each.startswith(word) for each in known), f"{word} is no directory"
        elif re.fullmatch(r"(?:schemas|ledger|projections|tui|bench|tests)(?:\.\w+)+", word):
            prefix = word.rpartition(".")[0]
            assert word in modules or prefix in modules, f"{word} is no module"


def test_every_decision_stands_under_its_number() -> None:
    paths = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    for path in paths:
        assert path.read_text().startswith(f"# {int(path.name[:4])}. "), path.name
    assert len({path.name[:5] for path in paths}) == len(paths)


# Libraries: docs/decisions/0001-libraries.md.


def packages(group: str) -> list[str]:
    told = tomllib.loads(text_of("pyproject.toml"))
    listed = told["project"]["dependencies"] if group == "needed" else told["dependency-groups"]["dev"]
    return [re.split(r"[\[<>=~! ]", each)[0] for each in listed]


LIBRARIES = "docs/decisions/0001-libraries.md"


@pytest.mark.parametrize("package", packages("needed"))
def test_every_library_has_a_row_with_its_licence_and_why(package: str) -> None:
    rows = [line for line in text_of(LIBRARIES).splitlines() if line.startswith("|")]
    (told,) = (line for line in rows if package in re.split(r"[|, ]+", line.split("|")[1]))
    assert all(cell.strip() for cell in told.split("|")[1:-1])


@pytest.mark.parametrize("package", packages("tests"))
def test_every_tool_of_the_tests_is_named(package: str) -> None:
    assert package in re.split(r"[\s,.()]+", text_of(LIBRARIES)[text_of(LIBRARIES).index("For tests only") :])
