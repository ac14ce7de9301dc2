"""The tools of the Responses API: what each becomes for Claude, and the items that its calls become for the client."""
