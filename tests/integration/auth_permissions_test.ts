import assert from "node:assert/strict";
import { AuthorizationApi } from "../harness/authorization_api.ts";
import { createAuthority } from "../harness/certificates.ts";

const reviewerModule = new URL("../../src/auth/reviewer.ts", import.meta.url).href;

/** Makes one review in a separate process that is granted only the given permissions; returns its output. */
async function reviewIn(
  options: { readonly permissions: readonly string[]; readonly env: Record<string, string> },
): Promise<string> {
  const program = `
    const { createReviewer } = await import(${JSON.stringify(reviewerModule)});
    const reviewer = createReviewer({ report: (event) => console.log(event.text) });
    const identity = { kind: "front-proxy", user: "alice", groups: [], extra: new Map() };
    const { signal } = new AbortController();
    console.log(await reviewer.review(identity, "a", { signal }).catch((error) => error.message));
    reviewer.close();`;
  const folder = Deno.makeTempDirSync({ prefix: "auth-permissions-" });
  try {
    Deno.writeTextFileSync(`${folder}/review.ts`, program);
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-prompt",
        "--ignore-env", // as for the agent: libraries read names that mean nothing to it
        "--quiet",
        "--no-check",
        `--config=${new URL("../../deno.json", import.meta.url).pathname}`,
        ...options.permissions,
        `${folder}/review.ts`,
      ],
      env: options.env,
    }).output();
    return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

Deno.test("a review needs the rights to reach the API server and to read its files, and no others", async () => {
  const authority = await createAuthority();
  const pair = await authority.client("agent");
  await using api = await AuthorizationApi.start({ authority });
  const folder = Deno.makeTempDirSync({ prefix: "auth-kube-" });
  try {
    Deno.writeTextFileSync(`${folder}/ca`, api.ca);
    Deno.writeTextFileSync(`${folder}/cert`, pair.cert);
    Deno.writeTextFileSync(`${folder}/key`, pair.key);
    Deno.writeTextFileSync(`${folder}/token`, "agent-token");
    Deno.writeTextFileSync(
      `${folder}/config`,
      JSON.stringify({
        "current-context": "c",
        contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
        clusters: [{ name: "c", cluster: { server: api.url, "certificate-authority": "ca" } }],
        users: [{
          name: "u",
          user: { tokenFile: "token", "client-certificate": "cert", "client-key": "key" },
        }],
      }),
    );
    const env = { KUBECONFIG: `${folder}/config` };
    const net = `--allow-net=${new URL(api.url).host}`;
    const read = `--allow-read=${folder}`;
    const variables = "--allow-env=KUBECONFIG,KUBERNETES_SERVICE_HOST,KUBERNETES_SERVICE_PORT,HOME";

    assert.equal(await reviewIn({ permissions: [net, read, variables], env }), "true\n");
    assert.equal(api.asked.length, 1);
    assert.equal(api.asked[0]?.headers["authorization"], "Bearer agent-token");
    assert.equal(api.asked[0]?.certificateName, "agent");

    // Without them: no verdict, and a text that names what is missing.
    const noNet = await reviewIn({ permissions: [read, variables], env });
    assert.match(noNet, /Requires net access/);
    assert.match(noNet, /Cannot ask the Kubernetes API server: it did not answer/);
    const noRead = await reviewIn({ permissions: [net, variables], env });
    assert.match(noRead, /Requires read access to ".*config"/);
    assert.match(noRead, /access to it is not configured/);
    assert.equal(api.asked.length, 1);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
