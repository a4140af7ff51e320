"""Names for members that only the holder of a secret can make, and nobody can undo.

Ids are short and can be counted through, so a plain hash of one is as good as the id: whoever holds it tries all ids.
A keyed hash (HMAC-SHA-256, RFC 2104) can be tried only with the key.
"""

from __future__ import annotations

import hmac
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from features.errors import ArtifactError, ConfigError

ERASURE_SECRET: Final = "TIERCAST_ERASURE_SECRET"  # noqa: S105  (its name)
SECRET_FILE: Final = "erasure.secret"  # noqa: S105  (its name)
PLAN_SECRET: Final = "TIERCAST_PLAN_SECRET"  # noqa: S105  (its name)
PLAN_SECRET_FILE: Final = "plan.secret"  # noqa: S105  (its name)
_SHORTEST: Final = 32


def mark(secret: bytes, member: str) -> bytes:
    """The keyed hash of a member, 32 bytes.

    Parameters
    ----------
    member : as ``serving.forecast.members.member_key`` writes it

    >>> mark(b"secret", "0042") == mark(b"secret", "0042"), mark(b"secret", "0042") == mark(b"other", "0042")
    (True, False)
    """
    return hmac.digest(secret, member.encode(errors="surrogatepass"), "sha256")


def erasure_secret(home: Path, environment: Mapping[str, str] = os.environ) -> bytes:
    """The secret of erasure marks: TIERCAST_ERASURE_SECRET, or a file in the home, made once, that only its owner reads.

    It has to stay the same: by their marks, erased members are kept out of the next batch. Hosts that share one store need
    the same one.

    Raises
    ------
    ConfigError
        the variable is shorter than 32 characters
    ArtifactError
        the file is damaged
    """
    return _kept(home / SECRET_FILE, ERASURE_SECRET, "an erasure secret", environment)


def plan_secret(home: Path, environment: Mapping[str, str] = os.environ) -> bytes:
    """The secret of hold-outs (retention.plan.hold_out): TIERCAST_PLAN_SECRET, or a file in the home, kept likewise.

    With another one, other members are held back.

    Raises
    ------
    ConfigError, ArtifactError
        as for erasure
    """
    return _kept(home / PLAN_SECRET_FILE, PLAN_SECRET, "a plan's secret", environment)


def _kept(path: Path, variable: str, what: str, environment: Mapping[str, str]) -> bytes:
    given = environment.get(variable)
    if given is not None:
        return checked(variable, given)
    if not path.exists():
        _write_once(path, secrets.token_hex(_SHORTEST))
    text = path.read_text(encoding="ascii", errors="replace").strip()
    if len(text) < _SHORTEST:
        got = f"{len(text)} characters in {path}"
        raise ArtifactError(f"{what} has at least {_SHORTEST} characters", got, "put back the file as it was")
    return text.encode()


def checked(variable: str, text: str) -> bytes:
    """A secret from the environment.

    Raises
    ------
    ConfigError
    """
    if len(text) < _SHORTEST:
        fix = "set it to what 'openssl rand -hex 32' prints"
        raise ConfigError(f"{variable} has at least {_SHORTEST} characters", f"{len(text)}", fix)
    return text.encode()


def _write_once(path: Path, text: str) -> None:
    """Write a file that no other process has written meanwhile, readable by its owner alone from its first byte."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    try:
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            path.hardlink_to(partial)  # unlike a rename, never over one that is there
    finally:
        partial.unlink(missing_ok=True)
