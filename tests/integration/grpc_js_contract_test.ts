/**
 * The undocumented behavior of grpc-js, node:http2 and node:tls on which src/rpc/grpc_js/ relies, one test for each,
 * against a plain grpc-js server. A test that fails after an upgrade names what has changed, and the module that must
 * be adapted.
 */
import assert from "node:assert/strict";
import { connect as connectHttp2, type IncomingHttpHeaders } from "node:http2";
import type { AddressInfo } from "node:net";
import * as grpc from "@grpc/grpc-js";
import {
  HealthCheckResponse_ServingStatus as Serving,
  HealthClient,
  HealthService,
} from "../../src/generated/grpc/health.ts";
import {
  ServerReflectionClient,
  ServerReflectionService,
} from "../../src/generated/grpc/reflection.ts";
import { connectionOf, innermostCall, streamClosed } from "../../src/rpc/grpc_js/call_stream.ts";
import {
  type Http2Session,
  type Http2Source,
  judgeStreams,
  onHttp2Server,
} from "../../src/rpc/grpc_js/http2_servers.ts";
import { identityHeaders } from "../../src/rpc/grpc_js/identity_headers.ts";
import { replaceLogger } from "../../src/rpc/grpc_js/logger.ts";
import { onPeerSession, type PeerSession } from "../../src/rpc/grpc_js/peer_sessions.ts";
import { ReloadableCredentials } from "../../src/rpc/grpc_js/reloadable_credentials.ts";
import type { AgentEvent } from "../../src/telemetry/events.ts";
import { createAuthority, type KeyPair } from "../harness/certificates.ts";

interface Bare extends Disposable {
  readonly port: number;
  readonly ca: string;
  readonly client: KeyPair;
  readonly health: HealthClient;
  readonly reflection: ServerReflectionClient;
  /** The calls that grpc-js has passed on: unary, with one stream, with two. */
  readonly calls: unknown[];
}

/** A grpc-js server with our TLS and services that answer once; prepare is called before it binds. */
async function serveBare(prepare: (server: grpc.Server) => void): Promise<Bare> {
  const authority = await createAuthority();
  const [pair, client] = await Promise.all([
    authority.server(),
    authority.client("kubetail-cluster-api"),
  ]);
  const calls: unknown[] = [];
  const server = new grpc.Server();
  prepare(server);
  server.addService(HealthService, {
    check: (call: unknown, respond: grpc.sendUnaryData<{ status: Serving }>) => {
      calls.push(call);
      respond(null, { status: Serving.SERVING });
    },
    watch: (call: grpc.ServerWritableStream<unknown, { status: Serving }>) => {
      calls.push(call);
      call.write({ status: Serving.SERVING });
      call.end();
    },
  });
  server.addService(ServerReflectionService, {
    serverReflectionInfo: (call: grpc.ServerDuplexStream<unknown, unknown>) => {
      calls.push(call);
      call.resume();
      call.on("end", () => call.end());
    },
  });
  const credentials = new ReloadableCredentials(
    { cert: pair.cert, key: pair.key, ca: authority.cert },
    { verifyClients: true },
  );
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync(
      "127.0.0.1:0",
      credentials,
      (error, port) => error ? reject(error) : resolve(port),
    )
  );
  const channel = grpc.credentials.createSsl(
    Buffer.from(authority.cert),
    Buffer.from(client.key),
    Buffer.from(client.cert),
  );
  const own = { "grpc.use_local_subchannel_pool": 1 };
  const health = new HealthClient(`localhost:${port}`, channel, own);
  const reflection = new ServerReflectionClient(`localhost:${port}`, channel, own);
  return {
    port,
    ca: authority.cert,
    client,
    health,
    reflection,
    calls,
    [Symbol.dispose]() {
      health.close();
      reflection.close();
      server.forceShutdown();
    },
  };
}

function check(bare: Bare, metadata = new grpc.Metadata()): Promise<grpc.ServiceError | null> {
  return new Promise((resolve) =>
    bare.health.check({ service: "" }, metadata, (error) => resolve(error))
  );
}

/** Calls Check with the headers unchanged; resolves to the response's headers, once the response is complete. */
function rawCheck(bare: Bare, headers: Record<string, string | string[]>): Promise<void> {
  return new Promise((resolve, reject) => {
    const session = connectHttp2(`https://localhost:${bare.port}`, {
      ca: bare.ca,
      cert: bare.client.cert,
      key: bare.client.key,
    });
    session.on("error", reject);
    const stream = session.request({
      ":method": "POST",
      ":path": "/grpc.health.v1.Health/Check",
      "content-type": "application/grpc",
      te: "trailers",
      ...headers,
    });
    stream.on("error", reject);
    stream.on("close", () => {
      session.destroy();
      resolve();
    });
    stream.resume();
    stream.end(new Uint8Array(5));
  });
}

Deno.test("http2_servers.ts: grpc-js hands its node:http2 server to _setupHandlers before it listens", async () => {
  const sources: Http2Source[] = [];
  using bare = await serveBare((server) => onHttp2Server(server, (source) => sources.push(source)));
  assert.equal(sources.length, 1);
  assert.equal((sources[0] as unknown as { address(): AddressInfo }).address().port, bare.port);
});

Deno.test("http2_servers.ts: grpc-js adds one stream listener, its last, and sees no stream that is judged away", async () => {
  let judged = 0;
  using bare = await serveBare((server) =>
    judgeStreams(server, (stream) => {
      judged++;
      if (judged > 1) return true;
      stream.respond({ ":status": 200, "grpc-status": 8 }, { endStream: true });
      return false;
    })
  );
  assert.equal((await check(bare))?.code, grpc.status.RESOURCE_EXHAUSTED);
  assert.equal(bare.calls.length, 0);
  assert.equal(await check(bare), null);
  assert.equal(bare.calls.length, 1);
});

Deno.test("http2_servers.ts: listeners of ours run before grpc-js's, with the very headers that it reads", async () => {
  using bare = await serveBare((server) =>
    onHttp2Server(server, (source) => {
      source.on("stream", (_stream, headers) => headers["x-set-here"] = ["one", "two"]);
    })
  );
  assert.equal(await check(bare), null);
  const { metadata } = bare.calls[0] as { metadata: grpc.Metadata };
  assert.deepEqual(metadata.get("x-set-here"), ["one", "two"]);
});

Deno.test("call_stream.ts: every kind of call shows its HTTP/2 stream, its session and its end", async () => {
  const sessions: Http2Session[] = [];
  const closed: Promise<void>[] = [];
  using bare = await serveBare((server) =>
    onHttp2Server(server, (source) => source.on("session", (session) => sessions.push(session)))
  );
  await check(bare);
  await new Promise((resolve) =>
    bare.health.watch({ service: "" }).on("end", resolve).on("error", () => {}).resume()
  );
  const duplex = bare.reflection.serverReflectionInfo();
  const ended = new Promise((resolve) => duplex.on("end", resolve));
  duplex.on("error", () => {}).resume();
  duplex.end();
  await ended;
  assert.equal(bare.calls.length, 3);
  for (const call of bare.calls) {
    const inner = innermostCall(call);
    assert.ok(inner !== null, "the innermost call is where it was");
    const closing = streamClosed(call);
    if (closing !== null) closed.push(closing);
  }
  await Promise.all(closed);
  const alive: (object | null)[] = [];
  using watching = await serveBare((server) =>
    onHttp2Server(server, (source) => {
      source.on("session", (session) => alive.push(session));
      source.on("stream", (stream) => alive.push(stream.session ?? null));
    })
  );
  await check(watching);
  assert.equal(alive.length, 2);
  assert.equal(alive[0], alive[1], "a stream's session is the one of the session event");
  assert.equal(connectionOf({}), null);
});

Deno.test("identity_headers.ts: node:http2 tells every value of repeated headers in its raw list, and in headers it does not", async () => {
  const seen: { headers: IncomingHttpHeaders; raw: readonly string[] }[] = [];
  using bare = await serveBare((server) =>
    onHttp2Server(server, (source) => {
      source.on("stream", (_stream, headers, _flags, raw) => {
        seen.push({ headers: { ...headers } as IncomingHttpHeaders, raw });
      });
    })
  );
  await rawCheck(bare, { "x-remote-group": ["a, b", "c"], "x-remote-user": "alice" });
  assert.equal(seen[0]?.headers["x-remote-group"], "a, b, c", "joined: so lists are needed still");
  assert.deepEqual(identityHeaders(seen[0]?.raw ?? []).get("x-remote-group"), ["a, b", "c"]);
});

Deno.test("identity_headers.ts: which values of a header reach node:http2, and which grpc-js, is as known", async () => {
  let raw: readonly string[] = [];
  using bare = await serveBare((server) =>
    onHttp2Server(server, (source) => source.on("stream", (...args) => raw = args[3]))
  );
  const cases: [string, { http2: boolean; grpc: boolean }][] = [
    ["plain, with spaces within", { http2: true, grpc: true }],
    [" space before", { http2: true, grpc: true }],
    ["space after ", { http2: true, grpc: true }],
    ["tab\twithin", { http2: true, grpc: false }],
    ["jürgen", { http2: true, grpc: false }],
    // Dropped below JavaScript, without a trace.
    ["control\x01byte", { http2: false, grpc: false }],
    ["del\x7f", { http2: false, grpc: false }],
  ];
  for (const [value, reaches] of cases) {
    bare.calls.length = 0;
    await rawCheck(bare, { "x-remote-user": value });
    const { metadata } = bare.calls[0] as { metadata: grpc.Metadata };
    const arrived = {
      http2: identityHeaders(raw).has("x-remote-user"),
      grpc: metadata.get("x-remote-user").length > 0,
    };
    assert.deepEqual(arrived, reaches, JSON.stringify(value));
  }
});

Deno.test("connections.ts: node:http2's raw list has every header that it was given, pseudo-headers among them", async () => {
  let raw: readonly string[] = [];
  using bare = await serveBare((server) =>
    onHttp2Server(server, (source) => source.on("stream", (...args) => raw = args[3]))
  );
  const names = () => raw.filter((_, i) => i % 2 === 0);
  const always = [":method", ":path", "content-type", "te", ":authority", ":scheme"].sort();
  await rawCheck(bare, { cookie: ["a=1", "b=2"], "x-a": ["", "same", "same"] });
  assert.deepEqual(names().sort(), [...always, "cookie", "cookie", "x-a", "x-a", "x-a"].sort());
  // Dropped below JavaScript: what is missing can only be counted.
  await rawCheck(bare, { "x-a": ["kept", "drop\x01ped"] });
  assert.deepEqual(names().sort(), [...always, "x-a"].sort());
});

Deno.test("logger.ts: what grpc-js refuses goes to the logger that was set, named before its value", async () => {
  const events: AgentEvent[] = [];
  using bare = await serveBare(() => replaceLogger((event) => events.push(event)));
  await rawCheck(bare, { authorization: "Bearer sécret" });
  assert.deepEqual(events, [{
    type: "notice",
    level: "debug",
    text: "the gRPC library reports a problem",
    fields: { about: "Failed to add metadata entry authorization" },
  }]);
});

Deno.test("peer_sessions.ts: a session's socket shows the client's chain, its own certificate first", async () => {
  const sessions: PeerSession[] = [];
  using bare = await serveBare((server) =>
    onPeerSession(server, (session) => sessions.push(session))
  );
  await check(bare);
  const [session] = sessions;
  assert.equal(session?.resumed, false);
  assert.deepEqual(
    session?.chain?.map(({ subject }) => subject),
    ["CN=kubetail-cluster-api", "CN=Throwaway CA"],
  );
});

Deno.test("reloadable_credentials.ts: grpc-js passes new certificates to new connections", async () => {
  const authority = await createAuthority();
  const credentials = new ReloadableCredentials({}, { verifyClients: false });
  let watched: unknown = null;
  const internals = credentials as unknown as { _addWatcher(watcher: (it: unknown) => void): void };
  internals._addWatcher((context) => watched = context);
  const next = { cert: authority.cert };
  credentials.update(next);
  assert.equal(watched, next);
});

Deno.test("session_ends.ts: node:http2 ends a session that its client has left by its method destroy", async () => {
  const destroyed = Promise.withResolvers<void>();
  using bare = await serveBare((server) =>
    onHttp2Server(server, (source) =>
      source.on("session", (session) => {
        const { destroy } = session;
        session.destroy = (...args) => {
          destroyed.resolve();
          destroy.apply(session, args);
        };
      }))
  );
  await check(bare);
  bare.health.close();
  await destroyed.promise;
});

Deno.test("connection.ts: node:http2 reads its socket by one data listener", async () => {
  const listeners: number[] = [];
  using bare = await serveBare((server) =>
    onHttp2Server(server, (source) => {
      const sockets: { listenerCount(event: string): number }[] = [];
      source.prependListener("secureConnection", (socket) => sockets.push(socket));
      source.on("session", () => listeners.push(sockets.at(-1)?.listenerCount("data") ?? -1));
    })
  );
  await check(bare);
  assert.deepEqual(listeners, [1]);
});
