import { loadAll } from "js-yaml";
import type { ApiServer } from "./api_server.ts";

/** The common part of every Kubernetes object. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string };
}

/** The documents of a YAML stream. Throws if one is not a Kubernetes object. */
export function manifests(yaml: string): Manifest[] {
  return (loadAll(yaml) as (Manifest | null)[])
    .filter((manifest) => manifest !== null)
    .map((manifest) => {
      if (!manifest.apiVersion || !manifest.kind || !manifest.metadata?.name) {
        throw new Error(`no Kubernetes object: ${JSON.stringify(manifest).slice(0, 200)}`);
      }
      return manifest;
    });
}

/**
 * Applies an object to the server: server-side apply with strict field validation (Kubernetes API
 * Concepts, "Server-Side Apply", "Field validation").
 *
 * @param options dryRun: the server checks and admits it but stores nothing
 * @returns null, or the server's error message
 */
export async function apply(
  server: ApiServer,
  manifest: Manifest,
  options: { dryRun: boolean },
): Promise<string | null> {
  const at = await resourcePath(server, manifest);
  if (at === null) return `the server knows no ${manifest.apiVersion} ${manifest.kind}`;
  const query = new URLSearchParams({ fieldManager: "check", fieldValidation: "Strict" });
  if (options.dryRun) query.set("dryRun", "All");
  const { status, body } = await server.call(
    "PATCH",
    `${at}/${manifest.metadata.name}?${query}`,
    JSON.stringify(manifest),
    "application/apply-patch+yaml",
  );
  return status < 300 ? null : `${status} ${body.message ?? JSON.stringify(body)}`;
}

/** The path of the object's collection, from the server's own discovery. */
async function resourcePath(server: ApiServer, manifest: Manifest): Promise<string | null> {
  const group = manifest.apiVersion.includes("/")
    ? `/apis/${manifest.apiVersion}`
    : `/api/${manifest.apiVersion}`;
  const { status, body } = await server.call("GET", group);
  if (status !== 200) return null;
  const resources = body.resources as { name: string; kind: string; namespaced: boolean }[];
  const resource = resources.find((one) => one.kind === manifest.kind && !one.name.includes("/"));
  if (resource === undefined) return null;
  if (!resource.namespaced) return `${group}/${resource.name}`;
  return `${group}/namespaces/${manifest.metadata.namespace ?? "default"}/${resource.name}`;
}
