import { KubernetesReviewer } from "../../src/door/reviewer.ts";
import { silent } from "../../src/telemetry/events.ts";

/** The Kubernetes API of the conformance set-up, on a loopback port, and a reviewer that asks it. */
export interface ConformanceApi extends AsyncDisposable {
  readonly reviewer: KubernetesReviewer;
}

/** Allows every SubjectAccessReview but for namespace "secret"; answers 401 to every SelfSubjectAccessReview. */
export function startConformanceApi(): ConformanceApi {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async (request) => {
      const review = await request.json();
      if (review.kind !== "SubjectAccessReview") {
        return new Response("Unauthorized", { status: 401 });
      }
      const allowed = review.spec.resourceAttributes.namespace !== "secret";
      return Response.json({ ...review, status: { allowed } }, { status: 201 });
    },
  );
  const reviewer = new KubernetesReviewer({
    report: silent,
    findApiServer: () => ({
      url: new URL(`http://127.0.0.1:${server.addr.port}`),
      serverName: undefined,
      certificateAuthority: () => undefined,
      account: () => Promise.resolve({ token: "agent" }),
    }),
  });
  return {
    reviewer,
    async [Symbol.asyncDispose]() {
      reviewer.close();
      await server.shutdown();
    },
  };
}
