# One image for every part of a site: the program, and nats-server, which comes as one of its packages.
FROM python:3.11-slim-bookworm AS build
ENV UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_PROJECT_ENVIRONMENT=/opt/portfolio \
    UV_PYTHON_DOWNLOADS=never
RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /build
# What others wrote changes seldom: a layer of its own.
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --no-dev --no-install-project
COPY README.md LICENSE ./
COPY schemas schemas
COPY ledger ledger
COPY projections projections
COPY tui tui
RUN uv sync --frozen --no-dev --no-editable

FROM python:3.11-slim-bookworm
RUN groupadd --gid 10001 portfolio \
    && useradd --uid 10001 --gid portfolio --no-create-home --home-dir /data --shell /usr/sbin/nologin portfolio \
    && install --directory --owner=portfolio --group=portfolio --mode=0700 /data
COPY --from=build /opt/portfolio /opt/portfolio
ENV PATH=/opt/portfolio/bin:$PATH \
    PORTFOLIO_DATA=/data \
    PYTHONUNBUFFERED=1
WORKDIR /data
USER 10001:10001
ENTRYPOINT ["portfolio"]
CMD ["--help"]
