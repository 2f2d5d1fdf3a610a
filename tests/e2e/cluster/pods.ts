/** The namespace of the pods whose logs are read; the strictest pod security level applies there. */
export const NAMESPACE = "agent-e2e";
/** The namespace of the pod that examines the node. */
export const NODE_NAMESPACE = "agent-e2e-node";
export const NODE_POD = "node-files";

/** The namespaces, and an account that may read logs and one that may not. */
export function surroundings(): object[] {
  return [
    namespaceWith(NAMESPACE, "restricted"),
    namespaceWith(NODE_NAMESPACE, "privileged"),
    ...["reader", "stranger"].map((name) => ({
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name, namespace: NAMESPACE },
    })),
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "Role",
      metadata: { name: "log-reader", namespace: NAMESPACE },
      rules: [{ apiGroups: [""], resources: ["pods", "pods/log"], verbs: ["get", "list"] }],
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      metadata: { name: "log-reader", namespace: NAMESPACE },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "log-reader" },
      subjects: [{ kind: "ServiceAccount", name: "reader", namespace: NAMESPACE }],
    },
  ];
}

function namespaceWith(name: string, level: string): object {
  const labels = { "pod-security.kubernetes.io/enforce": level };
  return { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } };
}

export interface LoggingPod {
  readonly name: string;
  readonly node: string;
  /** Shell script of the container, which is named `main`. */
  readonly script: string;
  /** Scripts of init containers, by name, in order. */
  readonly before?: Readonly<Record<string, string>>;
  readonly restartPolicy?: "Never" | "Always";
  readonly labels?: Readonly<Record<string, string>>;
}

/** A pod that writes lines, under the restricted pod security level. */
export function loggingPod(options: LoggingPod): object {
  const { name, node, script, before = {}, restartPolicy = "Never", labels = {} } = options;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: NAMESPACE, labels },
    spec: {
      nodeSelector: { "kubernetes.io/hostname": node },
      restartPolicy,
      terminationGracePeriodSeconds: 0,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 65534,
        seccompProfile: { type: "RuntimeDefault" },
      },
      initContainers: Object.entries(before).map(([name, script]) => container(name, script)),
      containers: [container("main", script)],
    },
  };
}

function container(name: string, script: string): object {
  return {
    name,
    image: "busybox:1.37",
    command: ["/bin/sh", "-c", script],
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    },
  };
}

/** A pod that sees the node's processes, log folder and control groups, to run commands there. */
export function nodeFilesPod(node: string): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: NODE_POD, namespace: NODE_NAMESPACE },
    spec: {
      nodeSelector: { "kubernetes.io/hostname": node },
      hostPID: true,
      terminationGracePeriodSeconds: 0,
      tolerations: [{ operator: "Exists" }],
      containers: [{
        name: "main",
        image: "busybox:1.37",
        command: ["/bin/sh", "-c", "while true; do sleep 3600; done"],
        volumeMounts: [
          { name: "log", mountPath: "/var/log", readOnly: true },
          { name: "cgroup", mountPath: "/host/cgroup", readOnly: true },
        ],
      }],
      volumes: [
        { name: "log", hostPath: { path: "/var/log" } },
        { name: "cgroup", hostPath: { path: "/sys/fs/cgroup" } },
      ],
    },
  };
}
