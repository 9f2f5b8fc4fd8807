"""Recovered copies of the cluster: served, verified, read, promoted, put in the place of the data. See copies.py."""
