import assert from "node:assert/strict";
import { FollowFrom } from "../../src/generated/cluster_agent.ts";
import { startAgent, type TestAgent } from "../harness/agent.ts";
import { drain, request } from "../harness/calls.ts";
import { createAuthority } from "../harness/certificates.ts";
import { callByOpenssl, type OpensslOptions } from "../harness/openssl.ts";

const DATA = 0;

/** The ways of resuming a session, by what the client keeps of it. */
const kinds: readonly Pick<OpensslOptions, "version" | "tickets">[] = [
  { version: "1.2", tickets: true },
  { version: "1.2", tickets: false },
  { version: "1.3", tickets: true },
];

function save(agent: TestAgent, name: string, pair: { cert: string; key: string }): void {
  Deno.writeTextFileSync(`${agent.certificatesDir}/${name}.crt`, pair.cert);
  Deno.writeTextFileSync(`${agent.certificatesDir}/${name}.key`, pair.key);
}

/** Makes one full connection of each kind, which must be answered, and keeps its session. */
async function begin(agent: TestAgent, client: string): Promise<void> {
  const { certificatesDir: folder, port } = agent;
  Deno.writeTextFileSync(`${folder}/trusted.crt`, agent.authority.cert);
  for (const [i, kind] of kinds.entries()) {
    const saved = { ...kind, folder, port, client };
    await using first = callByOpenssl({ ...saved, saveSession: `session-${i}` });
    assert.notEqual(await first.frame(DATA), null, `${JSON.stringify(kind)}: not answered`);
  }
}

/** The outcome of resuming a session of each kind: whether its call is answered. */
function resume(agent: TestAgent, client: string): Promise<boolean[]> {
  const { certificatesDir: folder, port } = agent;
  return Promise.all(kinds.map(async (kind, i) => {
    await using again = callByOpenssl({
      ...kind,
      folder,
      port,
      client,
      resumeSession: `session-${i}`,
    });
    const answered = await again.frame(DATA) !== null;
    if (!answered) await again.ended;
    return answered;
  }));
}

/** How many connections with a resumed session were ended. */
function resumedAndEnded(agent: TestAgent): number {
  return agent.events.filter((event) =>
    event.type === "notice" && event.text === "a client's connection is ended" &&
    event.fields?.["resumed"] === true
  ).length;
}

Deno.test("TLS sessions resumed while their certificate is good are answered", async () => {
  await using agent = await startAgent();
  await begin(agent, "client");
  assert.deepEqual(await resume(agent, "client"), kinds.map(() => true));
});

Deno.test("a CA that is taken out of ca-file: full handshakes, resumed TLS 1.2 and 1.3 sessions are refused, open connections end", async () => {
  await using agent = await startAgent();
  const log = agent.logs.add({ content: "" });
  const following = drain(
    agent.records().streamForward(request({ ...log.request, follow_from: FollowFrom.DEFAULT })),
  );
  await agent.sees((events) => events.some((event) => event.type === "followers"));
  await begin(agent, "client");
  const next = await createAuthority("Next CA");
  Deno.writeTextFileSync(`${agent.certificatesDir}/ca.crt`, next.cert);

  const { code, details } = await following;
  assert.equal(code, "UNAUTHENTICATED", details);
  assert.match(details, /not issued by an authority of tls\.ca-file/);

  assert.deepEqual(await resume(agent, "client"), kinds.map(() => false));
  assert.equal(resumedAndEnded(agent), 2, "tickets of TLS 1.2 and 1.3 were resumed and ended");
  const { certificatesDir: folder, port } = agent;
  for (const version of ["1.2", "1.3"] as const) {
    await using full = callByOpenssl({ version, folder, port, client: "client" });
    assert.equal(await full.frame(DATA), null, `a full TLS ${version} handshake was answered`);
  }
  // From the CA that is in the file now.
  save(agent, "next", await next.client("kubetail-cluster-api"));
  await using good = callByOpenssl({ version: "1.3", folder, port, client: "next" });
  assert.notEqual(await good.frame(DATA), null);
});

Deno.test("a client certificate that expires: its open connection ends, and its sessions are not resumed", async () => {
  await using agent = await startAgent();
  const { certificatesDir: folder, port } = agent;
  let notAfter: Date;
  // The machine's speed determines how long a certificate must be valid to make these connections.
  for (let seconds = 6;; seconds *= 2) {
    notAfter = new Date(Date.now() + seconds * 1000);
    save(agent, "brief", await agent.authority.client("kubetail-cluster-api", { notAfter }));
    try {
      await begin(agent, "brief");
      await using open = callByOpenssl({ version: "1.3", folder, port, client: "brief" });
      assert.notEqual(await open.frame(DATA), null);
      await open.ended;
      break;
    } catch (error) {
      if (Date.now() < notAfter.getTime()) throw error;
    }
  }
  assert.ok(Date.now() > notAfter.getTime() - 1000, "it ended before its certificate");

  assert.deepEqual(await resume(agent, "brief"), kinds.map(() => false));
  assert.equal(resumedAndEnded(agent), 2);
  await using valid = callByOpenssl({ version: "1.3", folder, port, client: "client" });
  assert.notEqual(await valid.frame(DATA), null, "a valid caller is answered still");
});
