# Three images of one file: `runtime` (the last, so the default), `gpu` (CUDA), and what builds them.
# Tags are full versions; put a digest behind them (name:tag@sha256:…) where builds must be the same
# for ever.

FROM python:3.11.14-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
# Without pip in it: nothing is installed in a container that runs.
RUN python -m venv --without-pip /opt/taglake
COPY requirements/core.lock requirements/core.lock
RUN python -m pip --python /opt/taglake/bin/python install --require-hashes -r requirements/core.lock
COPY pyproject.toml README.md LICENSE ./
COPY lake/ lake/
COPY ingestors/ ingestors/
COPY enrichment/ enrichment/
COPY analysis/ analysis/
COPY api/ api/
COPY kibana/ kibana/
COPY taglake/ taglake/
COPY index_templates/ index_templates/
RUN python -m pip --python /opt/taglake/bin/python install --no-deps .
COPY docker/healthy.py /opt/taglake/healthy.py

FROM build AS build-gpu
COPY requirements/gpu.lock requirements/gpu.lock
# The two packages share files, so the one for CPUs goes first (docs/model-folders.md).
RUN python -m pip --python /opt/taglake/bin/python uninstall --yes onnxruntime \
    && python -m pip --python /opt/taglake/bin/python install --require-hashes -r requirements/gpu.lock

FROM python:3.11.14-slim-bookworm AS base
RUN groupadd --system --gid 10001 taglake \
    && useradd --system --uid 10001 --gid taglake --home-dir /var/lib/taglake \
       --shell /usr/sbin/nologin taglake \
    && install --directory --owner=taglake --group=taglake --mode=0750 /var/lib/taglake
ENV PATH=/opt/taglake/bin:$PATH \
    HOME=/var/lib/taglake \
    HF_HOME=/var/lib/taglake/huggingface \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
COPY docker/config.yaml /etc/taglake/config.yaml
WORKDIR /var/lib/taglake
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 \
    CMD ["python", "/opt/taglake/healthy.py", "api"]
ENTRYPOINT ["taglake", "--config", "/etc/taglake/config.yaml"]
CMD ["api"]

FROM base AS gpu
COPY --from=build-gpu /opt/taglake /opt/taglake
# What the NVIDIA container toolkit makes visible; the CUDA libraries are in the environment.
ENV NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility

FROM base AS runtime
COPY --from=build /opt/taglake /opt/taglake
