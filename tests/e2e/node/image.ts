import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** What a container of the image runs, and as which user. */
export interface ImageConfig {
  /** With registry and tag, as stored by containerd: docker.io/library/busybox:1.37. */
  readonly name: string;
  readonly entrypoint: readonly string[];
  /** UID:GID; default: root. */
  readonly user?: string;
  readonly workingDirectory?: string;
  readonly env?: readonly string[];
}

/**
 * Writes a folder as an image archive of one layer, in the format of `docker save` (Docker, "Image
 * Specification v1.2"), which containerd imports.
 */
export function writeImage(folder: string, config: ImageConfig, archive: string): void {
  mkdirSync(dirname(archive), { recursive: true });
  const staged = mkdtempSync(`${archive}.part-`);
  try {
    const layer = join(staged, "layer.tar");
    tar(layer, folder, ["."]);
    const text = JSON.stringify({
      architecture: Deno.build.arch === "aarch64" ? "arm64" : "amd64",
      os: "linux",
      config: {
        Entrypoint: config.entrypoint,
        User: config.user ?? "",
        WorkingDir: config.workingDirectory ?? "/",
        Env: ["PATH=/usr/bin:/bin", ...config.env ?? []],
      },
      rootfs: { type: "layers", diff_ids: [`sha256:${sha256(readFileSync(layer))}`] },
    });
    const configFile = `${sha256(text)}.json`;
    writeFileSync(join(staged, configFile), text);
    writeFileSync(
      join(staged, "manifest.json"),
      JSON.stringify([{ Config: configFile, RepoTags: [config.name], Layers: ["layer.tar"] }]),
    );
    tar(archive, staged, ["manifest.json", configFile, "layer.tar"]);
  } finally {
    rmSync(staged, { recursive: true });
  }
}

function tar(archive: string, folder: string, names: readonly string[]): void {
  const { success, stderr } = new Deno.Command("tar", {
    args: [
      "--create",
      "--sort=name",
      "--owner=0",
      "--group=0",
      "--numeric-owner",
      "--mtime=@0",
      `--file=${archive}`,
      `--directory=${folder}`,
      ...names,
    ],
  }).outputSync();
  if (!success) throw new Error(`Cannot write ${archive}: ${new TextDecoder().decode(stderr)}`);
}

function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}
