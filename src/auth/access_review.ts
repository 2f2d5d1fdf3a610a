import type { V1SelfSubjectAccessReview } from "@kubernetes/client-node/dist/gen/models/V1SelfSubjectAccessReview.js";
import type { V1SubjectAccessReview } from "@kubernetes/client-node/dist/gen/models/V1SubjectAccessReview.js";
import type { FrontProxyIdentity } from "./identity.ts";

/** Of Kubernetes' authorization API (kubernetes.io, "Checking API access"). */
export const API_VERSION = "authorization.k8s.io/v1";

/** Verb, resource and subresource as RBAC's `pods/log` names them; no namespace: all of them. */
function attributes(namespace: string) {
  return {
    verb: "get",
    group: "",
    resource: "pods",
    subresource: "log",
    ...(namespace === "" ? {} : { namespace }),
  };
}

/** May the bearer of the request's token read logs of the namespace ("": of all)? */
export function selfReview(namespace: string): V1SelfSubjectAccessReview {
  return {
    apiVersion: API_VERSION,
    kind: "SelfSubjectAccessReview",
    spec: { resourceAttributes: attributes(namespace) },
  };
}

/** May the user read logs of the namespace ("": of all)? */
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
