# MAV in a container: docs/containers.md
#
#   docker build -t mav .                              the embedded model and other small Llamas
#   docker build -t mav:full --build-arg EXTRA=torch . all models, on the CPU

ARG PYTHON_IMAGE=python:3.12-slim
ARG NODE_IMAGE=node:22-slim

FROM ${NODE_IMAGE} AS site
WORKDIR /src
COPY frontend/package.json frontend/package-lock.json frontend/
RUN npm ci --prefix frontend --no-audit --no-fund
COPY . .
RUN npm run build --prefix frontend

FROM ${PYTHON_IMAGE} AS engine
RUN apt-get update \
  && apt-get install -y --no-install-recommends gcc libc6-dev \
  && rm -rf /var/lib/apt/lists/*
RUN pip install --no-cache-dir --root-user-action=ignore uv==0.13.9
ENV UV_LINK_MODE=copy UV_NO_CACHE=1
WORKDIR /src
# Packages before the code, so that a change of the code does not install them again.
COPY pyproject.toml requirements.txt ./
# An extra of pyproject.toml, such as torch or quantized.
ARG EXTRA=
# The build of torch: cpu, or for GPUs one such as cu130. Empty takes what the index gives.
ARG TORCH_BACKEND=cpu
RUN uv venv /opt/mav \
  && uv pip install --python /opt/mav -r pyproject.toml -c requirements.txt \
    ${EXTRA:+--extra "$EXTRA"} ${TORCH_BACKEND:+--torch-backend "$TORCH_BACKEND"}
COPY . .
COPY --from=site /src/frontend/out frontend/out
RUN uv pip install --python /opt/mav --no-deps .
# What packages bring for their own tests, and for compiling against them.
# Small models come from the hub over plain HTTP without hf-xet and its 11 MB.
RUN if [ -z "$EXTRA" ]; then uv pip uninstall --python /opt/mav hf-xet; fi \
  && find /opt/mav -depth \( -path '*/numpy/*tests' -o -path '*/sympy/*tests' \
    -o -path '*/networkx/*tests' -o -path '*/torch/test' -o -path '*/torch/include' \
    -o -path '*/torch/share' -o -path '*/torch/bin/*' ! -name torch_shm_manager \
    -o -name '*.pyi' -o -name '*.a' \) -exec rm -r {} +

FROM ${PYTHON_IMAGE}
# OpenMP, for the compiled code; and a folder for a volume, which any user may write to.
RUN apt-get update \
  && apt-get install -y --no-install-recommends libgomp1 \
  && rm -rf /var/lib/apt/lists/* \
  && install -d -m 1777 /models
COPY --from=engine /opt/mav /opt/mav
# Only /tmp is written to; models of the hub are downloaded there.
ENV PATH=/opt/mav/bin:$PATH HOME=/tmp HF_HOME=/tmp/huggingface
RUN --mount=type=bind,source=deploy/first_run.py,target=/mnt/first_run.py python /mnt/first_run.py
ENV PYTHONDONTWRITEBYTECODE=1 PORT=7860
USER 1000
EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["python", "-c", "import os, urllib.request as request; request.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/api/health', timeout=4)"]
CMD ["mav", "serve", "--host", "0.0.0.0"]
