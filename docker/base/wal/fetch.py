"""What howdah-fetch-wal does when the segment does not lie ready: asks the resident helper, and starts it if there is none."""
import fcntl
import os
import re
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
NAME = re.compile(r"[0-9A-F]{24}|[0-9A-F]{8}\.history")
SERVER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
GOT, MISSING, TROUBLE = 0, 1, 200


def say(message):
    print(f"howdah-fetch-wal: {message}", file=sys.stderr, flush=True)


def spool_of(directory):
    return os.environ.get("HOWDAH_WAL_SPOOL") or f"{os.path.realpath(directory)}.wal-spool"


def ask(spool, message, seconds):
    """The helper's answer, or None where nobody answers. Paths of sockets are short, so it is reached from within."""
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


def hand_over(source, target):
    """By rename, so that the target is whole from its first moment on, on another file system too."""
    try:
        os.rename(source, target)
    except OSError as error:
        if error.errno != 18:  # EXDEV
            raise
        beside = f"{target}.howdah"
        with open(source, "rb") as read, open(beside, "wb") as write:
            while chunk := read.read(1 << 20):
                write.write(chunk)
        os.rename(beside, target)
        os.unlink(source)


def prefetch(server, name, target):
    spool = os.path.join(spool_of("."), server)
    directory = os.path.dirname(target) or "."
    end = time.monotonic() + float(os.environ.get("HOWDAH_WAL_DEADLINE", 120))
    os.makedirs(spool, 0o700, exist_ok=True)
    reason = "the helper does not start"
    while (left := end - time.monotonic()) > 0:
        answer = ask(spool, f"get {left:.1f} {name}", left + 1)
        if answer is None:
            with open(os.path.join(spool, "log"), "ab") as log:
                subprocess.Popen([sys.executable, "-I", os.path.join(HERE, "prefetch.py"), spool, server, os.path.abspath(directory)],
                                 stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", start_new_session=True)
            # It may be there in a moment, or another one holds the lock and is about to end.
            pause = time.monotonic() + 1
            while time.monotonic() < pause and ask(spool, "ping", 1) is None:
                time.sleep(0.02)
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


def get_wal(server, name, target):
    """Barman's own way. It answers 1 for what it has not, but for much else too: only its words tell."""
    from wal_file import WalFileError, check_whole, unpack
    barman = ["barman", "get-wal", "--partial", server, name]
    where = os.environ.get("HOWDAH_BARMAN") or ("local" if os.path.exists("/usr/local/bin/howdah-serve-wal") else "barman@barman")
    command = barman if where == "local" else ["ssh", "-T", where, *barman]
    end = time.monotonic() + float(os.environ.get("HOWDAH_WAL_DEADLINE", 120))
    temporary = f"{target}.howdah"
    reason = "no time was given"
    try:
        while (left := end - time.monotonic()) > 0:
            with open(temporary, "wb") as output:
                try:
                    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.PIPE, timeout=left)
                except subprocess.TimeoutExpired:
                    reason = "Barman does not answer"
                    break
            said = done.stderr.decode(errors="replace").strip()
            reason = said or f"exit code {done.returncode}"
            if done.returncode == 0:
                try:
                    unpack(temporary, name)
                    check_whole(temporary, name, pad=True)
                    os.rename(temporary, target)
                    return GOT
                except WalFileError as error:
                    reason = str(error)
            elif done.returncode == 1 and re.search(rf"WAL file '{re.escape(name)}' not found", said):
                return MISSING
            time.sleep(min(1, max(0, end - time.monotonic())))
    finally:
        if os.path.exists(temporary):
            os.unlink(temporary)
    say(f"{name}: {reason}")
    return TROUBLE


def wait_for_end(path, lock):
    """The helper holds the lock until it has cleaned up."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        ask(path, "stop", 1)
        try:
            return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.05)
    raise TimeoutError(f"the helper of {path} does not end")


def stop(directory):
    """Removes what a spool has, and nothing else that may lie in a directory of that name."""
    spool = directory if directory.endswith(".wal-spool") else spool_of(directory)
    if not os.path.isdir(spool):
        return GOT
    for server in os.listdir(spool):
        path = os.path.join(spool, server)
        with open(os.path.join(path, "lock"), "ab") as lock:
            wait_for_end(path, lock)
        for folder in ("ready", "partial"):
            for entry in os.listdir(os.path.join(path, folder)) if os.path.isdir(os.path.join(path, folder)) else []:
                os.unlink(os.path.join(path, folder, entry))
            if os.path.isdir(os.path.join(path, folder)):
                os.rmdir(os.path.join(path, folder))
        for entry in ("socket", "lock", "log", "renames"):
            if os.path.exists(os.path.join(path, entry)):
                os.unlink(os.path.join(path, entry))
        os.rmdir(path)
    os.rmdir(spool)
    return GOT


def main(arguments):
    os.umask(0o077)
    sys.path.insert(0, HERE)
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
