"""aiohttp's server, without the certificates that its client would trust.

aiohttp makes an SSL context for its client when it is imported, and reads all that the system
trusts for it: 50 ms and 2 MB, of which a server needs nothing. The context made here trusts the
same, and reads what it meets.
"""

from pillion.trust import folder_alone

with folder_alone():
    from aiohttp import web

__all__ = ["web"]
