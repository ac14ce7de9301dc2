# Two images. The default has Claude Code in it and serves API keys and logins; `--target slim` serves API keys alone.
# Needs BuildKit (Docker 23 or newer), Podman or buildah. Behind a proxy that inspects TLS, two optional secrets:
#   --secret id=pip.conf,src=…   pip's configuration      --secret id=ca.crt,src=…   the certificates it names
ARG BASE=docker.io/library/debian:trixie-slim

# What both images stand on: the base, its Python, and how the proxy is started.
FROM ${BASE} AS ground
# Security updates of the base come with a rebuild, so its packages are not pinned. What Python does not need to run goes.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install --yes --no-install-recommends python3 \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt /var/cache/debconf/*-old /var/log/* /usr/share/doc /usr/share/man \
      /usr/share/info /usr/share/lintian /usr/lib/python3*/pydoc_data /usr/lib/python3*/test \
 && mkdir -p /usr/lib/ssl && ln -s /etc/ssl/certs/ca-certificates.crt /usr/lib/ssl/cert.pem \
 && chmod 0711 /root
ENV PATH=/opt/claude-code-proxy/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOST=0.0.0.0 \
    ALLOW_KEYLESS=true \
    PORT=8080 \
    CLAUDE_CONFIG_DIR=/root/.claude
WORKDIR /tmp
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["python", "-IS", "-c", "import http.client, os; c = http.client.HTTPConnection('127.0.0.1', int(os.environ.get('PORT') or 8080), timeout=4); c.request('GET', '/health'); raise SystemExit(c.getresponse().status != 200)"]
ENTRYPOINT ["/usr/local/bin/entrypoint"]
CMD ["claude-code-proxy", "serve"]

# What builds, and is in neither image: pip, the build backend, and the proxy's own wheel.
FROM ground AS workshop
# hadolint ignore=DL3008,DL3009
RUN apt-get update && apt-get install --yes --no-install-recommends binutils ca-certificates python3-venv
COPY deploy/docker/trim.sh /build/trim
COPY requirements /build/requirements
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf --mount=type=secret,id=ca.crt,target=/run/ca.crt \
    python3 -m venv /build/pip \
 && /build/pip/bin/pip install --no-cache-dir --require-hashes -r /build/requirements/build.txt
COPY LICENSE README.md pyproject.toml /build/
COPY src /build/src
RUN /build/pip/bin/pip wheel --no-cache-dir --no-index --no-deps --no-build-isolation --wheel-dir /build/wheels /build

FROM workshop AS slim-install
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf --mount=type=secret,id=ca.crt,target=/run/ca.crt \
    python3 -m venv --without-pip /opt/claude-code-proxy \
 && /build/pip/bin/pip --python /opt/claude-code-proxy install --no-cache-dir --no-compile --only-binary :all: \
      --require-hashes -r /build/requirements/run.txt \
 && /build/pip/bin/pip --python /opt/claude-code-proxy install --no-cache-dir --no-compile --no-index --no-deps \
      /build/wheels/*.whl \
 && sh /build/trim /opt/claude-code-proxy

FROM workshop AS full-install
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf --mount=type=secret,id=ca.crt,target=/run/ca.crt \
    python3 -m venv --without-pip /opt/claude-code-proxy \
 && /build/pip/bin/pip --python /opt/claude-code-proxy install --no-cache-dir --no-compile --only-binary :all: \
      --require-hashes -r /build/requirements/claude-code.txt -r /build/requirements/images.txt \
 && /build/pip/bin/pip --python /opt/claude-code-proxy install --no-cache-dir --no-compile --no-index --no-deps \
      /build/wheels/*.whl \
 && sh /build/trim /opt/claude-code-proxy \
 && ln -s "$(echo /opt/claude-code-proxy/lib/python3*/site-packages/claude_agent_sdk/_bundled/claude)" \
      /opt/claude-code-proxy/bin/claude

FROM ground AS slim
LABEL org.opencontainers.image.title="claude-code-proxy (slim)" \
      org.opencontainers.image.description="An OpenAI-compatible API in front of the Anthropic Messages API, for API keys" \
      org.opencontainers.image.licenses="MIT"
COPY --from=workshop /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --chmod=0755 deploy/docker/entrypoint.sh /usr/local/bin/entrypoint
COPY --from=slim-install /opt/claude-code-proxy /opt/claude-code-proxy

# Built by its owner and published by nobody: Claude Code is Anthropic's, all rights reserved.
FROM ground AS full
LABEL org.opencontainers.image.title="claude-code-proxy" \
      org.opencontainers.image.description="An OpenAI-compatible API in front of Claude, with Claude Code in it; not for redistribution" \
      org.opencontainers.image.licenses="MIT AND LicenseRef-Anthropic-Claude-Code"
COPY --from=workshop /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --chmod=0755 deploy/docker/entrypoint.sh /usr/local/bin/entrypoint
COPY --from=full-install /opt/claude-code-proxy /opt/claude-code-proxy
