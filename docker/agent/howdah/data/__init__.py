"""A node's data directories, and its Patroni, from outside. See cli.py."""
