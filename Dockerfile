# docker build --target production --tag cloudops-central:0.1.0.dev0 .
#
# BASE_IMAGE is any glibc image with python3 (3.11 or newer) and its venv module; pin a digest in
# production builds: --build-arg BASE_IMAGE=python:3.13-slim-trixie@sha256:…
ARG BASE_IMAGE=python:3.13-slim-trixie

FROM ${BASE_IMAGE} AS base
# HOME is writable below a read-only root file system and for any user id that a cluster assigns.
# Memory that threads give back is of use to the others: by default each keeps what it had.
ENV PATH=/opt/cloudops/bin:$PATH \
    HOME=/tmp \
    MALLOC_ARENA_MAX=2 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1
WORKDIR /app

# The build backend is locked too, and stays out of the image.
FROM base AS wheel
RUN python3 -m venv /opt/cloudops
COPY requirements-build.txt ./
RUN pip install --require-hashes --requirement requirements-build.txt
COPY LICENSE README.md pyproject.toml ./
COPY operator operator
RUN pip wheel --no-deps --no-build-isolation --wheel-dir /wheels .

# The virtual environment is made here and copied: pip's leftovers stay behind.
FROM base AS build
RUN python3 -m venv /opt/cloudops
# Dependencies first: this layer is rebuilt only when the lock file changes.
COPY requirements.txt ./
RUN pip install --require-hashes --requirement requirements.txt
COPY --from=wheel /wheels /wheels
RUN pip install --no-deps --no-index /wheels/*.whl && python3 -m compileall -q /opt/cloudops

# Tests and tools, the package in place:
#   docker build --target development --tag cloudops-central:tests .
#   docker run --rm cloudops-central:tests pytest -m unit
FROM base AS development
RUN python3 -m venv /opt/cloudops
COPY requirements-build.txt requirements-dev.txt ./
RUN pip install --require-hashes --requirement requirements-build.txt --requirement requirements-dev.txt
COPY . .
RUN pip install --no-deps --no-build-isolation --editable .
USER 65532:65532
HEALTHCHECK NONE
CMD ["pytest", "-m", "unit", "-p", "no:cacheprovider"]

FROM base AS production
COPY --from=build /opt/cloudops /opt/cloudops
USER 65532:65532
EXPOSE 8080
# For Docker and Compose; Kubernetes has probes of its own in the chart.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python3", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8080/livez', timeout=4)"]
ENTRYPOINT ["cloudops"]
CMD ["controller"]

# The same image with another default command, for platforms that take none.
FROM production AS worker
CMD ["worker"]
