"""Stop a process before each of its writing system calls, including those of native code, by seccomp notifications.

See seccomp_unotify(2); Linux only. The process blocks in the kernel until it is told to continue: until then the files
on disk are those that it would leave if it were killed there.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import select
import signal
import socket
import struct
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

# On x86-64: name -> (number, index of the argument with the path or file descriptor, whether it is a path).
CALLS: dict[str, tuple[int, int, bool]] = {
    "write": (1, 0, False),
    "pwrite64": (18, 0, False),
    "writev": (20, 0, False),
    "sendfile": (40, 0, False),
    "fsync": (74, 0, False),
    "fdatasync": (75, 0, False),
    "truncate": (76, 0, True),
    "ftruncate": (77, 0, False),
    "rename": (82, 1, True),
    "mkdir": (83, 0, True),
    "rmdir": (84, 0, True),
    "link": (86, 1, True),
    "unlink": (87, 0, True),
    "symlink": (88, 1, True),
    "unlinkat": (263, 1, True),
    "mkdirat": (258, 1, True),
    "renameat": (264, 3, True),
    "fallocate": (285, 0, False),
    "renameat2": (316, 3, True),
    "copy_file_range": (326, 2, False),
    "open": (2, 0, True),
    "openat": (257, 1, True),
}
_NAMES = {number: name for name, (number, _, _) in CALLS.items()}
_RELATIVE = {"unlinkat": 0, "mkdirat": 0, "openat": 0, "renameat": 2, "renameat2": 2}
"""Index of the argument with the directory file descriptor, for calls whose paths may be relative to it."""
_FLAGS = {"open": 1, "openat": 2}
_SECCOMP, _NO_NEW_PRIVILEGES, _MACHINE = 317, 38, "x86_64"
_FILTER, _WITH_LISTENER, _GO_ON = 1, 1 << 3, 1
_RECEIVE, _SEND = 0xC0502100, 0xC0182101
_NOTICE = struct.Struct("=QIIiIQ6Q")  # id, process, flags; call, architecture, instruction, arguments
_ANSWER = struct.Struct("=QqiI")
_LONGEST_PATH = 4096
PATIENCE_SECONDS = 300


@dataclass(frozen=True)
class Call:
    """A pending system call."""

    name: str
    path: Path


Before = Callable[[int, Call], bool]
"""Called with each call and its index, from 0, while the process waits; returning False kills it."""


def is_possible() -> bool:
    """Whether this system supports it."""
    return platform.system() == "Linux" and platform.machine() == _MACHINE


def watched(work: Callable[[], None], folder: Path, before: Before, log: Path) -> int:
    """Run `work` in a forked process; call `before` ahead of each of its system calls that writes below a folder.

    Args:
        work: function to run; if it raises an exception, the process exits with status 1.
        folder: resolved path.
        before: called ahead of each call.
        log: file for stdout and stderr of the process.

    Returns:
        Its exit status; negative: the number of the signal that killed it.
    """
    here, there = socket.socketpair()

    def asked() -> None:
        listener = _listen()
        socket.send_fds(there, [b"."], [listener])
        os.close(listener)
        there.close()
        work()

    process = _forked(asked, log)
    there.close()
    _, (listener, *_), _, _ = socket.recv_fds(here, 1, 1)
    here.close()
    try:
        number = 0
        for notice in _notices(listener, process):
            call = _call_of(notice)
            if call is not None and call.path.is_relative_to(folder):
                if not before(number, call):
                    os.kill(process, signal.SIGKILL)
                    break
                number += 1
            with contextlib.suppress(FileNotFoundError):  # the process has ended
                _ioctl(listener, _SEND, bytearray(_ANSWER.pack(notice[0], 0, 0, _GO_ON)))
    finally:
        os.close(listener)
        _, status = os.waitpid(process, 0)
    return os.waitstatus_to_exitcode(status)


def unwatched(work: Callable[[], None], log: Path) -> int:
    """Run `work` in a forked process; see `watched`."""
    _, status = os.waitpid(_forked(work, log), 0)
    return os.waitstatus_to_exitcode(status)


def _forked(work: Callable[[], None], log: Path) -> int:
    """PID of a forked process that runs `work`, with its output in `log`; an alarm kills it if it hangs."""
    process = os.fork()
    if process:
        return process
    status = 1
    try:
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(output, 1)
        os.dup2(output, 2)
        sys.stdout, sys.stderr = (os.fdopen(number, "w", buffering=1, closefd=False) for number in (1, 2))
        signal.alarm(PATIENCE_SECONDS)
        work()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def _listen() -> int:
    """Install a seccomp filter for `CALLS`; returns the file descriptor of its notifications."""

    def line(code: int, k: int, yes: int = 0, no: int = 0) -> bytes:
        return struct.pack("=HBBI", code, yes, no, k)

    load, equal, any_bit, answer = 0x20, 0x15, 0x45, 0x06
    ask, allow = line(answer, 0x7FC00000), line(answer, 0x7FFF0000)
    program = [line(load, 0)]
    for name, (number, _, _) in CALLS.items():
        flags = _FLAGS.get(name)
        if flags is None:
            program += [line(equal, number, 0, 1), ask]
        else:  # only files opened for writing or created
            writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT
            program += [line(equal, number, 0, 4), line(load, 16 + 8 * flags), line(any_bit, writing, 0, 1), ask, allow]
    code = b"".join([*program, allow])
    lines = ctypes.create_string_buffer(code)
    described = struct.pack("@HP", len(code) // 8, ctypes.addressof(lines))
    system = ctypes.CDLL(None, use_errno=True)
    if system.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
    listener: int = system.syscall(_SECCOMP, _FILTER, _WITH_LISTENER, described)
    if listener < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), "seccomp")
    return listener


def _ioctl(file: int, request: int, argument: bytearray) -> None:
    import fcntl  # not on Windows

    fcntl.ioctl(file, request, argument)


def _notices(listener: int, process: int) -> Iterator[tuple[int, ...]]:
    """Notifications of the kernel, until the process has ended."""
    ended = os.pidfd_open(process)
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    poll.register(ended, select.POLLIN)
    try:
        while True:
            ready = dict(poll.poll())
            if ready.get(listener, 0) & select.POLLIN:
                notice = bytearray(_NOTICE.size)
                with contextlib.suppress(FileNotFoundError):  # interrupted by a signal: the call is repeated
                    _ioctl(listener, _RECEIVE, notice)
                    yield _NOTICE.unpack(notice)
            elif ended in ready:
                return
    finally:
        os.close(ended)


def _call_of(notice: tuple[int, ...]) -> Call | None:
    """The call, with the file or folder that it writes to; None if that has no name."""
    _, process, _, number, _, _, *arguments = notice
    name = _NAMES[number]
    _, place, is_path = CALLS[name]
    try:
        if not is_path:
            return Call(name, Path(f"/proc/{process}/fd/{arguments[place]}").readlink())
        path = Path(os.fsdecode(_text(process, arguments[place])))
        relative = _RELATIVE.get(name)
        descriptor = -1 if relative is None else ctypes.c_int32(arguments[relative]).value
        above = Path(f"/proc/{process}/{f'fd/{descriptor}' if descriptor >= 0 else 'cwd'}").readlink()
        return Call(name, Path(os.path.normpath(above / path)))
    except OSError:  # the process has ended, or the path cannot be read
        return None


def _text(process: int, address: int) -> bytes:
    """The null-terminated string at an address in the memory of a process."""
    found = b""
    with Path(f"/proc/{process}/mem").open("rb", buffering=0) as memory:
        while b"\0" not in found and len(found) < _LONGEST_PATH:
            memory.seek(address + len(found))
            found += memory.read(64 - (address + len(found)) % 64)  # never across a page boundary
    return found.partition(b"\0")[0]
