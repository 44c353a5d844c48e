"""What an app in a browser draws through: Textual's web driver, which this makes end with its server."""

from __future__ import annotations

from textual import messages
from textual.drivers import web_driver


class WebDriver(web_driver.WebDriver):
    """Textual's web driver; where its input ends, so does the app."""

    def run_input_thread(self) -> None:
        super().run_input_thread()
        # The server was killed and could not say so. Without this the app would run on, and nobody would know of it.
        self._app.post_message(messages.ExitApp())
