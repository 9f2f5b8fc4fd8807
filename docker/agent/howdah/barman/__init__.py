"""Barman: its configuration, its answers, and what has to be put right in its backups."""
