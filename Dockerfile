FROM python:3.11.13-slim-bookworm AS install
WORKDIR /build
RUN python -m venv /opt/longtake
ENV PATH=/opt/longtake/bin:$PATH
# Before the code, so that a change of code does not download the packages again.
COPY deploy/runtime.lock ./
RUN pip install --no-cache-dir --require-hashes -r runtime.lock
COPY pyproject.toml README.md LICENSE ./
COPY longtake longtake
RUN pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11.13-slim-bookworm
ENV PATH=/opt/longtake/bin:$PATH \
    PYTHONUNBUFFERED=1
RUN useradd --create-home --uid 10001 longtake \
    && install -d -o longtake -g longtake /app/.longtake
COPY --from=install /opt/longtake /opt/longtake
WORKDIR /app
COPY worker.py ./
COPY workflows workflows
COPY activities activities
USER longtake
CMD ["python", "worker.py"]
