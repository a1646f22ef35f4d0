"""The last step before a child is itself: tie it to its parent, give up root, then exec.

Runs as `python -I -S launch.py PARENT_PID DEATH_SIGNAL USER_ID -- PROGRAM ARGUMENTS…`. A program of
its own and not `preexec_fn`, because Python code between fork and exec can deadlock in a parent
that has threads, and ours has (Kafka clients).

PR_SET_PDEATHSIG is what lets no child outlive us, also after kill -9. Three traps:
- it is tied to the *thread* that forked, so children are spawned from the main thread alone;
- a change of user clears it, so it is set after that;
- a parent that died before it was set sends nothing, so we look at our parent afterwards.

USER_ID -1 = stay who we are. Otherwise root becomes that user and keeps one capability: to pass
and read directories that belong to others (a checkout in /root, a temporary directory of mode
0700), so that no permission of any directory has to be changed.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAP_DAC_OVERRIDE = 1  # containers often have this one, and not the next
CAP_DAC_READ_SEARCH = 2
CAPABILITY_VERSION_3 = 0x20080522
PARENT_GONE_STATUS = 113  # any unusual one: it is seen only in a debugger


def _main(arguments: list[str]) -> None:
    parent_pid, death_signal, user_id = (int(argument) for argument in arguments[:3])
    libc = ctypes.CDLL(None, use_errno=True)
    if user_id >= 0:
        _become(libc, user_id)
    if libc.prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "PR_SET_PDEATHSIG was refused")
    if os.getppid() != parent_pid:
        os._exit(PARENT_GONE_STATUS)
    program = arguments[4:]
    os.execv(program[0], program)  # noqa: S606 (no shell is wanted)


def _become(libc: ctypes.CDLL, user_id: int) -> None:
    held = _effective_capabilities(libc)
    keep = next((c for c in (CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE) if held >> c & 1), None)
    libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setgid(user_id)
    os.setuid(user_id)
    if keep is not None:
        _set_capabilities(libc, 1 << keep)
        libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, keep, 0, 0)


def _effective_capabilities(libc: ctypes.CDLL) -> int:
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    data = (ctypes.c_uint32 * 6)()
    libc.capget(header, data)
    return int(data[0])  # the low 32 capabilities' effective set


def _set_capabilities(libc: ctypes.CDLL, mask: int) -> None:
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    data = (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0)
    if libc.capset(header, data) != 0:
        raise OSError(ctypes.get_errno(), "capset was refused")


if __name__ == "__main__":
    _main(sys.argv[1:])
