import { createHash } from "node:crypto";
import { relative } from "node:path";
import { stat } from "../../src/platform/files.ts";
import { mtime } from "../../src/platform/mtime.ts";
import { setMtime } from "../harness/mtime.ts";
import { conformanceLogs } from "./conformance_logs.ts";

/** SHA-256 of the manifest of the tree on which the cases were recorded. */
export const EXPECTED_MANIFEST = "0b7c38311482870c0312fc5f5a5d85b9b7f590bf2582872b2bf98ff7b8a70ebb";

/** 2024-10-01T16:26:40Z; log number n gets this plus 60 n seconds. */
const FIRST_MTIME = 1727800000;

/**
 * Builds the tree of the conformance cases in dir, which must be empty:
 *
 *     containers/{pod}_{namespace}_{container}-{id}.log -> ../pods/{namespace}_{pod}_{uid}/{container}/0.log
 *     pods/{namespace}_{pod}_{uid}/{container}/0.log    the CRI file, or for Docker a link to
 *     docker/{id}/{id}-json.log                         the json-file
 *
 * Returns the manifest: a line for each file (size, time of change in nanoseconds, sha256) and each link (its target).
 */
export function buildTree(dir: string): string {
  const manifest: string[] = [];

  function file(
    path: string,
    content: Uint8Array,
    time: { seconds: number; nanos: number },
  ): void {
    Deno.writeFileSync(`${dir}/${path}`, content);
    setMtime(`${dir}/${path}`, time.seconds, time.nanos);
  }
  function link(path: string, target: string): void {
    Deno.symlinkSync(target, `${dir}/${path}`);
  }

  for (const folder of ["containers", "pods", "docker"]) Deno.mkdirSync(`${dir}/${folder}`);
  for (const [n, log] of conformanceLogs().entries()) {
    const { namespace, pod, container } = log;
    const id = containerId(namespace, pod, container);
    const path = `pods/${namespace}_${pod}_${podUid(namespace, pod)}/${container}/0.log`;
    Deno.mkdirSync(`${dir}/${path.slice(0, -"/0.log".length)}`, { recursive: true });
    const real = log.format === "docker" ? `docker/${id}/${id}-json.log` : path;
    if (log.format === "docker") {
      Deno.mkdirSync(`${dir}/docker/${id}`);
      link(path, `../../../${real}`);
    }
    // Some times have nanoseconds.
    file(real, log.content, {
      seconds: FIRST_MTIME + 60 * n,
      nanos: n % 4 === 0 ? 123_456_789 : 0,
    });
    link(`containers/${pod}_${namespace}_${container}-${id}.log`, `../${path}`);
  }

  // A dangling link, and names that List must skip.
  link(
    `containers/gone-0_default_app-${containerId("default", "gone-0", "app")}.log`,
    `../pods/default_gone-0_${podUid("default", "gone-0")}/app/0.log`,
  );
  for (
    const name of [
      "notes.txt",
      "no-underscores.log",
      "pod_default.log",
      "pod_default_nodash.log",
      "old-0_default_app-0123456789abcdef.log.gz",
    ]
  ) {
    const content = new TextEncoder().encode("2024-10-01T00:00:00Z stdout F not a container log\n");
    file(`containers/${name}`, content, { seconds: FIRST_MTIME, nanos: 0 });
  }

  for (const path of walk(dir)) {
    const name = relative(dir, path);
    const facts = Deno.lstatSync(path);
    if (facts.isSymlink) {
      manifest.push(`link ${name} -> ${Deno.readLinkSync(path)}`);
    } else {
      const { seconds, nanos } = mtime(path, stat(path));
      const time = BigInt(seconds) * 1_000_000_000n + BigInt(nanos);
      manifest.push(`file ${name} ${facts.size} ${time} ${sha256(Deno.readFileSync(path))}`);
    }
  }
  return `${manifest.sort().join("\n")}\n`;
}

export function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

function* walk(dir: string): Generator<string> {
  for (const entry of Deno.readDirSync(dir)) {
    if (entry.isDirectory) yield* walk(`${dir}/${entry.name}`);
    else yield `${dir}/${entry.name}`;
  }
}

function containerId(namespace: string, pod: string, container: string): string {
  return sha256(`${namespace}/${pod}/${container}`);
}

/** A version 5 UUID (RFC 9562) in the DNS name space, for "{pod}.{namespace}.pods". */
function podUid(namespace: string, pod: string): string {
  const dnsNamespace = Buffer.from("6ba7b8109dad11d180b400c04fd430c8", "hex");
  const hash = createHash("sha1").update(dnsNamespace).update(`${pod}.${namespace}.pods`).digest();
  hash[6] = (hash[6] ?? 0) & 0x0f | 0x50;
  hash[8] = (hash[8] ?? 0) & 0x3f | 0x80;
  const hex = hash.toString("hex");
  return [[0, 8], [8, 12], [12, 16], [16, 20], [20, 32]]
    .map(([from, to]) => hex.slice(from, to)).join("-");
}
