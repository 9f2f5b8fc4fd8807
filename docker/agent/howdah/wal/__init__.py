"""WAL files: their names, what is in them, and how they come out of the archive."""
