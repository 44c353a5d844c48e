"""XES (IEEE 1849-2016): one trace a case, an initiative or a decision, its events in the order they are told in.

    <log xes.version="1849-2016" ...><trace><string key="concept:name" value="AI-0042"/>
      <event><string key="concept:name" value="FundingApproved"/><date key="time:timestamp" value="..."/>...</event>

Every event is complete when it is recorded, so `lifecycle:transition` is always complete. `cost:total` is the amount in
major units, since the standard has a number there and nothing else; the integer beside it, `amount_minor`, is the true
one. An event that concerns several cases stands in each of their traces.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal
from xml.sax.saxutils import quoteattr

from projections.exporters.pack_report import major
from projections.exporters.process import Step, instant
from schemas.values import Money

Case = Literal["initiative", "decision"]

EXTENSIONS = (
    ("Concept", "concept", "http://www.xes-standard.org/concept.xesext"),
    ("Lifecycle", "lifecycle", "http://www.xes-standard.org/lifecycle.xesext"),
    ("Organizational", "org", "http://www.xes-standard.org/org.xesext"),
    ("Time", "time", "http://www.xes-standard.org/time.xesext"),
    ("Cost", "cost", "http://www.xes-standard.org/cost.xesext"),
    ("ID", "identity", "http://www.xes-standard.org/identity.xesext"),
)


class Xes:
    """A log of traces as it fills."""

    def __init__(self, portfolio: str, case: Case) -> None:
        self._portfolio, self._case = portfolio, case
        self._traces: dict[str, list[Step]] = {}

    def take(self, step: Step) -> None:
        """Take the event that follows."""
        cases = {each.object for each in step.related if each.object.startswith(f"{self._case}/")}
        for name in sorted(cases):
            self._traces.setdefault(name.partition("/")[2], []).append(step)

    @property
    def trace_count(self) -> int:
        """How many cases there are."""
        return len(self._traces)

    def lines(self) -> Iterator[str]:
        """Yield the lines of the file."""
        yield '<?xml version="1.0" encoding="UTF-8"?>'
        yield '<log xes.version="1849-2016" xes.features="" xmlns="http://www.xes-standard.org/">'
        for name, prefix, uri in EXTENSIONS:
            yield f'  <extension name="{name}" prefix="{prefix}" uri="{uri}"/>'
        yield '  <global scope="trace">'
        yield '    <string key="concept:name" value="none"/>'
        yield "  </global>"
        yield '  <global scope="event">'
        yield '    <string key="concept:name" value="none"/>'
        yield '    <date key="time:timestamp" value="1970-01-01T00:00:00.000000Z"/>'
        yield '    <string key="lifecycle:transition" value="complete"/>'
        yield '    <string key="org:resource" value="none"/>'
        yield "  </global>"
        yield '  <classifier name="Activity" keys="concept:name"/>'
        yield '  <classifier name="Activity and resource" keys="concept:name org:resource"/>'
        yield f"  {_attribute('string', 'concept:name', self._portfolio)}"
        for name in sorted(self._traces):
            yield "  <trace>"
            yield f"    {_attribute('string', 'concept:name', name)}"
            for step in sorted(self._traces[name], key=lambda each: each.at):
                yield "    <event>"
                for line in _event(step):
                    yield f"      {line}"
                yield "    </event>"
            yield "  </trace>"
        yield "</log>"


def _event(step: Step) -> Iterator[str]:
    told = step.attributes
    yield _attribute("string", "concept:name", step.type)
    yield _attribute("string", "lifecycle:transition", "complete")
    yield _attribute("date", "time:timestamp", instant(step.at))
    yield _attribute("string", "org:resource", str(told["actor"]))
    yield _attribute("id", "identity:id", step.id)
    minor, currency = told.get("amount_minor"), told.get("currency")
    if isinstance(minor, int) and isinstance(currency, str):
        yield _attribute("float", "cost:total", major(Money(minor=minor, currency=currency)))
        yield _attribute("string", "cost:currency", currency)
        yield _attribute("int", "amount_minor", str(minor))
    yield _attribute("int", "sequence", str(told["sequence"]))
    for name in ("recorded", "effective"):
        yield _attribute("date", name, str(told[name]))
    for name in ("basis", "flags", "outcome"):
        if name in told:
            yield _attribute("string", name, str(told[name]))


def _attribute(kind: str, key: str, value: str) -> str:
    """Return one attribute; characters that XML cannot hold become spaces."""
    plain = "".join(each if each.isprintable() and ord(each) not in (0xFFFE, 0xFFFF) else " " for each in value)
    return f'<{kind} key="{key}" value={quoteattr(plain)}/>'
