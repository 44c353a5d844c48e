"""What ctrl+p finds by name: every action of the key table, every initiative, and every place an address names."""

from __future__ import annotations

from functools import partial

from textual.actions import parse
from textual.command import DiscoveryHit, Hit, Hits, Provider

from projections.rows import InitiativeRow
from projections.views import Question, ask
from tui.keys import KEYS, Key
from tui.keys_page import EVERYWHERE, spelt, title
from tui.model import address
from tui.model.text import clean
from tui.modes import Ledger, ModeScreen, ledger_of


class Actions(Provider):
    """The actions of this screen, of every screen, and of the other modes, which are gone to first."""

    async def discover(self) -> Hits:
        """Yield what can be done here, before anything is typed."""
        for key in self._reachable():
            if key.where in (EVERYWHERE, self._where):
                yield DiscoveryHit(self._name(key), partial(self._do, key), help=self._told(key))

    async def search(self, query: str) -> Hits:
        """Yield the actions whose name, or what is told of them, is like what was typed."""
        matcher = self.matcher(query)
        for key in self._reachable():
            name = self._name(key)
            score, of_told = matcher.match(name), matcher.match(key.tells) * 0.5
            if score > 0 or of_told > 0:
                shown = matcher.highlight(name) if score > 0 else name
                yield Hit(max(score, of_told), shown, partial(self._do, key), text=name, help=self._told(key))

    @property
    def _ledger(self) -> Ledger:
        return ledger_of(self.app)

    @property
    def _where(self) -> str:
        return str(getattr(self.screen, "where", EVERYWHERE))

    def _reachable(self) -> list[Key]:
        """Return the keys of this screen and of every mode there is. Those of other screens lead nowhere from here."""
        modes = self._ledger.modes
        there = {EVERYWHERE, self._where, *modes}
        return [key for key in KEYS if key.where in there and _mode_of(key) in (None, *modes)]

    def _name(self, key: Key) -> str:
        return key.label if key.where in (EVERYWHERE, self._where) else f"{title(key.where)}: {key.label}"

    def _told(self, key: Key) -> str:
        keys = self._ledger.other_keys.get(key.id, key.keys)
        return f"{spelt(keys)}  {key.tells}"

    async def _do(self, key: Key) -> None:
        """Do what the key does, on its own screen."""
        app = self._ledger
        if key.where not in (EVERYWHERE, self._where):
            await app.run_action(f"go('{key.where}')")
        await app.run_action(key.action, app.screen)


class Places(Provider):
    """Initiatives by id and title, and whatever else the address box takes."""

    async def startup(self) -> None:
        """Learn what initiatives there are."""
        session = self._ledger.session
        view = await session.ask(lambda replica: ask(replica, Question("initiatives"), session.now()))
        rows = [row for row in view.rows if isinstance(row, InitiativeRow)]
        self._initiatives = [(row.initiative, clean(row.title, 60)) for row in rows]

    async def search(self, query: str) -> Hits:
        """Yield the initiatives that are like what was typed, and the place it names."""
        matcher = self.matcher(query)
        for initiative, name in self._initiatives:
            shown = f"{clean(initiative, 40)} {name}"
            if (score := matcher.match(shown)) > 0:
                told = "its newest decision, in replay"
                yield Hit(score, matcher.highlight(shown), partial(self._visit, initiative), text=shown, help=told)
        try:
            named = address.parse(query)
        except address.AddressError:
            return
        if not isinstance(named, address.About):
            shown = f"Go to {clean(query.strip(), 60)}"
            yield Hit(1.0, shown, partial(self._go, query), text=shown, help="the place this names")

    @property
    def _ledger(self) -> Ledger:
        return ledger_of(self.app)

    async def _visit(self, initiative: str) -> None:
        from tui.going import place_of

        app = self._ledger
        await app.visit(await place_of(app.session, app.head, initiative))

    async def _go(self, query: str) -> None:
        if isinstance(self._ledger.screen, ModeScreen):
            await self._ledger.screen.go(query)


def _mode_of(key: Key) -> str | None:
    """Return the mode a key goes to, None for every other key."""
    _, name, parameters = parse(key.action)
    return str(parameters[0]) if name == "go" else None
