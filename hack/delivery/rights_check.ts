import { setTimeout as wait } from "node:timers/promises";
import type { ApiServer } from "../api_server.ts";
import { apply } from "../dry_run.ts";
import type { ManifestSet } from "./server_check.ts";

/** Something that a subject may or may not do. */
interface Action {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
}

/** Everything that the agent needs. */
const needed: Action = {
  verb: "create",
  group: "authorization.k8s.io",
  resource: "subjectaccessreviews",
};

/** Actions that would help an attacker who controls the agent; system:auth-delegator grants the first. */
const forbidden: readonly Action[] = [
  { verb: "create", group: "authentication.k8s.io", resource: "tokenreviews" },
  { verb: "get", group: "", resource: "pods" },
  { verb: "list", group: "", resource: "pods" },
  { verb: "get", group: "", resource: "pods", subresource: "log" },
  { verb: "get", group: "", resource: "secrets" },
  { verb: "create", group: "", resource: "serviceaccounts", subresource: "token" },
  { verb: "get", group: "", resource: "nodes", subresource: "proxy" },
  { verb: "impersonate", group: "", resource: "users" },
];

/**
 * Grants the service account of a rendering its rights on a real server, and asks the server what it may do.
 *
 * @throws Error naming what it may do but should not, or the reverse
 */
export async function checkRights(
  server: ApiServer,
  rendering: ManifestSet,
  options: { reviews: boolean },
): Promise<void> {
  const kinds = ["ServiceAccount", "ClusterRole", "ClusterRoleBinding"];
  const objects = rendering.objects.filter(({ kind }) => kinds.includes(kind));
  for (const object of objects) {
    const problem = await apply(server, object, { dryRun: false });
    if (problem !== null) throw new Error(`${object.kind} ${object.metadata.name}: ${problem}`);
  }
  const account = objects.find(({ kind }) => kind === "ServiceAccount")!.metadata;
  const user = `system:serviceaccount:${account.namespace}:${account.name}`;
  if (options.reviews) {
    // The server learns about its own objects through a watch, a moment later.
    for (let tries = 0; !await may(server, user, needed); tries++) {
      if (tries > 2400) throw new Error(`${rendering.name}: ${user} may not ${text(needed)}`);
      await wait(25); // polling is the only way to find out
    }
  }
  for (const action of options.reviews ? forbidden : [needed, ...forbidden]) {
    if (await may(server, user, action)) {
      throw new Error(`${rendering.name}: ${user} may ${text(action)}`);
    }
  }
}

async function may(server: ApiServer, user: string, action: Action): Promise<boolean> {
  const { status, body } = await server.call(
    "POST",
    "/apis/authorization.k8s.io/v1/subjectaccessreviews",
    JSON.stringify({
      apiVersion: "authorization.k8s.io/v1",
      kind: "SubjectAccessReview",
      spec: {
        user,
        groups: ["system:authenticated", "system:serviceaccounts"],
        resourceAttributes: action,
      },
    }),
  );
  if (status !== 201) throw new Error(`review: ${status} ${body.message}`);
  return (body as unknown as { status: { allowed: boolean } }).status.allowed;
}

function text({ verb, resource, subresource }: Action): string {
  return `${verb} ${resource}${subresource === undefined ? "" : `/${subresource}`}`;
}
