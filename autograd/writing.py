"""Files written wholly or not at all. Reads nothing; read by nn and viz."""

from __future__ import annotations

import os
from contextlib import suppress


def write_whole(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file wholly or not at all: beside its place first, then into it.

    What may not be written stays; a device or a pipe has no place, and is written into.
    """
    import secrets  # only saving needs these
    import shutil

    path = os.fspath(path)  # a number would be an open file
    if os.path.exists(path):
        with open(path, "ab") as file:
            if not os.path.isfile(path):
                file.write(content)
                return
    target = os.path.realpath(os.fsdecode(path))
    beside = os.path.join(os.path.dirname(target), f"{secrets.token_hex(8)}.part")
    try:
        with open(beside, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # else a crash may leave the name without its content
        if os.path.exists(target):
            shutil.copymode(target, beside)
        os.replace(beside, target)
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from error
    finally:
        with suppress(OSError):  # there still if it was not put into its place
            os.remove(beside)
