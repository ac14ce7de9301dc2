"""A small HTTP/1.1 server on asyncio: whole requests in, replies whole or streamed out.

It knows nothing of what is served: a handler, and the limits for clients, are given to it.
"""

from claude_code_proxy.http1.contract import Fault, Gate, Handler, Limits, OnError, plain_fault
from claude_code_proxy.http1.listeners import bind
from claude_code_proxy.http1.request import Request
from claude_code_proxy.http1.responder import Headers, Responder
from claude_code_proxy.http1.server import Server
