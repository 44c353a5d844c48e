"""Node for tests of other languages: the packages of examples/javascript, installed once into the user's cache.

Where there is no node 20 or no npm, or the packages cannot be had, tests that need them skip, saying NO NODE.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import platformdirs
import pytest

from tests.program import ROOT

PACKAGES = ROOT / "examples" / "javascript" / "package.json"
INSTALL_LIMIT_S = 240.0
LIMIT_S = 60.0


def run_script(
    script: Path, *arguments: str | Path, given: bytes = b"", environment: dict[str, str] | None = None
) -> str:
    """Run a script with the packages at hand, and return what it printed; it must succeed."""
    folder = _installed()
    if isinstance(folder, str):
        pytest.skip(f"NO NODE: {folder}")
    # Node looks for packages beside the script and above it.
    copy = folder / f"{script.stem}-{os.getpid()}{script.suffix}"
    copy.write_bytes(script.read_bytes())
    try:
        ran = subprocess.run(
            ["node", str(copy), *map(str, arguments)],
            input=given,
            capture_output=True,
            timeout=LIMIT_S,
            env={**os.environ, **(environment or {})},
            check=False,
        )
    finally:
        copy.unlink()
    assert ran.returncode == 0, ran.stderr.decode()
    return ran.stdout.decode()


@cache
def _installed() -> Path | str:
    """Return the folder the packages are in, installed where they are not, or why there is none."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        return "node and npm are not on the PATH"
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    found = re.match(r"v(\d+)", version)
    if found is None or int(found[1]) < 20:
        return f"node is {version.strip()}, the packages need 20"
    wanted = PACKAGES.read_bytes()
    folder = platformdirs.user_cache_path("portfolio-ledger") / f"node-{hashlib.sha256(wanted).hexdigest()[:16]}"
    if (folder / "node_modules").is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=folder.parent))
    try:
        (draft / "package.json").write_bytes(wanted)
        command = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--silent"]
        ran = subprocess.run(command, cwd=draft, capture_output=True, text=True, timeout=INSTALL_LIMIT_S, check=False)
        if ran.returncode != 0:
            return f"npm install failed: {ran.stderr.strip()[-200:]}"
        if not folder.exists():
            draft.rename(folder)
        return folder
    except (subprocess.TimeoutExpired, OSError) as error:
        return f"npm install failed: {error}"
    finally:
        shutil.rmtree(draft, ignore_errors=True)
