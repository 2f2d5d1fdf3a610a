import { jsonSchema } from "../src/config/json_schema.ts";

type Schema = Readonly<Record<string, unknown>>;

const text: Schema = { type: "string" };
/** A part of an object's name, or a whole name; empty: the default. */
const name: Schema = { type: "string", pattern: "^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$" };
const flag: Schema = { type: "boolean" };
const anyObject: Schema = { type: "object" };
const anyList: Schema = { type: "array" };
const ratio: Schema = { type: "number", exclusiveMinimum: 0, maximum: 1 };
const positive: Schema = { type: "number", exclusiveMinimum: 0 };
const duration: Schema = { type: "string", pattern: "^([0-9]+(ms|[smhd]))+$" };
const pullPolicy: Schema = { enum: ["Always", "IfNotPresent", "Never"] };
const quantity: Schema = {
  anyOf: [{ type: "number", minimum: 0 }, {
    type: "string",
    pattern: "^[0-9]+(\\.[0-9]+)?(m|[kMGTPE]i?|Ki)?$",
  }],
};
/** Label names and values: a dictionary of strings, because a number is not a label. */
const strings: Schema = { type: "object", additionalProperties: { type: "string" } };

/** An object with these keys and no others: a misspelled value must not be ignored. */
function object(properties: Readonly<Record<string, Schema>>): Schema {
  return { type: "object", additionalProperties: false, properties };
}

function list(items: Schema): Schema {
  return { type: "array", items };
}

/**
 * The JSON Schema of the chart's values, deploy/chart/values.schema.json (Helm, "Charts", "Schema Files"). For the
 * agent's own configuration, it uses src/config/schema.ts.
 */
export function chartSchema(): Schema {
  const port: Schema = { type: "integer", minimum: 1, maximum: 65535 };
  const probe = object({
    initialDelaySeconds: { type: "integer", minimum: 0 },
    periodSeconds: { type: "integer", minimum: 1 },
    timeoutSeconds: { type: "integer", minimum: 1 },
    failureThreshold: { type: "integer", minimum: 1 },
    successThreshold: { type: "integer", minimum: 1 },
  });
  const amounts: Schema = { type: "object", additionalProperties: quantity };
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Values of the chart kubetail-cluster-agent-deno",
    ...object({
      global: anyObject, // Helm passes it to every chart
      nameOverride: name,
      kubetailRelease: name,
      fullnameOverride: { type: "string", pattern: "^([a-z]([-a-z0-9]*[a-z0-9])?)?$" },
      commonLabels: strings,
      commonAnnotations: strings,
      image: object({
        registry: text,
        repository: { type: "string", minLength: 1 },
        tag: text,
        digest: { type: "string", pattern: "^(sha256:[0-9a-f]{64})?$" },
        pullPolicy,
      }),
      imagePullSecrets: list(object({ name })),
      profile: { enum: ["front-proxy", "token"] },
      config: configSchema(),
      tls: object({
        secretName: name,
        certManager: object({
          enabled: flag,
          issuerRef: object({ name: text, kind: text, group: text }),
          duration,
          renewBefore: duration,
          extraDnsNames: list(text),
          clientCertificate: object({ enabled: flag, secretName: name }),
        }),
      }),
      logAccess: { enum: ["group", "root"] },
      docker: object({ enabled: flag }),
      rbac: object({ create: flag }),
      serviceAccount: object({ create: flag, name, annotations: strings }),
      tolerations: list(anyObject),
      nodeSelector: strings,
      affinity: anyObject,
      updateStrategy: anyObject,
      terminationGracePeriodSeconds: { type: "integer", minimum: 0 },
      priorityClass: object({
        create: flag,
        name,
        value: { type: "integer", minimum: -2147483648, maximum: 1000000000 },
      }),
      resources: object({ limits: amounts, requests: amounts, claims: anyList }),
      daemonSetLabels: strings,
      daemonSetAnnotations: strings,
      podLabels: strings,
      podAnnotations: strings,
      podSecurityContext: anyObject,
      securityContext: anyObject,
      extraArgs: list(text),
      extraEnv: list(anyObject),
      extraPorts: list(anyObject),
      extraVolumes: list(anyObject),
      extraVolumeMounts: list(anyObject),
      startupProbe: probe,
      livenessProbe: probe,
      readinessProbe: probe,
      service: object({ labels: strings, annotations: strings }),
      networkPolicy: object({
        enabled: flag,
        flavor: { enum: ["kubernetes", "cilium"] },
        clients: list(anyObject),
        prometheus: object({ namespace: name, podLabels: strings }),
        egress: object({
          apiServerCidrs: list({ type: "string", pattern: "^[0-9a-fA-F.:]+/[0-9]{1,3}$" }),
          apiServerPorts: { type: "array", items: port, minItems: 1 },
          dns: flag,
          extra: anyList,
        }),
      }),
      podMonitor: object({
        enabled: flag,
        namespace: name,
        interval: duration,
        scrapeTimeout: duration,
        labels: strings,
        annotations: strings,
        relabelings: list(anyObject),
        metricRelabelings: list(anyObject),
      }),
      prometheusRule: object({
        enabled: flag,
        namespace: name,
        labels: strings,
        annotations: strings,
        alertLabels: strings,
        selector: text,
        runbookUrl: text,
        disabled: list(text),
        errorRatio: ratio,
        memoryRatio: ratio,
        eventLoopLag: positive,
        certificateDays: positive,
      }),
      dashboard: object({ enabled: flag, namespace: name, labels: strings, annotations: strings }),
      test: object({ enabled: flag, image: text, pullPolicy }),
    }),
  };
}

/** The agent's configuration, except that the chart must be able to read the ports. */
function configSchema(): Schema {
  const { properties, additionalProperties } = jsonSchema() as {
    properties: Record<string, Schema & { properties?: Record<string, Schema> }>;
    additionalProperties: boolean;
  };
  const { $schema: _editors, "cluster-agent": _nested, addr, telemetry, ...rest } = properties;
  return {
    type: "object",
    additionalProperties,
    properties: {
      addr: { description: addr!["description"], type: "string", pattern: ":[0-9]+$" },
      ...rest,
      telemetry: {
        ...telemetry,
        properties: {
          ...telemetry!.properties,
          addr: {
            description: telemetry!.properties!["addr"]!["description"],
            type: "string",
            pattern: "^$|:[0-9]+$",
          },
        },
      },
    },
  };
}
