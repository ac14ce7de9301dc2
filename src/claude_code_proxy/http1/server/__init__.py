"""A small HTTP/1.1 server on asyncio: whole requests in, replies whole or streamed out.

It knows nothing of what is served: a handler, and the limits for clients, are given to it.
"""

from claude_code_proxy.http1.server.listeners import bind as bind
from claude_code_proxy.http1.server.request import Request as Request
from claude_code_proxy.http1.server.responder import Headers as Headers
from claude_code_proxy.http1.server.responder import Responder as Responder
from claude_code_proxy.http1.server.server import Server as Server
from claude_code_proxy.http1.server.types import ErrorRenderer as ErrorRenderer
from claude_code_proxy.http1.server.types import Handler as Handler
from claude_code_proxy.http1.server.types import HeadCheck as HeadCheck
from claude_code_proxy.http1.server.types import OnError as OnError
from claude_code_proxy.http1.server.types import ServerLimits as ServerLimits
from claude_code_proxy.http1.server.types import plain_error as plain_error
