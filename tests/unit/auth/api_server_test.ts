import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { ApiServer, NoResponse } from "../../../src/auth/api_server.ts";
import type { Account, ApiServerAccess } from "../../../src/auth/kube_config.ts";

interface Setup extends AsyncDisposable {
  readonly server: ApiServer;
  readonly asked: { readonly method: string; readonly path: string; readonly headers: unknown }[];
  readonly bodies: string[];
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** An API server over plain HTTP on a loopback address, at the path /base/. */
async function setUp(
  answer: Answer,
  options: { readonly account?: Account; readonly timeoutMs?: number } = {},
): Promise<Setup> {
  const asked: Setup["asked"] = [];
  const bodies: string[] = [];
  const http: Server = createServer((request, response) => {
    const { method = "", url = "", headers } = request;
    asked.push({ method, path: url, headers });
    let body = "";
    request.on("data", (chunk) => body += chunk);
    request.on("end", () => {
      bodies.push(body);
      answer(request, response);
    });
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const { port } = http.address() as AddressInfo;
  const access: ApiServerAccess = {
    url: new URL(`http://127.0.0.1:${port}/base/`),
    serverName: undefined,
    certificateAuthority: () => undefined,
    account: () => Promise.resolve(options.account ?? { token: "agent-token" }),
  };
  return {
    server: new ApiServer(access, { timeoutMs: options.timeoutMs ?? 10_000 }),
    asked,
    bodies,
    async [Symbol.asyncDispose]() {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

const { signal } = new AbortController();
const asAgent = { token: null, signal };

function json(status: number, body: unknown): Answer {
  return (_request, response) => {
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  };
}

Deno.test("api server: the posted body, the identity, and the answer", async () => {
  await using setup = await setUp(json(201, { allowed: true }));
  const answer = await setup.server.post("/apis/x", { kind: "Review" }, asAgent);
  assert.deepEqual(answer, { status: 201, body: { allowed: true }, message: null });
  const [asked] = setup.asked;
  assert.deepEqual([asked?.method, asked?.path], ["POST", "/base/apis/x"]);
  const headers = asked?.headers as Record<string, string>;
  assert.equal(headers["authorization"], "Bearer agent-token");
  assert.equal(headers["content-type"], "application/json");
  assert.deepEqual(setup.bodies, ['{"kind":"Review"}']);
});

Deno.test("api server: as a caller nothing of the agent's own account is sent", async () => {
  await using setup = await setUp(json(200, {}), { account: { token: "agent-token" } });
  await setup.server.post("/x", {}, { token: "callers", signal });
  const headers = setup.asked[0]?.headers as Record<string, string>;
  assert.equal(headers["authorization"], "Bearer callers");
});

Deno.test("api server: an account without a token sends none", async () => {
  await using setup = await setUp(json(200, {}), { account: {} });
  await setup.server.post("/x", {}, asAgent);
  assert.equal("authorization" in (setup.asked[0]?.headers as object), false);
});

Deno.test("api server: an answer other than JSON has a status and no body", async () => {
  await using setup = await setUp((_request, response) => response.writeHead(502).end("<html>"));
  const answer = await setup.server.post("/x", {}, asAgent);
  assert.deepEqual(answer, { status: 502, body: undefined, message: null });
});

Deno.test("api server: a message that repeats the sent token is reported without it", async () => {
  await using setup = await setUp((request, response) => {
    const message = `webhook failed: ${request.headers.authorization}`;
    response.writeHead(500).end(JSON.stringify({ kind: "Status", message }));
  }, { account: { token: "agent-token" } });
  for (const token of [null, "callers-token"]) {
    const { message } = await setup.server.post("/x", {}, { token, signal });
    assert.equal(message, "webhook failed: Bearer <token>");
  }
});

Deno.test("api server: a broken connection is retried exactly once", async () => {
  let breaks = 1;
  await using setup = await setUp((request, response) => {
    if (breaks-- > 0) request.socket.destroy();
    else json(200, "whole")(request, response);
  });
  assert.equal((await setup.server.post("/x", {}, asAgent)).body, "whole");
  assert.equal(setup.asked.length, 2);
  await using broken = await setUp((request) => request.socket.destroy());
  await assert.rejects(broken.server.post("/x", {}, asAgent), NoResponse);
  assert.equal(broken.asked.length, 2);
});

Deno.test("api server: an answer of more than a megabyte is rejected", async () => {
  await using setup = await setUp((_request, response) => {
    response.on("error", () => {});
    response.end(`"${"x".repeat(1024 * 1024)}"`);
  });
  await assert.rejects(setup.server.post("/x", {}, asAgent), NoResponse);
});

Deno.test("api server: no answer in time says so; a call that ends says why it ended", async () => {
  await using setup = await setUp(() => {}, { timeoutMs: 50 });
  await assert.rejects(
    setup.server.post("/x", {}, asAgent),
    (error: unknown) =>
      error instanceof NoResponse && /no answer within 0.05 s/.test(error.message),
  );
  const ending = new AbortController();
  const asked = setup.server.post("/x", {}, { token: null, signal: ending.signal });
  ending.abort(new Error("the caller has gone"));
  await assert.rejects(asked, /the caller has gone/);
  await assert.rejects(
    setup.server.post("/x", {}, { token: null, signal: ending.signal }),
    /the caller has gone/,
  );
});
