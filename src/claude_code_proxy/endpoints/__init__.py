"""One folder per client-facing API: pure functions that translate straight to and from the Messages API."""
