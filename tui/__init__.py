"""What a person at a terminal touches: the command line, and every screen as plain text."""

import os

os.environ.setdefault("TEXTUAL_FPS", "240")
# Textual draws what has changed at the next tick of a clock, read when it is imported. At its 60 a second a decision
# waits up to 17 ms, several times, while nothing is done. It ticks only where something has changed.
