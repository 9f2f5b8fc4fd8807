"""Where a data directory lies that is out of service: a recovered copy, or what a cut-over has put aside."""

import os
import re

from howdah.refusal import Refusal

ROOTS = re.compile(
    r"/var/lib/barman/recoveries/[A-Za-z0-9_-]{1,60}"
    r"|/var/lib/postgresql/\d+/[A-Za-z0-9_]+\.(recovery|previous)-[A-Za-z0-9_-]{1,60}"
)


class Root:
    """The directory itself, and in it the data, a directory for each tablespace, and a list of these."""

    def __init__(self, root: str) -> None:
        # What is in it is removed by name: a directory of Patroni's or of Barman's own is none of our business.
        if not ROOTS.fullmatch(root):
            raise Refusal(f"{root} is no place for a recovered copy")
        self.root = root
        self.directory = os.path.join(root, "data")
        self.tablespaces = os.path.join(root, "tablespaces")
        self.manifest = os.path.join(root, "tablespaces.json")
