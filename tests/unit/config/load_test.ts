import assert from "node:assert/strict";
import { ConfigError } from "../../../src/config/config_error.ts";
import { configText } from "../../../src/config/config_text.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { defaults } from "../../../src/config/schema.ts";
import { everything } from "./every_key.ts";

/** Loads text as a file with that extension. Messages show the file as FILE. */
async function load(
  text: string,
  options: { extension?: string; params?: string[]; addr?: string } = {},
) {
  const dir = Deno.makeTempDirSync();
  const file = `${dir}/agent.${options.extension ?? "yaml"}`;
  try {
    Deno.writeTextFileSync(file, text);
    const { config, warnings } = await loadConfig({ ...options, file });
    return { config, warnings: warnings.map((warning) => warning.replace(file, "FILE")) };
  } catch (error) {
    if (error instanceof ConfigError) error.message = error.message.replaceAll(file, "FILE");
    throw error;
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

async function refusal(text: string, options: Parameters<typeof load>[1] = {}): Promise<string> {
  try {
    await load(text, options);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.message;
  }
  assert.fail(`accepted: ${text} ${JSON.stringify(options)}`);
}

Deno.test("YAML, JSON and TOML give the same configuration, every key read", async () => {
  const expected = {
    addr: "[::1]:50052",
    containerLogsDir: "/logs/containers",
    logRoots: ["/logs/containers", "/logs/pods"],
    allowedNamespaces: ["team-a", "team-b"],
    history: true,
    maxLineBytes: 524288,
    shutdownTimeoutMs: 90_000,
    missingFileWaitMs: 500,
    logging: { enabled: true, level: "debug", format: "pretty" },
    tls: {
      enabled: true,
      certFile: "/certs/tls.crt",
      keyFile: "/certs/tls.key",
      caFile: "/certs/ca.crt",
      clientAuth: "require-and-verify",
      allowedNames: ["one", "two"],
    },
    authorization: { methods: ["front-proxy"], cacheTtlMs: 60_000, recheckIntervalMs: 3_600_000 },
    limits: {
      maxStreams: 10,
      maxStreamsPerUser: 5,
      searchesPerUser: 4,
      bufferBytes: 16 * 1024 * 1024,
      engineMemory: 64 << 20,
      scanWorkers: 2,
      maxConnections: 11,
      maxConnectionsPerPeer: 12,
      maxHandshakes: 13,
      handshakeTimeoutMs: 3000,
      maxHeaderBytes: 4096,
      headerMemory: 2097152,
      maxRequestBytes: 2048,
      requestMemory: 3145728,
      requestTimeoutMs: 4000,
      maxUnaryCalls: 14,
      maxUnaryCallsPerUser: 15,
      maxPublicCalls: 16,
      maxPublicCallsPerConnection: 17,
      maxUnknownCallers: 18,
    },
    watch: { debounceMs: 1000 },
    telemetry: { addr: "", metrics: false, statusPage: "always" },
  };
  for (const [extension, text] of Object.entries(everything)) {
    const { config, warnings } = await load(text, { extension });
    assert.deepEqual(config, expected, extension);
    assert.deepEqual(warnings, [], extension);
  }
});

Deno.test("without a file, and with an empty one, the contract's defaults apply, frozen", async () => {
  assert.deepEqual((await loadConfig()).config, defaults);
  assert.deepEqual((await load("")).config, defaults);
  assert.deepEqual((await load("# only a comment\n")).config, defaults);
  assert.deepEqual((await load("tls:\n  # only a comment\n")).config, defaults);
  const { config } = await loadConfig();
  assert.throws(() => (config.tls.allowedNames as string[]).push("anyone"), TypeError);
  assert.throws(() => Object.assign(config.tls, { enabled: false }), TypeError);
});

Deno.test("config check's text is a file that gives the same configuration", async () => {
  for (const text of ["", everything.yaml]) {
    const { config } = await load(text);
    assert.deepEqual((await load(configText(config))).config, config);
  }
});

Deno.test("-p overrides the file with the key's type, the later one wins, -a is addr", async () => {
  const { config } = await load("logging: { level: error }\naddr: 127.0.0.1:1\n", {
    params: [
      "logging.level:warn",
      "logging.level:debug",
      "history:true",
      "limits.max-streams:7",
      "limits.scan-workers:auto",
      "shutdown-timeout:5m",
      "max-line-bytes:1MiB",
      "tls.allowed-names:a, b",
      "authorization.methods:[token]",
      "allowed-namespaces:",
      "addr:[::1]:2",
      "cluster-agent.watch.debounce:3s",
    ],
    addr: "localhost:3",
  });
  assert.equal(config.logging.level, "debug");
  assert.equal(config.history, true);
  assert.equal(config.limits.maxStreams, 7);
  assert.equal(config.limits.scanWorkers, "auto");
  assert.equal(config.shutdownTimeoutMs, 300_000);
  assert.equal(config.maxLineBytes, 1_048_576);
  assert.deepEqual(config.tls.allowedNames, ["a", "b"]);
  assert.deepEqual(config.authorization.methods, ["token"]);
  assert.deepEqual(config.allowedNamespaces, []);
  assert.equal(config.addr, "localhost:3");
  assert.equal(config.watch.debounceMs, 3000);
});

/** Sets variables, all of which begin with KUBETAIL_TEST_, while work runs. */
async function withEnv<T>(variables: Record<string, string>, work: () => Promise<T>): Promise<T> {
  for (const [name, value] of Object.entries(variables)) Deno.env.set(name, value);
  try {
    return await work();
  } finally {
    for (const name of Object.keys(variables)) Deno.env.delete(name);
  }
}

Deno.test("${VAR} and ${VAR:default} are read with the key's type, also inside {} and in parts", async () => {
  const { config } = await withEnv(
    { KUBETAIL_TEST_PORT: "6000", KUBETAIL_TEST_NAMES: "a,b", KUBETAIL_TEST_ON: "true" },
    () =>
      load(`
addr: 127.0.0.1:\${KUBETAIL_TEST_PORT}
logging: { level: \${KUBETAIL_TEST_LEVEL:warn}, enabled: \${KUBETAIL_TEST_OFF:false} }
history: \${KUBETAIL_TEST_ON}
allowed-namespaces: [x, "\${KUBETAIL_TEST_MORE:y}"]
tls: { allowed-names: "\${KUBETAIL_TEST_NAMES}" }
limits: { max-streams: \${KUBETAIL_TEST_STREAMS:5} }
# \${KUBETAIL_TEST_NOT_SET} in a comment is nothing
`),
  );
  assert.equal(config.addr, "127.0.0.1:6000");
  assert.deepEqual(config.logging, { enabled: false, level: "warn", format: "json" });
  assert.equal(config.history, true);
  assert.deepEqual(config.allowedNamespaces, ["x", "y"]);
  assert.deepEqual(config.tls.allowedNames, ["a", "b"]);
  assert.equal(config.limits.maxStreams, 5);

  const toml = await load('addr = ":${KUBETAIL_TEST_PORT:7000}"\n', { extension: "toml" });
  assert.equal(toml.config.addr, ":7000");
});

Deno.test("a variable's value cannot add keys to the file, whatever it holds", async () => {
  const attack = 'x"\nauthorization: { methods: [allow-all] }\n${KUBETAIL_TEST_B}';
  for (const extension of ["yaml", "json", "toml"]) {
    const quoted = extension === "toml"
      ? 'tls.allowed-names = ["${KUBETAIL_TEST_A}"]'
      : '{ "tls": { "allowed-names": ["${KUBETAIL_TEST_A}"] } }';
    const message = await withEnv(
      { KUBETAIL_TEST_A: attack },
      () => refusal(quoted, { extension }),
    );
    assert.match(message, /^FILE: tls\.allowed-names\[0\]: found the text "x\\"/, extension);
  }
});

Deno.test("a variable that is not set and has no default is an error that names it and its key", async () => {
  assert.match(
    await refusal("tls: { cert-file: /a/${KUBETAIL_TEST_NOT_SET}/b }"),
    /^FILE: tls\.cert-file: found \$\{KUBETAIL_TEST_NOT_SET\}, which is not set/,
  );
});

Deno.test("generation 1's nested form is read, and other programs' keys next to it are ignored", async () => {
  const { config, warnings } = await load(`
version: 1
dashboard: { addr: ":8080" }
cluster-api: { tls: { enabled: false } }
cluster-agent:
  addr: 127.0.0.1:50053
  tls: { enabled: false, cert-file: "", key-file: "", ca-file: "", client-auth: none }
  authorization: { methods: [token] }
`);
  assert.equal(config.addr, "127.0.0.1:50053");
  assert.equal(config.tls.enabled, false);
  assert.deepEqual(warnings, []);
});

Deno.test("allowed-namespaces next to cluster-agent is not lost", async () => {
  const shared = await load("allowed-namespaces: [a]\ncluster-agent: { history: true }\n");
  assert.deepEqual(shared.config.allowedNamespaces, ["a"]);
  assert.match(
    await refusal("allowed-namespaces: [a]\ncluster-agent: { allowed-namespaces: [b] }\n"),
    /^FILE: allowed-namespaces: found key not allowed next to cluster-agent, expected .*only in one/,
  );
  assert.match(
    await refusal("tls: { enabled: true }\ncluster-agent: { history: true }\n"),
    /^FILE: tls: found key not allowed next to cluster-agent, expected cluster-agent\.tls/,
  );
});

Deno.test("an unknown key is a warning with the nearest known key", async () => {
  const { config, warnings } = await load(
    "loging: { level: debug }\ncontainer-log-dir: /x\nmaxLineBytes: 1\nlogging: { color: true, lvel: x }\n" +
      "debounce: 1s\nzzzzzzzzzz: 1\n",
  );
  assert.deepEqual(config, defaults);
  assert.deepEqual(warnings, [
    "FILE: loging: unknown key, ignored; did you mean logging?",
    "FILE: container-log-dir: unknown key, ignored; did you mean container-logs-dir?",
    "FILE: maxLineBytes: unknown key, ignored; did you mean max-line-bytes?",
    "FILE: logging.color: unknown key, ignored",
    "FILE: logging.lvel: unknown key, ignored; did you mean logging.level?",
    "FILE: debounce: unknown key, ignored; did you mean watch.debounce?",
    "FILE: zzzzzzzzzz: unknown key, ignored",
  ]);
});

Deno.test("an unknown key that could leave something open is an error with the nearest known key", async () => {
  const cases: [string, string, string][] = [
    ["allowed-namespace: [a]", "allowed-namespace", "allowed-namespaces"],
    ["alowed-namespaces: [a]", "alowed-namespaces", "allowed-namespaces"],
    ["allowedNamespaces: [a]", "allowedNamespaces", "allowed-namespaces"],
    ["namespaces: [a]", "namespaces", "one of"],
    ["log-root: [/a]", "log-root", "log-roots"],
    ["authorisation: {}", "authorisation", "authorization"],
    ["tsl: {}", "tsl", "tls"],
    ["limit: {}", "limit", "limits"],
    ["tls: { allowed-name: [a] }", "tls.allowed-name", "tls.allowed-names"],
    ["tls: { client_auth: none }", "tls.client_auth", "tls.client-auth"],
    ["tls: { whatever: 1 }", "tls.whatever", "one of enabled"],
    ["authorization: { method: [token] }", "authorization.method", "authorization.methods"],
    ["limits: { max-stream: 1 }", "limits.max-stream", "limits.max-streams"],
    ["allowed-names: [a]", "allowed-names", "tls.allowed-names"],
    ["logging: { tls: {} }", "logging.tls", "one of enabled"],
  ];
  for (const [text, key, expected] of cases) {
    const message = await refusal(text);
    assert.ok(
      message.startsWith(`FILE: ${key}: found a key that does not exist, expected ${expected}`),
      `${text} → ${message}`,
    );
    assert.match(
      await refusal("", { params: [`${key}:x`] }),
      /^option -p: .*found a key that does not exist/,
    );
  }
});

Deno.test("a wrong type or value names file, key, what was found and what was expected", async () => {
  const cases: [string, RegExp][] = [
    ["addr: 50051", /^FILE: addr: found the number 50051, expected HOST:PORT such as/],
    ["addr: localhost", /^FILE: addr: found the text "localhost", expected HOST:PORT/],
    ["addr: ':65536'", /^FILE: addr: found the text ":65536"/],
    ["addr: '::1:50051'", /^FILE: addr: found the text "::1:50051"/],
    ["addr: ''", /^FILE: addr: found the text ""/],
    ["container-logs-dir: logs", /found the text "logs", expected the absolute path of a folder/],
    ["container-logs-dir: [/a]", /^FILE: container-logs-dir: found a list/],
    ["log-roots: /a", /^FILE: log-roots: found the text "\/a", expected a list of items, each the/],
    ["log-roots: [/a, b]", /^FILE: log-roots\[1\]: found the text "b"/],
    ["allowed-namespaces:", /^FILE: allowed-namespaces: found nothing, expected a list/],
    ["allowed-namespaces: [Team]", /^FILE: allowed-namespaces\[0\]: found the text "Team"/],
    ["allowed-namespaces: ['']", /^FILE: allowed-namespaces\[0\]: found the text ""/],
    ["history: 'true'", /^FILE: history: found the text "true", expected true or false/],
    ["history: yes", /^FILE: history: found the text "yes"/],
    ["max-line-bytes: 4MiB", /^FILE: max-line-bytes: found the text "4MiB", expected a size/],
    ["max-line-bytes: 15", /found the number 15, expected a size .* from 16 to 4194240 bytes/],
    ["max-line-bytes: 1.5", /found the number 1.5/],
    ["max-line-bytes: 2 apples", /found the text "2 apples"/],
    ["shutdown-timeout: 30", /found the number 30, expected a duration such as 500ms, 30s/],
    ["shutdown-timeout: -1s", /found the text "-1s", expected a duration/],
    ["shutdown-timeout: 25h", /found the text "25h"/],
    ["logging: debug", /^FILE: logging: found the text "debug", expected a section with enabled/],
    ["logging: [a]", /^FILE: logging: found a list, expected a section/],
    [
      "logging: { level: verbose }",
      /^FILE: logging\.level: found the text "verbose", expected one of debug, info, warn, error, disabled$/,
    ],
    ["logging: { level: }", /^FILE: logging\.level: found nothing/],
    ["tls: { client-auth: verify-if-given }", /expected one of none, require-and-verify/],
    ["tls: { allowed-names: [5] }", /^FILE: tls\.allowed-names\[0\]: found the number 5/],
    ["tls: { cert-file: '' }", /^FILE: tls\.cert-file: found nothing, expected .* tls\.enabled/],
    ["tls: { ca-file: '' }", /^FILE: tls\.ca-file: found nothing, expected .*require-and-verify/],
    ["authorization: { methods: [] }", /^FILE: authorization\.methods: found an empty list/],
    ["authorization: { methods: [basic] }", /methods\[0\]: found the text "basic", expected one/],
    ["limits: { max-streams: 0 }", /found the number 0, expected a whole number from 1 to/],
    ["limits: { scan-workers: many }", /found the text "many", expected auto, or a whole number/],
    ["[a, b]", /^FILE: found a list, expected keys and values$/],
    ["just text", /^FILE: found the text "just text", expected keys and values$/],
    ["a: [", /^FILE: is not YAML: /],
    ["addr: ':1'\naddr: ':2'", /^FILE: is not YAML: duplicated mapping key/],
    ["history: true\n---\nhistory: false", /^FILE: is not YAML: more than one document$/],
    ["cluster-agent: 5", /^FILE: cluster-agent: found the number 5, expected a section$/],
  ];
  for (const [text, message] of cases) assert.match(await refusal(text), message, text);
});

Deno.test("neither a key in PEM form nor a token is shown in a message", async () => {
  const pem = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n";
  const key = await refusal(`tls: { key-file: ${JSON.stringify(pem)} }`);
  assert.match(key, /^FILE: tls\.key-file: found a text in PEM form, expected the path of a file/);
  const token = await refusal("authorization: { methods: eyJhbGciOiJSUzI1NiJ9.c2VjcmV0 }");
  assert.match(token, /found a text that looks like a token/);
});

Deno.test("the rules of authentication are part of loading", async () => {
  assert.match(
    await refusal("authorization: { methods: [allow-all] }"),
    /^FILE: authorization\.methods: allow-all with addr ":50051"/,
  );
  assert.match(
    await refusal("tls: { enabled: false }"),
    /^FILE: authorization\.methods: front-proxy with tls\.enabled: false/,
  );
});

Deno.test("a -p that is not key:value, or whose key passes through a value, is an error", async () => {
  for (const param of ["", "history", ":x", "logging..level:debug", ".history:true"]) {
    assert.match(await refusal("", { params: [param] }), /^option -p: .*expected key:value/, param);
  }
  assert.match(
    await refusal("history: true", { params: ["history.x:1"] }),
    /^option -p: history\.x: found true, expected a section/,
  );
  assert.match(
    await refusal("", { params: ["logging.level:verbose"] }),
    /^option -p: logging\.level: found the text "verbose"/,
  );
});

Deno.test("files of no known kind, and files that cannot be read, are named", async () => {
  assert.match(
    await refusal("", { extension: "ini" }),
    /^FILE: found the extension \.ini, expected/,
  );
  assert.match(await refusal("{", { extension: "json" }), /^FILE: is not JSON: /);
  assert.match(await refusal("a = ", { extension: "toml" }), /^FILE: is not TOML: /);
  await assert.rejects(loadConfig({ file: "/nowhere/agent.yaml" }), {
    name: "ConfigError",
    message: "/nowhere/agent.yaml: found no such file, expected a configuration file",
  });
  await assert.rejects(loadConfig({ file: "/nowhere/agent" }), {
    message: "/nowhere/agent: found no file extension, expected .yaml, .yml, .json or .toml",
  });
});

Deno.test("keys that every object inherits are unknown keys", async () => {
  for (const key of ["constructor", "toString", "__proto__", "hasOwnProperty"]) {
    const { config, warnings } = await load(`{ "${key}": { "x": 1 } }`, { extension: "json" });
    assert.deepEqual(config, defaults);
    assert.equal(warnings.length, 1, key);
  }
});

Deno.test("certificate files that Kubetail's chart writes as null count as not given", async () => {
  const text = (enabled: boolean) =>
    `addr: 127.0.0.1:0\nauthorization: { methods: [allow-all] }\n` +
    `tls: { enabled: ${enabled}, cert-file: null, key-file: null, ca-file: null }\n`;
  const { config } = await load(text(false));
  assert.deepEqual([config.tls.certFile, config.tls.keyFile, config.tls.caFile], ["", "", ""]);
  assert.match(
    await refusal(text(true)),
    /^FILE: tls\.cert-file: found nothing, expected the path/,
  );
});
