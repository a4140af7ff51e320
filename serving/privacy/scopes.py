"""What a key may do.

========  ==================================================================================
scope     may
========  ==================================================================================
forecast  ask for forecasts, what-ifs and one member's page; read the model's card
desk      list members and read one member's page; read the model's card
write     post transaction lines
admin     erase a member
========  ==================================================================================

No scope includes another: a key that erases need not read, and a key that reads cannot erase.
"""

from __future__ import annotations

from typing import Final

FORECAST: Final = "forecast"
DESK: Final = "desk"
WRITE: Final = "write"
ADMIN: Final = "admin"
SCOPES: Final = (FORECAST, DESK, WRITE, ADMIN)
