"""WAL on its way into the archive and out of it, at both ends."""
