"""Forecasts for those who ask: over HTTP, from the command line, in batch."""
