import assert from "node:assert/strict";
import { findApiServer, KubeConfigError } from "../../../src/auth/kube_config.ts";

/** Files in a separate folder, and an environment that names them. */
class Setup implements Disposable {
  readonly dir = Deno.makeTempDirSync({ prefix: "kube-config-" });
  readonly env: Record<string, string> = {};

  write(name: string, content: string | object): string {
    const path = `${this.dir}/${name}`;
    Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    Deno.writeTextFileSync(
      path,
      typeof content === "string" ? content : JSON.stringify(content),
    );
    return path;
  }

  find() {
    return findApiServer({
      env: (name) => this.env[name],
      serviceAccountFolder: `${this.dir}/serviceaccount`,
    });
  }

  async fails(message: RegExp): Promise<void> {
    await assert.rejects(() => this.find(), (error: unknown) => {
      assert.ok(error instanceof KubeConfigError, `${error}`);
      assert.match(error.message, message);
      return true;
    });
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.dir, { recursive: true });
  }
}

/** A kubeconfig with one entry of each kind; the arguments override parts of cluster and user. */
function kubeConfig(cluster: object = {}, user: object = { token: "t" }): object {
  return {
    "current-context": "here",
    contexts: [{ name: "here", context: { cluster: "c", user: "u" } }],
    clusters: [{ name: "c", cluster: { server: "https://10.0.0.1:6443", ...cluster } }],
    users: [{ name: "u", user }],
  };
}

Deno.test("in a pod the service account is used, and its token and CA are read again each time", async () => {
  using setup = new Setup();
  setup.env["KUBERNETES_SERVICE_HOST"] = "10.96.0.1";
  setup.env["KUBERNETES_SERVICE_PORT"] = "443";
  setup.write("serviceaccount/ca.crt", "the CA");
  setup.write("serviceaccount/token", "first\n");
  const found = await setup.find();
  assert.equal(found.url.href, "https://10.96.0.1/");
  assert.equal(found.certificateAuthority(), "the CA");
  assert.deepEqual(await found.account(), { token: "first" });
  setup.write("serviceaccount/token", "second");
  setup.write("serviceaccount/ca.crt", "another CA");
  assert.deepEqual(await found.account(), { token: "second" });
  assert.equal(found.certificateAuthority(), "another CA");
});

Deno.test("in a pod of an IPv6 cluster the address is in brackets", async () => {
  using setup = new Setup();
  setup.env["KUBERNETES_SERVICE_HOST"] = "fd00:10:96::1";
  setup.env["KUBERNETES_SERVICE_PORT"] = "6443";
  assert.equal((await setup.find()).url.href, "https://[fd00:10:96::1]:6443/");
});

Deno.test("a pod's missing token is an error at the review, never a review without one", async () => {
  using setup = new Setup();
  setup.env["KUBERNETES_SERVICE_HOST"] = "10.96.0.1";
  setup.env["KUBERNETES_SERVICE_PORT"] = "443";
  const found = await setup.find();
  await assert.rejects(() => found.account(), /serviceaccount\/token/);
});

Deno.test("KUBECONFIG counts before the pod, the pod before ~/.kube/config", async () => {
  using setup = new Setup();
  setup.env["HOME"] = setup.dir;
  setup.write(".kube/config", kubeConfig({ server: "https://home:1" }));
  assert.equal((await setup.find()).url.host, "home:1");
  setup.env["KUBERNETES_SERVICE_HOST"] = "pod";
  setup.env["KUBERNETES_SERVICE_PORT"] = "2";
  assert.equal((await setup.find()).url.host, "pod:2");
  setup.env["KUBECONFIG"] = setup.write("k", kubeConfig({ server: "https://named:3" }));
  assert.equal((await setup.find()).url.host, "named:3");
});

Deno.test("a kubeconfig in YAML is read: the current context, with inline data instead of files", async () => {
  using setup = new Setup();
  setup.env["KUBECONFIG"] = setup.write(
    "config",
    `
apiVersion: v1
kind: Config
current-context: dev
contexts:
- { name: prod, context: { cluster: prod, user: prod } }
- name: dev
  context:
    cluster: dev
    user: me
    namespace: default
clusters:
- name: dev
  cluster:
    server: https://rancher.example.org/k8s/clusters/c-1/
    certificate-authority-data: ${btoa("CA")}
    tls-server-name: inner
users:
- name: me
  user:
    client-certificate-data: ${btoa("CERT")}
    client-key-data: ${btoa("KEY")}
`,
  );
  const found = await setup.find();
  assert.equal(found.url.href, "https://rancher.example.org/k8s/clusters/c-1");
  assert.equal(found.serverName, "inner");
  assert.equal(found.certificateAuthority(), "CA");
  assert.deepEqual(await found.account(), { certificate: "CERT", key: "KEY" });
});

Deno.test("paths in a kubeconfig are relative to its folder", async () => {
  using setup = new Setup();
  setup.write("deep/ca.pem", "CA");
  setup.write("deep/me.pem", "CERT");
  setup.write("me.key", "KEY");
  setup.write("deep/token", "T\n");
  setup.env["KUBECONFIG"] = setup.write(
    "deep/config",
    kubeConfig({ "certificate-authority": "ca.pem" }, {
      "client-certificate": "me.pem",
      "client-key": `${setup.dir}/me.key`,
      tokenFile: "./token",
    }),
  );
  const found = await setup.find();
  assert.equal(found.certificateAuthority(), "CA");
  assert.deepEqual(await found.account(), { token: "T", certificate: "CERT", key: "KEY" });
});

Deno.test("a credential plugin is run for its token", async () => {
  using setup = new Setup();
  setup.env["KUBECONFIG"] = setup.write(
    "config",
    kubeConfig({}, {
      exec: {
        apiVersion: "client.authentication.k8s.io/v1",
        command: "echo",
        args: [JSON.stringify({ kind: "ExecCredential", status: { token: "from-plugin" } })],
      },
    }),
  );
  assert.deepEqual(await (await setup.find()).account(), { token: "from-plugin" });
});

Deno.test("several files: a missing one is skipped, the first of a name counts", async () => {
  using setup = new Setup();
  const first = setup.write("1", {
    clusters: [{ name: "c", cluster: { server: "https://first:1" } }],
    users: [],
  });
  const second = setup.write("2", kubeConfig({ server: "https://second:2" }, { token: "two" }));
  setup.env["KUBECONFIG"] = `${setup.dir}/none:${first}::${second}`;
  const found = await setup.find();
  assert.equal(found.url.host, "first:1");
  assert.deepEqual(await found.account(), { token: "two" });
});

Deno.test("a context without a user sends no credentials", async () => {
  using setup = new Setup();
  setup.env["KUBECONFIG"] = setup.write("config", {
    "current-context": "c",
    contexts: [{ name: "c", context: { cluster: "c" } }],
    clusters: [{ name: "c", cluster: { server: "https://a:1" } }],
  });
  assert.deepEqual(await (await setup.find()).account(), {});
});

Deno.test("http is accepted only on a loopback address (kubectl proxy)", async () => {
  using setup = new Setup();
  for (const server of ["http://127.0.0.1:8001", "http://[::1]:8001", "http://localhost:8001"]) {
    setup.env["KUBECONFIG"] = setup.write("config", kubeConfig({ server }));
    assert.equal((await setup.find()).url.href, `${server}/`);
  }
  for (const server of ["http://10.0.0.1:8001", "http://api.example.org", "http://0.0.0.0:1"]) {
    setup.env["KUBECONFIG"] = setup.write("config", kubeConfig({ server }));
    await setup.fails(/https is required, except on a loopback address/);
  }
});

const refused: [string, object, RegExp][] = [
  ["an unverified server", kubeConfig({ "insecure-skip-tls-verify": true }), /insecure-skip-tls/],
  ["a proxy", kubeConfig({ "proxy-url": "http://proxy" }), /proxy-url is not supported/],
  ["a URL that is none", kubeConfig({ server: "10.0.0.1:6443" }), /is not a URL|https is required/],
  ["another scheme", kubeConfig({ server: "ftp://10.0.0.1" }), /https is required/],
  ["no server", kubeConfig({ server: "" }), /clusters\[0\]\.cluster\.server is missing/],
  ["impersonation", kubeConfig({}, { as: "admin" }), /as \(impersonation\) is not supported/],
  ["a password", kubeConfig({}, { username: "a", password: "b" }), /username and password/],
  ["an auth-provider", kubeConfig({}, { "auth-provider": { name: "gcp" } }), /auth-provider/],
  ["no current context", { ...kubeConfig(), "current-context": "" }, /no current-context/],
  ["an unknown context", { ...kubeConfig(), "current-context": "x" }, /no context x/],
  ["an unknown cluster", { ...kubeConfig(), clusters: [] }, /no cluster c/],
  ["an unknown user", { ...kubeConfig(), users: [] }, /no user u/],
  ["a list", [], /not a kubeconfig file/],
  ...["certificate-authority-data", "client-certificate-data", "client-key-data"].map(
    (key): [string, object, RegExp] => [
      `${key} that is not base64`,
      kubeConfig({ [key]: "*" }, { [key]: "*" }),
      new RegExp(`${key}: not base64`),
    ],
  ),
];
for (const [name, config, message] of refused) {
  Deno.test(`a kubeconfig is refused, naming what and where: ${name}`, async () => {
    using setup = new Setup();
    setup.env["KUBECONFIG"] = setup.write("config", config);
    await setup.fails(message);
    await setup.fails(new RegExp(setup.env["KUBECONFIG"]));
  });
}

Deno.test("a kubeconfig with a syntax error near a token: file and position are reported, never the line", async () => {
  using setup = new Setup();
  for (
    const [text, line] of [
      ["users:\n- user:\n    token: secret\n   x: y\n", 4],
      ['users: [{user: {token: "secret}', 1],
      ["token: *secret", 1],
      ["secret: 1\nsecret: 2", 2],
      ["token: !secret x", 1],
    ] as const
  ) {
    setup.env["KUBECONFIG"] = setup.write("config", text);
    await assert.rejects(setup.find(), (error: Error) => {
      assert.doesNotMatch(error.message, /secret/);
      assert.match(
        error.message,
        new RegExp(`config: not valid YAML \\(line ${line}, column \\d+\\)$`),
      );
      return true;
    });
  }
});

Deno.test("a credential plugin's invalid output is not quoted", async () => {
  using setup = new Setup();
  const exec = { apiVersion: "client.authentication.k8s.io/v1", command: "echo", args: ["secret"] };
  setup.env["KUBECONFIG"] = setup.write("config", kubeConfig({}, { exec }));
  await assert.rejects((await setup.find()).account(), {
    message: "The credential plugin's output is not valid JSON",
  });
});

Deno.test("a credential plugin that fails: its own words are the error", async () => {
  using setup = new Setup();
  const exec = {
    apiVersion: "client.authentication.k8s.io/v1",
    command: "sh",
    args: ["-c", "echo no session >&2; exit 1"],
  };
  setup.env["KUBECONFIG"] = setup.write("config", kubeConfig({}, { exec }));
  await assert.rejects((await setup.find()).account(), /no session/);
});

Deno.test("an invalid kubeconfig, a missing one, and none at all are errors that say which", async () => {
  using setup = new Setup();
  setup.env["KUBECONFIG"] = setup.write("config", "a: [");
  await setup.fails(/Cannot parse .*\/config/);
  setup.env["KUBECONFIG"] = `${setup.dir}/none`;
  await setup.fails(/no such file: .*\/none/);
  delete setup.env["KUBECONFIG"];
  setup.env["HOME"] = `${setup.dir}/nowhere`;
  await setup.fails(/not in a pod .*no KUBECONFIG, no ~\/\.kube\/config/);
});
