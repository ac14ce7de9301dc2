"""Where the credential for the upstream comes from: the precedence, and the login file that Claude Code keeps."""
