# syntax=docker/dockerfile:1

# Renovate (renovate.json) adds the digests of base images and keeps them current: they can only be looked up where the
# registries are reachable.
# Dependencies, once for all stages, on the build machine: deno itself compiles for the other architecture, so nothing
# is emulated.
FROM --platform=$BUILDPLATFORM denoland/deno:debian-2.9.6 AS sources
WORKDIR /project
ENV DENO_DIR=/deno DENO_NO_UPDATE_CHECK=1
COPY deno.json deno.lock ./
COPY hack hack
COPY src src
RUN deno install --frozen --entrypoint src/main.ts src/pool/worker.ts hack/compile.ts

FROM sources AS test
COPY . .
RUN deno task check && deno task test

FROM sources AS compiled
ARG TARGETARCH
# Deno's trace exporter is built in at compile time or not at all: with true, the image sends traces.
ARG OTEL_DENO=false
COPY LICENSE README.md ./
RUN case "$TARGETARCH" in \
    amd64) target=x86_64-unknown-linux-gnu ;; \
    arm64) target=aarch64-unknown-linux-gnu ;; \
    *) echo "no such architecture: $TARGETARCH" >&2; exit 1 ;; \
  esac \
  && OTEL_DENO="$OTEL_DENO" deno task compile --program kubetail-cluster-agent --target "$target" \
    --no-pack --out /out \
  && mv "/out/$target/kubetail-cluster-agent" /kubetail-cluster-agent

# jemalloc, for the architecture of the image (docs/decisions/0018-jemalloc.md). Debian and Docker name both architectures alike.
FROM --platform=$BUILDPLATFORM debian:bookworm-slim AS jemalloc
ARG TARGETARCH
WORKDIR /jemalloc
RUN dpkg --add-architecture "$TARGETARCH" && apt-get update \
  && apt-get download "libjemalloc2:$TARGETARCH=5.3.0-1" && dpkg-deb --extract ./*.deb . \
  && mv usr/lib/*-linux-gnu/libjemalloc.so.2 usr/share/doc/libjemalloc2/copyright .

# The C library and certificates, no shell, user 65532. The root file system may be read-only: the agent writes nothing.
FROM gcr.io/distroless/cc-debian12:nonroot AS image
COPY --from=compiled /kubetail-cluster-agent /usr/bin/kubetail-cluster-agent
COPY --from=jemalloc /jemalloc/libjemalloc.so.2 /usr/lib/libjemalloc.so.2
COPY --from=jemalloc /jemalloc/copyright /usr/share/doc/libjemalloc2/copyright
# The runtime polls its sockets in every turn, and jemalloc returns freed memory; so does glibc, where jemalloc is not
# loaded: docs/decisions/0017-sockets-in-every-turn.md, 0018-jemalloc.md and 0015-memory-given-back.md.
ENV LD_PRELOAD=/usr/lib/libjemalloc.so.2 \
  DENO_TOKIO_EVENT_INTERVAL=1 \
  MALLOC_CONF=background_thread:true,narenas:1,dirty_decay_ms:2000,muzzy_decay_ms:0,tcache_max:4096 \
  MALLOC_ARENA_MAX=2 \
  MALLOC_MMAP_THRESHOLD_=32768 \
  MALLOC_TRIM_THRESHOLD_=4194304
EXPOSE 50051 9464
USER 65532:65532
ENTRYPOINT ["/usr/bin/kubetail-cluster-agent"]
CMD ["--config=/etc/kubetail/config.yaml"]
