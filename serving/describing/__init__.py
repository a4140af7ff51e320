"""A log described: segments and figures, in words."""
