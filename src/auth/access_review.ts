import type { V1SelfSubjectAccessReview } from "@kubernetes/client-node/dist/gen/models/V1SelfSubjectAccessReview.js";
import type { V1SubjectAccessReview } from "@kubernetes/client-node/dist/gen/models/V1SubjectAccessReview.js";
import type { FrontProxyIdentity } from "./identity.ts";

/** The version of Kubernetes' authorization API (kubernetes.io, "Checking API access"). */
export const API_VERSION = "authorization.k8s.io/v1";

/** Verb, resource and subresource as in RBAC's `pods/log`; no namespace: all of them. */
function attributes(namespace: string) {
  return {
    verb: "get",
    group: "",
    resource: "pods",
    subresource: "log",
    ...(namespace === "" ? {} : { namespace }),
  };
}

/** Asks whether the bearer of the request's token may read logs in the namespace ("": in all). */
export function selfReview(namespace: string): V1SelfSubjectAccessReview {
  return {
    apiVersion: API_VERSION,
    kind: "SelfSubjectAccessReview",
    spec: { resourceAttributes: attributes(namespace) },
  };
}

/** Asks whether the user may read logs in the namespace ("": in all). */
export function subjectReview(
  identity: FrontProxyIdentity,
  namespace: string,
): V1SubjectAccessReview {
  return {
    apiVersion: API_VERSION,
    kind: "SubjectAccessReview",
    spec: {
      user: identity.user,
      groups: [...identity.groups],
      extra: Object.fromEntries([...identity.extra].map(([name, values]) => [name, [...values]])),
      resourceAttributes: attributes(namespace),
    },
  };
}
