"""The slow way of howdah-fetch-wal: asks the resident helper, and starts it if there is none.

Self-contained on purpose: PostgreSQL waits for this program once a segment, so it is started without site-packages (-I
-S), of which this package is a part. Only `get-wal`, which makes an SSH connection a segment anyway, loads the rest of
it.
"""

import fcntl
import os
import re
import site
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
NAME = re.compile(r"[0-9A-F]{24}|[0-9A-F]{8}\.history")
SERVER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
GOT, MISSING, TROUBLE = 0, 1, 200
# The errno of a rename from one file system to another.
EXDEV = 18


def say(message: str) -> None:
    print(f"howdah-fetch-wal: {message}", file=sys.stderr, flush=True)


def spool_of(directory: str) -> str:
    return os.environ.get("HOWDAH_WAL_SPOOL") or f"{os.path.realpath(directory)}.wal-spool"


def deadline() -> float:
    return time.monotonic() + float(os.environ.get("HOWDAH_WAL_DEADLINE", 120))


def ask(spool: str, message: str, seconds: float) -> list[str] | None:
    """The helper's answer, or None without one. Paths of sockets are short, so it is reached from within."""
    before = os.getcwd()
    try:
        os.chdir(spool)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(seconds)
            connection.connect("socket")
            connection.sendall(f"{message}\n".encode())
            answer = b""
            while chunk := connection.recv(4096):
                answer += chunk
            return answer.decode().strip().split(" ", 1) if answer.endswith(b"\n") else None
    except OSError:
        return None
    finally:
        os.chdir(before)


def hand_over(source: str, target: str) -> None:
    """By rename, so that the target is whole from its first moment on, on another file system too."""
    try:
        os.rename(source, target)
    except OSError as error:
        if error.errno != EXDEV:
            raise
        beside = f"{target}.howdah"
        with open(source, "rb") as read, open(beside, "wb") as write:
            while chunk := read.read(1 << 20):
                write.write(chunk)
        os.rename(beside, target)
        os.unlink(source)


def prefetch(server: str, name: str, target: str) -> int:
    spool = os.path.join(spool_of("."), server)
    directory = os.path.dirname(target) or "."
    end = deadline()
    os.makedirs(spool, 0o700, exist_ok=True)
    reason = "the helper does not start"
    while (left := end - time.monotonic()) > 0:
        answer = ask(spool, f"get {left:.1f} {name}", left + 1)
        if answer is None:
            start_helper(spool, server, directory)
        elif answer[0] == "got":
            try:
                hand_over(answer[1], target)
                return GOT
            except FileNotFoundError:
                # The helper died and another one has cleaned up.
                continue
        elif answer[0] == "missing":
            return MISSING
        else:
            reason = " ".join(answer)
            break
    say(f"{name}: {reason}")
    return TROUBLE


def start_helper(spool: str, server: str, directory: str) -> None:
    program = [sys.executable, "-I", os.path.join(HERE, "prefetch.py"), spool, server, os.path.abspath(directory)]
    with open(os.path.join(spool, "log"), "ab") as log:
        subprocess.Popen(program, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", start_new_session=True)
    # It may be there in a moment, or another one holds the lock and is about to end.
    pause = time.monotonic() + 1
    while time.monotonic() < pause and ask(spool, "ping", 1) is None:
        time.sleep(0.02)


def get_wal(server: str, name: str, target: str) -> int:
    """Barman's own way. It answers 1 for what it has not, but for much else too: only its words tell."""
    site.main()
    from howdah import ssh
    from howdah.wal.segment import WalFileError, check_whole, unpack

    command = ssh.command(ssh.barman(), ["barman", "get-wal", "--partial", server, name])
    end = deadline()
    temporary = f"{target}.howdah"
    reason = "no time was given"
    try:
        while (left := end - time.monotonic()) > 0:
            done = run_into(temporary, command, left)
            if done is None:
                reason = "Barman does not answer"
                break
            code, said = done
            reason = said or f"exit code {code}"
            if code == 0:
                try:
                    unpack(temporary, name)
                    check_whole(temporary, name, pad=True)
                    os.rename(temporary, target)
                    return GOT
                except WalFileError as error:
                    reason = str(error)
            elif code == 1 and re.search(rf"WAL file '{re.escape(name)}' not found", said):
                return MISSING
            time.sleep(min(1, max(0, end - time.monotonic())))
    finally:
        if os.path.exists(temporary):
            os.unlink(temporary)
    say(f"{name}: {reason}")
    return TROUBLE


def run_into(path: str, command: list[str], seconds: float) -> tuple[int, str] | None:
    """Its output goes into the file. Its exit code and what it said; None where it did not end in time."""
    with open(path, "wb") as output:
        try:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.PIPE, timeout=seconds, check=False
            )
        except subprocess.TimeoutExpired:
            return None
    return done.returncode, done.stderr.decode(errors="replace").strip()


def wait_for_end(path: str, lock: int) -> None:
    """The helper holds the lock until it has cleaned up."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        ask(path, "stop", 1)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            time.sleep(0.05)
    raise TimeoutError(f"the helper of {path} does not end")


def stop(directory: str) -> int:
    """Removes what a spool has, and nothing else that may lie in a directory of that name."""
    spool = directory if directory.endswith(".wal-spool") else spool_of(directory)
    if not os.path.isdir(spool):
        return GOT
    for server in os.listdir(spool):
        clear(os.path.join(spool, server))
    os.rmdir(spool)
    return GOT


def clear(path: str) -> None:
    """The part of a spool that belongs to one server, once its helper has ended."""
    with open(os.path.join(path, "lock"), "ab") as lock:
        wait_for_end(path, lock.fileno())
    for folder in (os.path.join(path, "ready"), os.path.join(path, "partial")):
        if os.path.isdir(folder):
            for entry in os.listdir(folder):
                os.unlink(os.path.join(folder, entry))
            os.rmdir(folder)
    for entry in ("socket", "lock", "log", "renames"):
        if os.path.exists(os.path.join(path, entry)):
            os.unlink(os.path.join(path, entry))
    os.rmdir(path)


def main(arguments: list[str]) -> int:
    os.umask(0o077)
    if len(arguments) == 2 and arguments[0] == "stop":
        return stop(arguments[1])
    if len(arguments) != 4 or arguments[0] not in ("prefetch", "get-wal"):
        say("usage: prefetch|get-wal SERVER FILE PATH, or stop DIRECTORY")
        return TROUBLE
    method, server, name, target = arguments
    if not SERVER.fullmatch(server) or not NAME.fullmatch(name):
        say(f"no server or no WAL file is called that: {server} {name}")
        return TROUBLE
    return (prefetch if method == "prefetch" else get_wal)(server, name, target)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Exception as error:
        # An uncaught exception would end it with 1: "the archive does not have it".
        say(f"{type(error).__name__}: {error}")
        sys.exit(TROUBLE)
