"""The commands of ``tiercast``, one a file; each has a ``command``."""
