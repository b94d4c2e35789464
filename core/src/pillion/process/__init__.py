"""The frame of every process: command line, logger, service, web server, drain, exit status.

`run` is all of it for a process with an event loop; `launch` is the part before the loop, for
one that needs none.
"""

from pillion.process.launch import launch
from pillion.process.service import Context, Service
from pillion.process.settings import ProcessSettings, WebSettings

__all__ = ["Context", "ProcessSettings", "Service", "WebSettings", "launch"]
