# The bot alone; docker-compose.yml adds Redis. Nothing is compiled: every package comes as a wheel,
# which the -slim (glibc) image can use and an Alpine one could not.
#
# `make pin` writes the digests of the base images here, as a release does before it builds; then
# dependabot renews them, so that security updates still come.
FROM python:3.13-slim-trixie AS build
WORKDIR /src
COPY requirements.lock requirements-build.lock ./
# Two environments: one that builds the wheel and stays behind, one without pip that is kept.
RUN python -m venv /opt/build \
    && /opt/build/bin/pip install --no-cache-dir --disable-pip-version-check \
        --require-hashes --only-binary :all: --requirement requirements-build.lock \
    && python -m venv --without-pip /opt/isclaudedown \
    && /opt/build/bin/pip --python /opt/isclaudedown install --no-cache-dir \
        --disable-pip-version-check --require-hashes --only-binary :all: \
        --requirement requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY adapters adapters
RUN /opt/build/bin/hatchling build --target wheel --directory dist \
    && /opt/build/bin/pip --python /opt/isclaudedown install --no-cache-dir \
        --disable-pip-version-check --no-deps --no-index dist/*.whl

FROM python:3.13-slim-trixie
LABEL org.opencontainers.image.title="isclaudedown" \
    org.opencontainers.image.description="Is it Claude, or is it me? Answers in Slack, Discord and the terminal." \
    org.opencontainers.image.licenses="MIT"
# Nothing that installs stays: the bot needs no pip, and whoever breaks in gets none.
RUN rm -rf /usr/local/lib/python3.*/site-packages/* /usr/local/lib/python3.*/ensurepip \
        /usr/local/bin/pip* \
    && groupadd --gid 10001 isclaudedown \
    && useradd --uid 10001 --gid 10001 --home-dir /var/lib/isclaudedown --create-home \
        --shell /usr/sbin/nologin isclaudedown
COPY --from=build /opt/isclaudedown /opt/isclaudedown
ENV PATH=/opt/isclaudedown/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    ISCLAUDEDOWN_DATA_DIR=/var/lib/isclaudedown
# By number: Kubernetes (`runAsNonRoot`) cannot know that a name is not root.
USER 10001:10001
WORKDIR /var/lib/isclaudedown
# Used when no REDIS_URL is given: then the embedded store keeps its data here.
VOLUME /var/lib/isclaudedown
# Healthy while a running bot's heartbeat in the store is young. The first poll may take a while.
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 \
    CMD ["isclaudedown", "health"]
ENTRYPOINT ["isclaudedown"]
CMD ["run"]
