"""A stand-in for the service's token endpoint, on loopback, for a Claude Code that sees other hosts than the machine.

Only within a network of the test's own: it listens where the real one does, by name and port.
"""

import asyncio
import json
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

HOSTS = ("platform.claude.com", "console.anthropic.com", "api.anthropic.com")
_NEW = {"token_type": "Bearer", "refresh_token": "sk-ant-ort01-next", "scope": "user:inference user:profile"}


class TokenEndpoint:
    """`posts` counts what it was asked; it answers `status` after `delay` seconds, with a token for `seconds`."""

    def __init__(self, directory: Path) -> None:
        self.posts = 0
        self.delay = 0.0
        self.status = 200
        self.seconds = 28_800
        self._directory = directory

    @property
    def certificate(self) -> Path:
        return self._directory / "certificate.pem"

    @property
    def before(self) -> list[str]:
        """What makes a command see this endpoint in the real one's place, and nothing else of the sort."""
        hosts = self._directory / "hosts"
        hosts.write_text("127.0.0.1 localhost\n" + "".join(f"127.0.0.1 {host}\n" for host in HOSTS))
        return ["unshare", "--mount", "sh", "-c", f'mount --bind {hosts} /etc/hosts && exec "$@"', "sh"]

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
        )
        await reader.readexactly(length)
        status, told = 404, b"{}"
        if head.startswith(b"POST /v1/oauth/token"):
            self.posts += 1
            await asyncio.sleep(self.delay)
            status, told = self.status, self._told()
        fields = f"HTTP/1.1 {status} Told\r\ncontent-type: application/json\r\ncontent-length: {len(told)}\r\n"
        writer.write(f"{fields}connection: close\r\n\r\n".encode() + told)
        await writer.drain()
        writer.close()

    def _told(self) -> bytes:
        if self.status != 200:
            return json.dumps({"error": "invalid_grant", "error_description": "Refresh token not found"}).encode()
        return json.dumps({
            **_NEW,
            "access_token": f"sk-ant-oat01-new-{self.posts}",
            "expires_in": self.seconds,
        }).encode()


@asynccontextmanager
async def token_endpoint(directory: Path) -> AsyncIterator[TokenEndpoint]:
    made = TokenEndpoint(directory)
    key = directory / "key.pem"
    names = ",".join(f"DNS:{host}" for host in HOSTS)
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test"]
    files = ["-keyout", str(key), "-out", str(made.certificate), "-addext", f"subjectAltName={names}"]
    subprocess.run([*command, *files], check=True, capture_output=True)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(made.certificate, key)
    server = await asyncio.start_server(made.answer, "127.0.0.1", 443, ssl=tls)
    try:
        yield made
    finally:
        server.close()
