# The bot alone; docker-compose.yml adds Redis. Nothing is compiled: every package comes as a wheel,
# which the -slim (glibc) image can use and an Alpine one could not.
FROM python:3.13-slim AS build
WORKDIR /src
RUN python -m venv /opt/isclaudedown
COPY requirements.lock .
RUN /opt/isclaudedown/bin/pip install --no-cache-dir --disable-pip-version-check \
    --require-hashes --only-binary :all: --requirement requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY adapters adapters
RUN /opt/isclaudedown/bin/pip install --no-cache-dir --disable-pip-version-check \
    --no-deps --no-build-isolation .

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/isclaudedown --create-home isclaudedown
COPY --from=build /opt/isclaudedown /opt/isclaudedown
ENV PATH=/opt/isclaudedown/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    ISCLAUDEDOWN_DATA_DIR=/var/lib/isclaudedown
USER isclaudedown
WORKDIR /var/lib/isclaudedown
# Used when no REDIS_URL is given: then the embedded store keeps its data here.
VOLUME /var/lib/isclaudedown
# Healthy while a running bot's heartbeat in the store is young. The first poll may take a while.
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 \
    CMD ["isclaudedown", "health"]
ENTRYPOINT ["isclaudedown"]
CMD ["run"]
