"""Memory of a process that answers for long: what stays is not looked through, what comes back is kept for the next."""

from __future__ import annotations

import ctypes
import gc
from typing import Final

_NEW_OBJECTS: Final = 20_000
"""After which garbage is looked for among new objects; by default after 700, of which one answer may make 50,000."""
_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3
"""Names of what ``mallopt`` sets, from glibc's malloc.h."""
_KEPT_BYTES: Final = 32 << 20


def settle() -> None:
    """Leave what has been loaded alone from now on, and keep memory that was used.

    What was loaded stays for good, and looking through it for garbage again and again takes a third of a large answer's
    time. Such an answer takes some 4 MB, which glibc would give back after each, so that the kernel clears a thousand pages
    for the next: a tenth of its time. Other C libraries are left as they are.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, 20, 20)
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_TRIM_THRESHOLD, _KEPT_BYTES)
        mallopt(_MMAP_THRESHOLD, _KEPT_BYTES)
