"""Every member's forecast, to tables and to the store."""
