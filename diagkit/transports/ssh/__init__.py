"""SSH: one connection to a machine, one session channel on it, one framed script for each round of questions.

The way up, and the layers where it may end:

    config/          what the user's configuration says about the target   NAME
    connect.py       its addresses, and a TCP connection to one of them    NAME, ROUTE, TCP
    by_paramiko/     versions, key exchange, channels                      BANNER
    host_keys/       whether it is the right machine                       HOST_KEY
    login/           proving who we are                                    AUTHENTICATION
    transport.py     all of it for one target; then the shell              SHELL

    by_openssh/      the same by the system's own ssh, for what paramiko cannot do
    switchboard.py   what the connections of one run share: the jump hosts on the way
    pacing.py        how fast servers, jump hosts and networks are called upon
"""
