"""Whether a server is the machine it ought to be: host keys, judged as OpenSSH judges them."""
