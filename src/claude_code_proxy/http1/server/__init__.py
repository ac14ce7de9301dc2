"""A small HTTP/1.1 server on asyncio: a handler answers requests, whole or as streams, or takes a connection over.

It knows nothing of what is served: its user gives it a handler, and limits for clients. Read `connection` first.
"""

from claude_code_proxy.http1.server.listeners import bind as bind
from claude_code_proxy.http1.server.request import Request as Request
from claude_code_proxy.http1.server.responder import Headers as Headers
from claude_code_proxy.http1.server.responder import Responder as Responder
from claude_code_proxy.http1.server.server import Server as Server
from claude_code_proxy.http1.server.streams import InputStream as InputStream
from claude_code_proxy.http1.server.streams import RawConnection as RawConnection
from claude_code_proxy.http1.server.types import ErrorRenderer as ErrorRenderer
from claude_code_proxy.http1.server.types import Handler as Handler
from claude_code_proxy.http1.server.types import HeadCheck as HeadCheck
from claude_code_proxy.http1.server.types import OnError as OnError
from claude_code_proxy.http1.server.types import ServerLimits as ServerLimits
from claude_code_proxy.http1.server.types import plain_error as plain_error
