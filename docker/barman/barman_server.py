"""Where Barman keeps a server's files, as its configuration says."""
import configparser
import glob
import os

CONFIGURATION = ["/etc/barman.conf", *sorted(glob.glob("/etc/barman.d/*.conf"))]


class Server:
    def __init__(self, name):
        parser = configparser.ConfigParser(interpolation=None, strict=False, inline_comment_prefixes=(";",))
        parser.read(CONFIGURATION)
        if not isinstance(name, str) or name == "barman" or not parser.has_section(name):
            raise ValueError(f"Barman knows no server {name!r}")
        def option(key, default):
            return parser.get(name, key, fallback=default)
        self.name = name
        home = parser.get("barman", "barman_home")
        self.directory = option("backup_directory", os.path.join(home, name))
        self.base = option("basebackups_directory", os.path.join(self.directory, "base"))
        self.meta = os.path.join(self.directory, "meta")
        self.incoming = option("incoming_wals_directory", os.path.join(self.directory, "incoming"))
        self.streaming = option("streaming_wals_directory", os.path.join(self.directory, "streaming"))
        self.errors = option("errors_directory", os.path.join(self.directory, "errors"))
        self.wals = option("wals_directory", os.path.join(self.directory, "wals"))
        # What only Barman itself can read back: compressed or encrypted by programs of the user's own.
        self.opaque = option("compression", parser.get("barman", "compression", fallback="")) == "custom" or bool(
            option("encryption", parser.get("barman", "encryption", fallback="")))
        catalogue = option("xlogdb_directory", self.wals)
        self.catalogue = os.path.join(catalogue, f"{name}-xlog.db")
        if not os.path.exists(self.catalogue) and os.path.exists(os.path.join(catalogue, "xlog.db")):
            # Before Barman 3.13.
            self.catalogue = os.path.join(catalogue, "xlog.db")
