"""Files that are there whole or not at all: written beside their place, moved there at the end.

Until then the place keeps what it holds. A draft is readable by its owner only and has a name that
nobody can guess. A symbolic link is followed to the file that it names, except where somebody else
has laid it in a folder that all may write to, such as /tmp: what Linux does by itself since 3.6
(fs.protected_symlinks), for every system and for moving files too.
"""

import contextlib
import errno
import os
import stat
from typing import Final

from tcpflow_analyzer.errors import OutputError

PRIVATE: Final = 0o600
USUAL: Final = 0o666  # less the umask
# What stands there is a device, or leads to what somebody has opened, which may have no name.
DEVICES: Final = "/dev"
PROCESSES: Final = "/proc/"
MOST_LINKS: Final = 40  # as Linux
_EXCLUSIVE: Final = (
    os.O_WRONLY
    | os.O_CREAT
    | os.O_EXCL
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_CLOEXEC", 0)
)

# Paths of the drafts of this process, so that one that is interrupted can remove them.
_begun: Final[set[str]] = set()
_lost: Final[list[str]] = []  # names of files of which drafts were given up


class Draft:
    """A file in the making.

    Attributes:
        stream: takes its octets.
    """

    def __init__(self, path: str, name: str) -> None:
        """Begin a draft in the folder of `path`, which messages call `name`.

        Raises:
            OSError: there can be none.
        """
        self._path = path
        self._name = name
        self._temporary = os.path.join(os.path.dirname(path), f".tcpflow-{os.urandom(8).hex()}")
        _begun.add(self._temporary)
        try:
            self.stream = open(  # noqa: SIM115  closed by keep() and discard()
                os.open(self._temporary, _EXCLUSIVE, PRIVATE), "wb"
            )
        except OSError:
            _begun.discard(self._temporary)
            raise

    def keep(self) -> None:
        """Move the file to its place, with the permissions of the one that it replaces.

        Raises:
            OSError: what was written cannot be stored, or not there.
        """
        self.stream.close()
        _give_permissions(self._temporary, self._path)
        try:
            os.replace(self._temporary, self._path)
        except OSError as error:
            if error.errno != errno.EBUSY:
                raise
            import shutil  # noqa: PLC0415  rare

            shutil.copyfile(self._temporary, self._path)  # a file that is a mount point
            os.unlink(self._temporary)
        _begun.discard(self._temporary)

    def discard(self) -> None:
        """Remove the draft; the place stays as it is."""
        with contextlib.suppress(OSError):
            self.stream.close()
        if self._temporary in _begun:
            _lost.append(self._name)
        _remove(self._temporary)


def begin_draft(path: str) -> Draft | None:
    """Begin a file that replaces `path` when it is whole; None if it has to be written directly.

    That is so for devices and pipes, and where the folder takes no new file but holds this one.

    Raises:
        OutputError: it cannot be written, or a link leads to it that is not to be trusted.
    """
    place = followed(path)
    if _is_direct(place):
        return None
    try:
        before = os.stat(place)
    except OSError:
        before = None
    if before is not None and not stat.S_ISREG(before.st_mode):
        return None
    if before is not None and not os.access(place, os.W_OK):
        raise OutputError(f"{path}: {os.strerror(errno.EACCES)}")
    try:
        return Draft(place, path)
    except OSError as error:
        if before is not None and error.errno in (errno.EACCES, errno.EROFS):
            return None
        raise OutputError(f"{path}: {error.strerror}") from error


def followed(path: str) -> str:
    """Follow symbolic links to the file that is to be written, which need not be there.

    Raises:
        OutputError: one of them is somebody else's, in a folder that all may write to.
    """
    place = path
    for _ in range(MOST_LINKS):
        try:
            link = os.lstat(place)
        except OSError:
            return place
        if not stat.S_ISLNK(link.st_mode) or _is_direct(place):
            return place
        folder = os.path.dirname(place)
        owner = os.stat(folder or ".").st_uid
        if is_shared(folder) and link.st_uid not in (_own_number(), owner):
            raise OutputError(
                f"{path}: a symbolic link of another user in a folder that all may write to is "
                "not followed"
            )
        place = os.path.join(folder, os.readlink(place))
    raise OutputError(f"{path}: {os.strerror(errno.ELOOP)}")


def _is_direct(path: str) -> bool:
    """Whether a path is to be written as it is, such as /dev/stdout and /proc/self/fd/1."""
    folder = os.path.realpath(os.path.dirname(path) or ".")
    return folder == DEVICES or folder.startswith(PROCESSES)


def is_shared(folder: str) -> bool:
    """Whether all may make files in a folder, as in /tmp."""
    try:
        return bool(os.stat(folder or ".").st_mode & stat.S_IWOTH)
    except OSError:
        return False


def lost_files() -> str:
    """Say which files were given up, "" if none was; for a program that was interrupted."""
    if not _lost:
        return ""
    were = "was" if len(_lost) == 1 else "were"
    return f"; {', '.join(_lost)} {were} not written"


def discard_drafts() -> None:
    """Remove all drafts of this process, which ends before they are done."""
    for path in list(_begun):
        _remove(path)


def _remove(path: str) -> None:
    with contextlib.suppress(OSError):
        os.unlink(path)
    _begun.discard(path)


def _give_permissions(path: str, place: str) -> None:
    """Give a file the permissions and the owner of the one in its place, or those of a new one."""
    try:
        before = os.stat(place)
    except OSError:
        before = None
    # In a shared folder the old file may be anybody's, who would own the new one.
    if before is None or is_shared(os.path.dirname(place)):
        os.chmod(path, USUAL & ~_umask())
        return
    own = os.stat(path)
    if (own.st_uid, own.st_gid) != (before.st_uid, before.st_gid) and hasattr(os, "chown"):
        with contextlib.suppress(OSError):
            os.chown(path, before.st_uid, before.st_gid)
    os.chmod(path, stat.S_IMODE(before.st_mode) & 0o777)


def _umask() -> int:
    """The permissions that new files do not get; there is no way to ask but to set them."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _own_number() -> int:
    return os.geteuid() if hasattr(os, "geteuid") else 0
