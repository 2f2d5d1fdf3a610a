import assert from "node:assert/strict";
import { describeGrants, flagsWith, type Grants, grantsFor } from "../../../hack/launch/grants.ts";

const NOTHING: Grants = { read: [], net: [], env: [], run: [] };

Deno.test("a configuration that keeps to the binary's folders is granted its file alone", async () => {
  using folder = new Folder();
  const file = folder.write("agent.yaml", "logging: { level: debug }\n");
  assert.deepEqual(await grantsFor({ file, params: [] }, nothingSet), { ...NOTHING, read: [file] });
});

Deno.test("without a configuration file, nothing is granted beyond the binary's permissions", async () => {
  assert.deepEqual(await grantsFor({ params: [] }, nothingSet), NOTHING);
  assert.equal(describeGrants(NOTHING), "");
});

Deno.test("folders, certificates, addresses and variables that the file names are granted, and nothing above them", async () => {
  using folder = new Folder();
  const file = folder.write(
    "agent.yaml",
    `addr: 192.0.2.1:50051
container-logs-dir: ${folder.path}/containers
log-roots: [${folder.path}/pods]
logging: { level: "\${LEVEL:info}" }
tls: { cert-file: ${folder.path}/tls.crt, key-file: ${folder.path}/tls.key, ca-file: ${folder.path}/ca.crt }
telemetry: { addr: "[2001:db8::1]:9464" }
`,
  );
  const grants = await grantsFor({ file, params: [] }, nothingSet);
  const names = ["agent.yaml", "containers", "pods", "tls.crt", "tls.key", "ca.crt"];
  assert.deepEqual(grants, {
    read: names.map((name) => `${folder.path}/${name}`),
    net: ["192.0.2.1", "[2001:db8::1]"],
    env: ["LEVEL"],
    run: [],
  });
  for (const name of names) assert.ok(describeGrants(grants).includes(`${folder.path}/${name}`));
  const read = flagsWith(grants).find((flag) => flag.startsWith("--allow-read="));
  assert.ok(read?.endsWith(`,${folder.path}/ca.crt`), String(read));
});

Deno.test("parameters count as the file does", async () => {
  using folder = new Folder();
  const params = [`container-logs-dir:${folder.path}`, "tls.enabled:false"];
  const grants = await grantsFor({ addr: "127.0.0.1:0", params }, nothingSet);
  // Without TLS, the default methods are rejected, so this configuration does not start.
  assert.deepEqual(grants, NOTHING);
  const allowed = [...params, "authorization.methods:allow-all"];
  assert.deepEqual((await grantsFor({ addr: "127.0.0.1:0", params: allowed }, nothingSet)).read, [
    folder.path,
  ]);
});

Deno.test("the target of a folder is granted with it; for a Secret, the folder of its versions", async () => {
  using folder = new Folder();
  Deno.mkdirSync(`${folder.path}/real`);
  Deno.symlinkSync("real", `${folder.path}/logs`);
  Deno.mkdirSync(`${folder.path}/secret/..1`, { recursive: true });
  Deno.writeTextFileSync(`${folder.path}/secret/..1/tls.crt`, "");
  Deno.symlinkSync("..1", `${folder.path}/secret/..data`);
  Deno.symlinkSync("..data/tls.crt", `${folder.path}/secret/tls.crt`);
  const file = folder.write(
    "agent.yaml",
    `container-logs-dir: ${folder.path}/logs
tls: { cert-file: ${folder.path}/secret/tls.crt, client-auth: none }
authorization: { methods: [token] }
`,
  );
  assert.deepEqual((await grantsFor({ file, params: [] }, nothingSet)).read, [
    file,
    `${folder.path}/logs`,
    `${folder.path}/real`,
    `${folder.path}/secret`,
  ]);
});

Deno.test("KUBECONFIG: its files, those named in them, the servers and the credential plugins", async () => {
  using folder = new Folder();
  const kubeconfig = folder.write(
    "kubeconfig",
    `clusters:
  - { name: a, cluster: { server: "https://203.0.113.7:6443", certificate-authority: ca.pem } }
  - { name: b, cluster: { server: "https://api.example.org" } }
users:
  - { name: a, user: { client-certificate: a.crt, client-key: /etc/a.key } }
  - { name: b, user: { exec: { command: gke-gcloud-auth-plugin } } }
`,
  );
  const grants = await grantsFor({ params: [] }, (name) => {
    return name === "KUBECONFIG" ? `${kubeconfig}:${folder.path}/absent` : undefined;
  });
  assert.deepEqual(grants, {
    read: [
      kubeconfig,
      `${folder.path}/absent`,
      `${folder.path}/ca.pem`,
      `${folder.path}/a.crt`,
      "/etc/a.key",
    ],
    net: ["203.0.113.7:6443", "api.example.org:443"],
    env: ["KUBECONFIG"],
    run: ["gke-gcloud-auth-plugin"],
  });
});

Deno.test("a configuration that cannot be used grants its file alone", async () => {
  using folder = new Folder();
  const file = folder.write("agent.yaml", "container-logs-dir: [/etc]\nlog-roots: [/home]\n");
  assert.deepEqual((await grantsFor({ file, params: [] }, nothingSet)).read, [file]);
});

function nothingSet(): undefined {
  return undefined;
}

class Folder implements Disposable {
  readonly path = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "grants-" }));

  write(name: string, text: string): string {
    Deno.writeTextFileSync(`${this.path}/${name}`, text);
    return `${this.path}/${name}`;
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}
