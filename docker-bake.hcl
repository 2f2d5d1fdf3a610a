# docker buildx bake image-local      an image of this machine's architecture, loaded into the local Docker
# docker buildx bake image-all        both architectures (--push to publish)
# docker buildx bake test             the checks and tests in a container

variable "VERSION" {
  default = "0.0.0-dev"
}

variable "REVISION" {
  default = ""
}

variable "IMAGE" {
  default = "kubetail-cluster-agent-deno"
}

group "default" {
  targets = ["image-local"]
}

# docker/metadata-action fills this in in CI: tags and labels of the release.
target "docker-metadata-action" {
  tags = ["${IMAGE}:dev"]
}

target "image" {
  inherits   = ["docker-metadata-action"]
  context    = "."
  dockerfile = "Dockerfile"
  target     = "image"
  labels = {
    "org.opencontainers.image.title"         = "kubetail-cluster-agent-deno"
    "org.opencontainers.image.description"   = "Reads, searches and follows container logs on a Kubernetes node"
    "org.opencontainers.image.licenses"      = "Apache-2.0"
    "org.opencontainers.image.version"       = VERSION
    "org.opencontainers.image.revision"      = REVISION
    "org.opencontainers.image.documentation" = "docs/index.md"
  }
}

target "image-local" {
  inherits = ["image"]
  output   = ["type=docker"]
}

# The image with traces that Tilt and the kind test build.
target "image-traced" {
  inherits = ["image-local"]
  args = {
    OTEL_DENO = "true"
  }
  tags = ["${IMAGE}:dev-traced"]
}

target "image-all" {
  inherits  = ["image"]
  platforms = ["linux/amd64", "linux/arm64"]
  attest = [
    "type=sbom",
    "type=provenance,mode=max",
  ]
}

target "test" {
  context    = "."
  dockerfile = "Dockerfile"
  target     = "test"
  output     = ["type=cacheonly"]
}
