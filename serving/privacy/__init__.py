"""Keys, pseudonyms, and being forgotten."""
