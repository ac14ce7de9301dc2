"""What is undone or checked in the reply: filters between the upstream's events and the endpoint."""
