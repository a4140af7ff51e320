"""Steps that bring a store to this release's tables, one file each, in the order that their ``down_revision`` gives."""
