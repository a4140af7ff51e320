"""BentoML's empty endpoint, with its defaults, for bench_serve.py."""

from __future__ import annotations

import bentoml


@bentoml.service
class Empty:
    """Nothing but BentoML."""

    @bentoml.api
    async def empty(self) -> dict[str, bool]:
        """A constant."""
        return {"ok": True}
