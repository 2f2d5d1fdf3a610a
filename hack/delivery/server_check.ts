import { setTimeout as wait } from "node:timers/promises";
import type { ApiServer } from "../api_server.ts";
import { apply, type Manifest } from "../dry_run.ts";

/** Manifests from one source: a rendering or a file. */
export interface ManifestSet {
  readonly name: string;
  readonly objects: readonly Manifest[];
}

/**
 * Applies every object to the server as a dry run, identical ones once, and every pod that a workload would create:
 * only pods are checked against their namespace's Pod Security level.
 *
 * @returns the number of different objects applied
 * @throws Error with the server's message for each rejected object
 */
export async function dryRunAll(server: ApiServer, sets: readonly ManifestSet[]): Promise<number> {
  const seen = new Set<string>();
  const wrong: string[] = [];
  for (const { name, objects } of sets) {
    for (const object of objects.flatMap((object) => [object, ...podOf(object)])) {
      const key = JSON.stringify(object);
      if (seen.has(key)) continue;
      seen.add(key);
      const problem = await apply(server, object, { dryRun: true });
      if (problem !== null) {
        wrong.push(`${name}: ${object.kind} ${object.metadata.name}: ${problem}`);
      }
    }
  }
  if (wrong.length > 0) throw new Error(wrong.join("\n"));
  return seen.size;
}

/** The pod that a DaemonSet or Deployment would create. */
function podOf(object: Manifest): Manifest[] {
  const { template } = (object as { spec?: { template?: { metadata: object; spec: object } } })
    .spec ?? {};
  if (template === undefined) return [];
  const { name, namespace } = object.metadata;
  return [{
    apiVersion: "v1",
    kind: "Pod",
    ...template,
    metadata: { ...template.metadata, name, ...(namespace === undefined ? {} : { namespace }) },
  } as Manifest];
}

/** Actually applies objects that others need even in a dry run: types, namespaces, priorities. */
export async function applyForReal(
  server: ApiServer,
  objects: readonly Manifest[],
): Promise<void> {
  const spaces = objects.map(({ metadata }) => metadata.namespace ?? "default");
  const first = [
    ...spaces.map((name) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } })),
    ...objects.filter(({ kind }) =>
      ["Namespace", "CustomResourceDefinition", "PriorityClass"].includes(kind)
    ),
  ];
  const unique = new Map(
    first.map((object) => [`${object.kind} ${object.metadata.name}`, object]),
  );
  for (const [name, object] of unique) {
    const problem = await apply(server, object, { dryRun: false });
    if (problem !== null) throw new Error(`${name}: ${problem}`);
  }
  const types = [...unique.values()].filter(({ kind }) =>
    kind === "CustomResourceDefinition"
  ) as (Manifest & {
    spec: { group: string; names: { plural: string }; versions: { name: string }[] };
  })[];
  for (const { spec } of types) {
    for (let tries = 0;; tries++) {
      const { body } = await server.call("GET", `/apis/${spec.group}/${spec.versions[0]!.name}`);
      const resources = (body.resources ?? []) as { name: string }[];
      if (resources.some((resource) => resource.name === spec.names.plural)) break;
      if (tries > 600) throw new Error(`the server does not serve ${spec.names.plural}`);
      await wait(100); // polling is the only way to find out
    }
  }
}

/** Checks the check itself: a misspelled field must be rejected, or the dry run proves nothing. */
export async function mustRefuseMisspelt(
  server: ApiServer,
  sets: readonly ManifestSet[],
): Promise<void> {
  const found = sets.flatMap(({ objects }) => objects).find(({ kind }) => kind === "DaemonSet");
  if (found === undefined) throw new Error("there is no DaemonSet");
  const daemonSet = structuredClone(found) as Manifest & {
    spec: { template: { spec: Record<string, unknown> } };
  };
  const misspelt = "priorityClazzName";
  daemonSet.spec.template.spec[misspelt] = "x";
  const problem = await apply(server, daemonSet, { dryRun: true });
  if (problem === null || !problem.includes(misspelt)) {
    throw new Error(`the API server accepts a misspelled field: ${problem}`);
  }
}
