"""What can go wrong and is expected to: each such error as one line, and the exit code it means."""

from __future__ import annotations

from ledger.access import NoSuchPortfolio
from ledger.connection import Forbidden
from ledger.fork import SupposeError
from ledger.login import CredentialsError
from ledger.notary.keys import KeyFileError
from ledger.notary.recovering import RecoveryError
from ledger.notary.sealer import NotaryAlarm
from ledger.server import ServerError
from ledger.settings import SettingsError
from ledger.site import SiteError
from ledger.store import StoreError
from projections.archive import ArchiveDiffers
from projections.moment import MomentError
from tui.common import REFUSED, WORLD_FAILED, WRONG_USE, CommandError
from tui.model.text import clean


def told(error: Exception) -> tuple[str, int]:
    """Return one line about an error, and the exit code it means."""
    code = WORLD_FAILED
    if isinstance(error, CommandError):
        code = error.code
    elif isinstance(error, NotaryAlarm | RecoveryError):
        code = REFUSED
    elif isinstance(
        error,
        KeyFileError | SettingsError | MomentError | NoSuchPortfolio | SupposeError | CredentialsError | SiteError,
    ):
        code = WRONG_USE
    elif isinstance(error, Forbidden):
        code = REFUSED
    return " ".join(clean(str(error)).split()), code


EXPECTED = (
    CommandError,
    SettingsError,
    CredentialsError,
    SiteError,
    MomentError,
    NoSuchPortfolio,
    SupposeError,
    StoreError,
    ServerError,
    ArchiveDiffers,
    NotaryAlarm,
    RecoveryError,
    KeyFileError,
    OSError,
)
"""What main turns into one line; anything else is a bug and keeps its traceback."""
