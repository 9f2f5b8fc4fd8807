"""Where Barman keeps a server's files, as its configuration says. The only place that reads that."""

import configparser
import glob
import os

CONFIGURATION = ["/etc/barman.conf", *sorted(glob.glob("/etc/barman.d/*.conf"))]


class Server:
    """Raises ValueError for a server that Barman does not know."""

    def __init__(self, name: object) -> None:
        parser = configparser.ConfigParser(interpolation=None, strict=False, inline_comment_prefixes=(";",))
        parser.read(CONFIGURATION)
        if not isinstance(name, str) or name == "barman" or not parser.has_section(name):
            raise ValueError(f"Barman knows no server {name!r}")

        def option(key: str, default: str) -> str:
            return parser.get(name, key, fallback=default)

        def inherited(key: str) -> str:
            """Set for the server, or for all of them."""
            return option(key, parser.get("barman", key, fallback=""))

        self.name = name
        self.directory = option("backup_directory", os.path.join(parser.get("barman", "barman_home"), name))
        self.base = option("basebackups_directory", os.path.join(self.directory, "base"))
        self.meta = os.path.join(self.directory, "meta")
        self.incoming = option("incoming_wals_directory", os.path.join(self.directory, "incoming"))
        self.streaming = option("streaming_wals_directory", os.path.join(self.directory, "streaming"))
        self.errors = option("errors_directory", os.path.join(self.directory, "errors"))
        self.wals = option("wals_directory", os.path.join(self.directory, "wals"))
        # What only Barman itself can read back: compressed or encrypted by programs of the user's own.
        self.opaque = inherited("compression") == "custom" or inherited("encryption") != ""
        self.catalogue = catalogue_in(option("xlogdb_directory", self.wals), name)


def catalogue_in(directory: str, name: str) -> str:
    current = os.path.join(directory, f"{name}-xlog.db")
    before_3_13 = os.path.join(directory, "xlog.db")
    return before_3_13 if not os.path.exists(current) and os.path.exists(before_3_13) else current
