"""Transports ASK: the only folder that touches a machine.

A transport (the protocol is in `model`) puts questions to one machine and never raises for the machine's faults.

    local.py    this machine: a shell of our own, and psutil
    ssh/        another machine: a shell behind one connection, by paramiko or by the system's ssh
    replay.py   a machine as it was: a tape

They share one conversation, whatever carries it:

    shell.py        send a script, listen, give every ask its reply
    questions.py    asks -> questions, in the words of round.sh
    script.py       questions -> lanes -> one POSIX shell program (round.sh, watch.sh, lanes.sh, sift.sh)
    frames.py       the stream that comes back -> frames
    replies.py      frames -> replies: what an exit code and a complaint mean
    allowed.py      the commands that may be run at all

`wire` tests ways over the network, from here or from the machine. `child.py` runs what may block on this machine.
"""
