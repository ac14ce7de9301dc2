"""A small HTTP/1.1 client on asyncio: requests to one origin over a bounded pool of kept connections.

It knows nothing of who is asked, and what for. Its errors are those that `errors.py` has for any upstream, and name the
origin. What it offers is listed here; read `transport` first, then `connection`.
"""

from claude_code_proxy.http1.client.address import Origin as Origin
from claude_code_proxy.http1.client.address import Proxy as Proxy
from claude_code_proxy.http1.client.address import parse_origin as parse_origin
from claude_code_proxy.http1.client.address import parse_proxy as parse_proxy
from claude_code_proxy.http1.client.address import proxy_for as proxy_for
from claude_code_proxy.http1.client.dial import CannotConnect as CannotConnect
from claude_code_proxy.http1.client.dial import ConnectTimeout as ConnectTimeout
from claude_code_proxy.http1.client.limits import ClientLimits as ClientLimits
from claude_code_proxy.http1.client.limits import Timeouts as Timeouts
from claude_code_proxy.http1.client.response import Response as Response
from claude_code_proxy.http1.client.transport import Transport as Transport
from claude_code_proxy.http1.client.transport import encode_headers as encode_headers
