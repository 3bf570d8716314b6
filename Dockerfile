# The image of credence: built where a compiler is, run where none is.
#
#     docker build --tag credence .
#     docker run --publish 127.0.0.1:8000:8000 --volume credence:/var/lib/credence --read-only --tmpfs /tmp credence
#
# What is pinned: Python's minor version and Debian's release by the tag; pip, setuptools and every Python package by
# version and hash in locks/. What is not: the tag's digest (write it behind the tag as @sha256:… where two builds must
# be the same bit for bit) and gcc, which only compiles.
#
# The process listens on all addresses of its container and asks for keys, which travel in the clear: publish its port on
# the loopback address only, as above and in compose.yaml, or behind a proxy that ends TLS.

FROM python:3.13-slim-bookworm AS builder
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY scripts/ scripts/
COPY locks/ locks/
RUN sh scripts/install.sh /opt/credence locked
COPY pyproject.toml README.md LICENSE ./
COPY api/ api/
COPY engine/ engine/
COPY files/ files/
COPY receivables/ receivables/
COPY ledger/ ledger/
COPY rules/ rules/
COPY schema/ schema/
COPY docs/order.json docs/order.json
# nothing is installed into the image once it runs, so what installs goes last
RUN /opt/credence/bin/pip install --no-cache-dir --no-deps --no-build-isolation . \
    && /opt/credence/bin/pip uninstall --yes packaging setuptools wheel pip

FROM python:3.13-slim-bookworm
# a number that stays, so that files on a volume keep their owner from one image to the next
RUN groupadd --gid 10001 credence \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/credence --shell /usr/sbin/nologin credence \
    && install --directory --owner=credence --group=credence --mode=0700 /var/lib/credence
COPY --from=builder /opt/credence /opt/credence
# the default policies; a folder mounted here takes their place
COPY rules/ /srv/credence/rules/
WORKDIR /srv/credence
ENV PATH=/opt/credence/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    CREDENCE_RULES=/srv/credence/rules \
    CREDENCE_JOURNAL=/var/lib/credence/credence.db \
    CREDENCE_HOST=0.0.0.0 \
    CREDENCE_PORT=8000
USER 10001:10001
# the journal is all that is written; the rest of the file system may be read-only, with a tmpfs on /tmp
VOLUME /var/lib/credence
EXPOSE 8000
# whether it answers, not whether it is ready: a restart mends no policy that doesn't check (docs/operations.md, Health)
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import http.client, os, sys; c = http.client.HTTPConnection('127.0.0.1', int(os.environ['CREDENCE_PORT']), timeout=2); c.request('GET', '/healthz'); sys.exit(c.getresponse().status != 200)"]
CMD ["python", "-m", "api.http"]
