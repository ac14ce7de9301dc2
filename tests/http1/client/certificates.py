"""Certificates for TLS servers on loopback: an authority, and what it has signed; valid until 2120 but for the expired.

Made for these tests alone. The key is no secret: it stands here to be read, protects nothing, and the authority's own
key was thrown away.
"""

import base64
import ssl
import tempfile
from pathlib import Path

_KEY = (
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg+fSU+cK8UA5DIxk+m3sOzkQNh7F/JGqMJOJYRUuHodOhRANCAAT5IkBMBcQBQrOx"
    "/DYkyhGqkBSAqXkp16cdOA54wq3UmUzua5iRfCxbLTRd569RINsaIInZMkSGXUW7dj1/Mo+3"
)
AUTHORITY = (
    "MIIBcDCCARWgAwIBAgIBATAKBggqhkjOPQQDAjAeMRwwGgYDVQQDDBNhdXRob3JpdHkgZm9yIHRlc3RzMCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAw"
    "MTAxMDAwMDAwWjAeMRwwGgYDVQQDDBNhdXRob3JpdHkgZm9yIHRlc3RzMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEzBG/geSxS0ZkbHItu/w6"
    "XiNbscjrbFh6m4zMjrwRFoFy1fvdVsvJX383HMPThHGHypSnayubV+z5fy1d2fgwsKNCMEAwDwYDVR0TAQH/BAUwAwEB/zAOBgNVHQ8BAf8EBAMC"
    "AQYwHQYDVR0OBBYEFCR7mimg0HbGwYm/SBvWyNAJmISqMAoGCCqGSM49BAMCA0kAMEYCIQCY+sSB6b3zvozv8VytvcTk870B6oxTShqscUqeUu9R"
    "wQIhAIjvtBLSJdQih5CWFTLh+pFZvJN/B5xX4G+87S1VXh8K"
)
LOCALHOST = (
    "MIIByDCCAW6gAwIBAgIBAjAKBggqhkjOPQQDAjAeMRwwGgYDVQQDDBNhdXRob3JpdHkgZm9yIHRlc3RzMCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAw"
    "MTAxMDAwMDAwWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAT5IkBMBcQBQrOx/DYkyhGqkBSAqXkp16cd"
    "OA54wq3UmUzua5iRfCxbLTRd569RINsaIInZMkSGXUW7dj1/Mo+3o4GkMIGhMAwGA1UdEwEB/wQCMAAwDgYDVR0PAQH/BAQDAgeAMBMGA1UdJQQM"
    "MAoGCCsGAQUFBwMBMB0GA1UdDgQWBBTEQ2aCndFaPVOBPcJDfK528WioZjAfBgNVHSMEGDAWgBQke5opoNB2xsGJv0gb1sjQCZiEqjAsBgNVHREE"
    "JTAjgglsb2NhbGhvc3SHBH8AAAGHEAAAAAAAAAAAAAAAAAAAAAEwCgYIKoZIzj0EAwIDSAAwRQIgPB0YGf/pUe+EzxgzelBdUt9qYmpQ3HVanNit"
    "E3DABggCIQCiGm+d+a6AR1IX1ZfyjxpuS2g8hlbbcp3NmIWNQHWCXg=="
)
ELSEWHERE = (
    "MIIBujCCAWCgAwIBAgIBAzAKBggqhkjOPQQDAjAeMRwwGgYDVQQDDBNhdXRob3JpdHkgZm9yIHRlc3RzMCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAw"
    "MTAxMDAwMDAwWjAZMRcwFQYDVQQDDA5lbHNld2hlcmUudGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABPkiQEwFxAFCs7H8NiTKEaqQFICp"
    "eSnXpx04DnjCrdSZTO5rmJF8LFstNF3nr1Eg2xogidkyRIZdRbt2PX8yj7ejgZEwgY4wDAYDVR0TAQH/BAIwADAOBgNVHQ8BAf8EBAMCB4AwEwYD"
    "VR0lBAwwCgYIKwYBBQUHAwEwHQYDVR0OBBYEFMRDZoKd0Vo9U4E9wkN8rnbxaKhmMB8GA1UdIwQYMBaAFCR7mimg0HbGwYm/SBvWyNAJmISqMBkG"
    "A1UdEQQSMBCCDmVsc2V3aGVyZS50ZXN0MAoGCCqGSM49BAMCA0gAMEUCIQDeq8t6LW8daVZ5Fm1BG13vkUnY8Ca25BoBw/BxDKN63gIgApYZGjTD"
    "niWYDtIdRrQ6uEItsj/MXywVEE9IcU93rBU="
)
EXPIRED = (
    "MIIBsjCCAVigAwIBAgIBBDAKBggqhkjOPQQDAjAeMRwwGgYDVQQDDBNhdXRob3JpdHkgZm9yIHRlc3RzMB4XDTIwMDEwMTAwMDAwMFoXDTIxMDEw"
    "MTAwMDAwMFowEjEQMA4GA1UEAwwHZXhwaXJlZDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABPkiQEwFxAFCs7H8NiTKEaqQFICpeSnXpx04DnjC"
    "rdSZTO5rmJF8LFstNF3nr1Eg2xogidkyRIZdRbt2PX8yj7ejgZIwgY8wDAYDVR0TAQH/BAIwADAOBgNVHQ8BAf8EBAMCB4AwEwYDVR0lBAwwCgYI"
    "KwYBBQUHAwEwHQYDVR0OBBYEFMRDZoKd0Vo9U4E9wkN8rnbxaKhmMB8GA1UdIwQYMBaAFCR7mimg0HbGwYm/SBvWyNAJmISqMBoGA1UdEQQTMBGC"
    "CWxvY2FsaG9zdIcEfwAAATAKBggqhkjOPQQDAgNIADBFAiEArIVJDOhzV47GQ7a9g00cB7Q6K1uwt8/MZWENzySpRIECIC2Id7q5aOZ4yACDxo7a"
    "OMs8uAC4lk6kqqxFwfnFxL37"
)


def authority_pem() -> str:
    return ssl.DER_cert_to_PEM_cert(base64.b64decode(AUTHORITY))


def client_context() -> ssl.SSLContext:
    """Trusts the authority and nobody else."""
    return ssl.create_default_context(cadata=authority_pem())


def server_context(certificate: str = LOCALHOST) -> ssl.SSLContext:
    key = base64.encodebytes(base64.b64decode(_KEY)).decode()
    kind = "PRIVATE KEY"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "server.pem")
        path.write_text(
            ssl.DER_cert_to_PEM_cert(base64.b64decode(certificate))
            + f"-----BEGIN {kind}-----\n{key}-----END {kind}-----\n",
            encoding="ascii",
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
    return context
