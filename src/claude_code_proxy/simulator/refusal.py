"""A refusal of the service: status, error type and message, in the exception that every rule raises."""

from typing import Any

KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    405: "invalid_request_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}


class Refusal(Exception):
    """A refused request; `edge` marks an answer of the network before the API: no top-level type, no request id."""

    def __init__(
        self, message: str, status: int = 400, *, edge: bool = False, details: dict[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.kind = KINDS.get(status, "api_error" if status >= 500 else "invalid_request_error")
        self.edge = edge
        self.details = details

    def body(self, request_id: str | None) -> dict[str, Any]:
        error: dict[str, Any] = {"type": self.kind, "message": self.message}
        if self.details is not None:
            error["details"] = self.details
        if self.edge:
            return {"error": error}
        return {"type": "error", "error": error, "request_id": request_id}
