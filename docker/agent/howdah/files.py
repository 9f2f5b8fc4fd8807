"""Files that are there whole or not at all, and that stay when the machine stops."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager


def read(path: str) -> str | None:
    """Its text; None where there is no such file. A log, or the name of a process, may hold bytes that are no text."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return None


def write(path: str, text: str, mode: int = 0o600) -> None:
    """Whole or not at all, and lasting."""
    temporary = f"{path}.new"
    write_in_place(temporary, text, mode)
    os.rename(temporary, path)
    sync(os.path.dirname(path))


def create(path: str, text: str, mode: int = 0o600) -> None:
    """Whole or not at all, and lasting. A file that is there, or that another program makes meanwhile, stays."""
    temporary = f"{path}.{os.getpid()}.new"
    write_in_place(temporary, text, mode)
    try:
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        os.unlink(temporary)
    sync(os.path.dirname(path))


def write_in_place(path: str, text: str, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def sync(path: str) -> None:
    """Of a directory: the names in it."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def rename(source: str, target: str) -> None:
    """Lasting: neither name comes back after a crash."""
    os.rename(source, target)
    for directory in {os.path.dirname(source), os.path.dirname(target)}:
        sync(directory)


def relink(link: str, target: str) -> None:
    """Lets a symbolic link lead elsewhere, lasting. At no moment is there none. One that leads there already stays."""
    temporary = f"{link}.new"
    if os.path.lexists(temporary):
        os.unlink(temporary)
    if not (os.path.islink(link) and os.readlink(link) == target):
        os.symlink(target, temporary)
        os.rename(temporary, link)
    # Also for a call that was cut short before it came to this.
    sync(os.path.dirname(link))


def unlink(path: str) -> None:
    """Already gone is success."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass


@contextmanager
def locked(directory: str) -> Iterator[None]:
    """One caller at a time; a second one waits. However a process ends, the kernel takes its lock back."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def is_locked(directory: str) -> bool:
    """Whether another caller is at it."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return False
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
