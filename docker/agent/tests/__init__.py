"""Tests of the package: python3 -m unittest discover -t . -s tests, in docker/agent. Nothing but Python is needed."""
