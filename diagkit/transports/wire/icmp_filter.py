"""What a raw socket need not hear.

It hears every ICMP packet that comes to this machine: of a hundred hosts that are pinged at once, each socket would
hear the answers of all. So the kernel is told the types that matter, which it looks at before it makes a copy of a
packet, and given a program (classic BPF) that lets pass what is meant for one socket.
"""

from __future__ import annotations

import ctypes
import errno
import socket
import struct

ATTACH_FILTER = 26  # SO_ATTACH_FILTER of Linux
TYPES_FILTER = {socket.AF_INET: (255, 1), socket.AF_INET6: (socket.IPPROTO_ICMPV6, 1)}  # ICMP_FILTER, ICMP6_FILTER
MATTER = {  # echo replies; unreachable, too big, time exceeded, and the like
    socket.AF_INET: (0, 3, 4, 5, 11, 12),
    socket.AF_INET6: (1, 2, 3, 4, 129),
}
NOT_THERE = (errno.ENOPROTOOPT, errno.EINVAL, errno.EPERM)
ECHO_REPLY = {socket.AF_INET: 0, socket.AF_INET6: 129}
IP_HEADER = {socket.AF_INET: 20, socket.AF_INET6: 40}  # bytes, of the packet that a router complains about

# instructions of linux/filter.h; X is a register, A another
LDX_IMM, LDX_MSH, LDB_IND, LDH_IND, JEQ, JA, RET = 0x01, 0xB1, 0x50, 0x48, 0x15, 0x05, 0x06


def hear_only(sock: socket.socket, number: int) -> None:
    """Let nothing pass but replies to echo requests of this number, and complaints about these.

    Where the system takes no such program, all is heard as before: who reads the packets looks at the number too.
    """
    four = sock.family == socket.AF_INET
    program = (
        (LDX_MSH if four else LDX_IMM, 0, 0, 0),  # X = where ICMP begins: an IPv4 packet comes with its header
        (LDB_IND, 0, 0, 0),  # A = type
        (JEQ, 0, 2, ECHO_REPLY[sock.family]),
        (LDH_IND, 0, 0, 4),  # A = number of the reply
        (JA, 0, 0, 1),
        (LDH_IND, 0, 0, 8 + IP_HEADER[sock.family] + 4),  # A = number of the packet complained about
        (JEQ, 0, 1, number),
        (RET, 0, 0, 0xFFFF),  # take all of it
        (RET, 0, 0, 0),  # drop it
    )
    kept = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *instruction) for instruction in program))
    described = struct.pack("@HP", len(program), ctypes.addressof(kept))
    unheard = [0xFFFFFFFF] * (1 if four else 8)  # a bit for each type
    for kind in MATTER[sock.family]:
        unheard[kind // 32] &= ~(1 << kind % 32)
    try:
        sock.setsockopt(*TYPES_FILTER[sock.family], struct.pack(f"={len(unheard)}I", *unheard))
        sock.setsockopt(socket.SOL_SOCKET, ATTACH_FILTER, described)
    except OSError as error:
        if error.errno not in NOT_THERE:
            raise
