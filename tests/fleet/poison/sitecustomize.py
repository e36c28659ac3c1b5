"""What befalls whoever asks hosts of certain names. Every Python that has this folder on its path begins with it.

deadly: takes down the process that asks it. hanging: stops it for good. slow-…: takes its time.
AS_VERSION: this process has diagkit, of another version. WITHOUT: it has none.
"""

import os
import signal
import sys
import time

SECONDS = float(os.environ.get("SECONDS", "3"))


def befall(self, asks, moment):
    if self.target.label == "deadly":
        os.kill(os.getpid(), signal.SIGKILL)
    if self.target.label == "hanging":
        os.kill(os.getpid(), signal.SIGSTOP)
    if self.target.label.startswith("slow-"):
        time.sleep(SECONDS)
    return ask(self, asks, moment)


if "WITHOUT" in os.environ:
    sys.modules["diagkit"] = None
else:
    import diagkit
    from diagkit.transports.ssh.transport import Ssh

    diagkit.__version__ = os.environ.get("AS_VERSION", diagkit.__version__)
    ask, Ssh.ask = Ssh.ask, befall
