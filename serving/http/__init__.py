"""What comes over the wire: connections, keys, limits, routes, descriptions."""
