"""A data directory of PostgreSQL, seen from outside."""
