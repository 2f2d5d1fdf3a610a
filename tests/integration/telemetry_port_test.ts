import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import { connect, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import { startTelemetry, type TelemetryOptions } from "../../src/telemetry/http.ts";
import type { Report } from "../../src/telemetry/events.ts";
import { createMetrics } from "../../src/telemetry/metrics.ts";
import { startAgent } from "../harness/agent.ts";
import { statusPage } from "../../src/telemetry/status_page.ts";

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: Record<string, unknown>;
}

async function withPort(
  overrides: Partial<TelemetryOptions>,
  work: (port: number) => Promise<void>,
): Promise<void> {
  const server = await startTelemetry({
    address: { host: "127.0.0.1", port: 0 },
    metrics: () => "metric 1\n",
    readiness: () => [],
    statusPage: () => Promise.resolve("<!doctype html><p>status</p>"),
    statusPageFor: "loopback",
    ...overrides,
  });
  try {
    await work(server.port);
  } finally {
    await server.close();
  }
}

function ask(
  port: number,
  path: string,
  options: { method?: string; host?: string; header?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({
      host: options.host ?? "127.0.0.1",
      port,
      path,
      method: options.method ?? "GET",
      agent: false,
      headers: options.header === undefined ? {} : { host: options.header },
    }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => body += part);
      response.on(
        "end",
        () => resolve({ status: response.statusCode ?? 0, body, headers: response.headers }),
      );
    });
    sent.on("error", reject);
    sent.end();
  });
}

/** Resolves when the connection is over, with or without an error. */
function closed(socket: Socket): Promise<void> {
  if (socket.closed) return Promise.resolve();
  return new Promise((resolve) => socket.on("close", () => resolve()));
}

Deno.test("/livez and /readyz: alive always, ready only without a reason against it", async () => {
  let problems: string[] = [];
  await withPort({ readiness: () => problems }, async (port) => {
    assert.deepEqual(await statusAndBody(port, "/livez"), [200, "ok\n"]);
    assert.deepEqual(await statusAndBody(port, "/readyz"), [200, "ok\n"]);
    problems = ["Cannot list /var/log/containers", "The agent is stopping"];
    assert.deepEqual(await statusAndBody(port, "/readyz?verbose"), [
      503,
      "Cannot list /var/log/containers\nThe agent is stopping\n",
    ]);
    assert.deepEqual(await statusAndBody(port, "/livez"), [200, "ok\n"]);
  });
});

async function statusAndBody(port: number, path: string): Promise<[number, string]> {
  const { status, body } = await ask(port, path);
  return [status, body];
}

Deno.test("/metrics is Prometheus text, and is not there when it is turned off", async () => {
  const metrics = createMetrics({ version: "1.2.3", isReady: () => true });
  try {
    await withPort({ metrics: metrics.render }, async (port) => {
      const { status, headers, body } = await ask(port, "/metrics");
      assert.equal(status, 200);
      assert.equal(headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
      assert.match(body, /^# TYPE kubetail_agent_calls_total counter$/m);
    });
  } finally {
    metrics.close();
  }
  await withPort({ metrics: null }, async (port) => {
    assert.equal((await ask(port, "/metrics")).status, 404);
  });
});

Deno.test("methods other than GET and HEAD get 405, unknown paths 404", async () => {
  await withPort({}, async (port) => {
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"]) {
      const { status, headers } = await ask(port, "/metrics", { method });
      assert.equal(status, 405, method);
      assert.equal(headers["allow"], "GET, HEAD");
    }
    for (const path of ["/x", "/metrics/", "//", "/..", "/livez/../metrics"]) {
      assert.equal((await ask(port, path)).status, 404, path);
    }
  });
});

Deno.test("the status page loads nothing from elsewhere, and shows foreign values as text", async () => {
  const metrics = createMetrics({ version: "1.2.3", isReady: () => true });
  metrics.report({ type: "sent", bytes: 1_000_000 });
  const page = () =>
    statusPage({
      ...metrics.snapshot(),
      node: "<script>",
      problems: ["no & such <folder>"],
      incidents: {
        failedCalls: [{ atMs: 0, times: 2, text: "<i>", detail: "'by\u202e" }],
        warnings: [],
      },
    });
  try {
    await withPort({ statusPage: () => Promise.resolve(page()) }, async (port) => {
      const { status, body, headers } = await ask(port, "/");
      assert.equal(status, 200);
      assert.match(String(headers["content-security-policy"]), /^default-src 'none'/);
      assert.match(body, /on &lt;script&gt;/);
      assert.match(body, /no &amp; such &lt;folder&gt;/);
      assert.match(body, /&lt;i&gt;<div class="muted">\d+ d .* ago · 2 times · &#39;by\ufffd</);
      assert.match(body, /1\.2\.3/);
      assert.match(body, /<svg[\s\S]*<polyline points="0\.0,/);
      assert.doesNotMatch(body, /<script|(?:src|href)="(?!\/)|https?:|url\(|@import|NaN|undefined/);
    });
  } finally {
    metrics.close();
  }
});

Deno.test("failed calls and warnings name users and pods: they are for loopback, whatever status-page says", async () => {
  await using agent = await startAgent({
    telemetry: { addr: "127.0.0.1:0", statusPage: "always" },
  });
  const port = agent.telemetryPort ?? 0;
  assert.match((await ask(port, "/")).body, /<h2>Failed calls<[^]*<h2>Last warnings</);
  const elsewhere = (await ask(port, "/", { header: "node-1.example" })).body;
  assert.match(elsewhere, /are shown on loopback addresses only/);
  assert.doesNotMatch(elsewhere, /<h2>|allow-all/);
});

Deno.test("the status page is for loopback: not by another host's name, not from another address", async () => {
  await withPort({}, async (port) => {
    for (const header of ["localhost", `127.0.0.1:${port}`, "[::1]", "LOCALHOST:9464"]) {
      assert.equal((await ask(port, "/", { header })).status, 200, header);
    }
    // A website whose name points to 127.0.0.1 (DNS rebinding).
    for (const header of ["evil.example", "127.0.0.1.evil.example", "localhost.evil:80"]) {
      assert.equal((await ask(port, "/", { header })).status, 403, header);
    }
  });
  await withPort({ statusPageFor: "always" }, async (port) => {
    assert.equal((await ask(port, "/", { header: "node-1.example" })).status, 200);
  });

  const outside = Object.values(networkInterfaces()).flat().find((address) =>
    address !== undefined && address.family === "IPv4" && !address.internal
  );
  if (outside === undefined) return; // A machine without a network has no other address.
  await withPort({ address: { host: "", port: 0 } }, async (port) => {
    const host = outside.address;
    assert.equal((await ask(port, "/", { host })).status, 403);
    assert.equal((await ask(port, "/", { host, header: "localhost" })).status, 403);
    assert.equal((await ask(port, "/readyz", { host })).status, 200);
  });
});

Deno.test("a new connection is always answered: beyond 64 the oldest one is ended for it", async () => {
  const reached: string[] = [];
  const report: Report = (event) => {
    if (event.type === "limit-reached") reached.push(event.limit);
  };
  await withPort({ report }, async (port) => {
    const sockets = await Promise.all(Array.from({ length: 100 }, () => silent(port)));
    try {
      for (let index = 0; index < 8; index++) {
        assert.equal((await ask(port, "/livez")).status, 200);
      }
      await Promise.all(sockets.slice(0, 36).map(closed));
      assert.ok(
        reached.length >= 36 && reached.every((limit) => limit === "telemetry-connections"),
      );
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  });
});

Deno.test("sockets that request /metrics repeatedly and read nothing do not delay a probe", async () => {
  let rendered = 0;
  const metrics = () => {
    rendered++;
    return "metric 1\n".repeat(20_000);
  };
  await withPort({ metrics }, async (port) => {
    const sockets = await Promise.all(Array.from({ length: 60 }, () => silent(port)));
    try {
      for (const socket of sockets) {
        socket.pause();
        socket.write("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(500));
      }
      for (let index = 0; index < 8; index++) {
        assert.equal((await ask(port, "/livez")).status, 200);
      }
      assert.ok(rendered <= 60, `${rendered} texts were made for 60 connections`);
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  });
});

Deno.test("HEAD is GET without the text", async () => {
  await withPort({}, async (port) => {
    for (const path of ["/metrics", "/livez", "/readyz"]) {
      const [got, head] = [await ask(port, path), await ask(port, path, { method: "HEAD" })];
      assert.deepEqual([head.status, head.body], [got.status, ""]);
      assert.equal(head.headers["content-length"], String(got.body.length));
    }
  });
});

/** A silent connection; resolves when it is established. */
async function silent(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.resume();
  await once(socket, "connect");
  return socket;
}

Deno.test("silent connections, and those that never finish their request, are closed after about 5 s", async () => {
  await withPort({}, async (port) => {
    const spans = ["", "GET /livez HT", "GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: "].map(
      async (start) => {
        const socket = connect(port, "127.0.0.1");
        socket.on("error", () => {});
        socket.resume();
        if (start !== "") socket.write(start);
        const begun = performance.now();
        await closed(socket);
        return performance.now() - begun;
      },
    );
    for (const milliseconds of await Promise.all(spans)) {
      assert.ok(milliseconds > 3000, `${milliseconds} ms`);
    }
  });
});

Deno.test("garbage on the port ends that connection and nothing else", async () => {
  await withPort({}, async (port) => {
    const garbage = [
      "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      "GET / HTTP/9.9\r\n\r\n",
      `GET /${"a".repeat(100_000)} HTTP/1.1\r\n\r\n`,
      "GET / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
      "\r\n\r\n\0\0\0",
    ];
    for (const text of garbage) {
      const socket = connect(port, "127.0.0.1");
      socket.on("error", () => {});
      socket.resume();
      socket.end(text, "latin1");
      await closed(socket);
    }
    assert.equal((await ask(port, "/livez")).status, 200);
  });
});

Deno.test("close ends open connections at once", async () => {
  let kept: Socket | undefined;
  await withPort({}, async (port) => {
    kept = connect(port, "127.0.0.1");
    kept.on("error", () => {});
    kept.resume();
    await once(kept, "connect");
  });
  if (kept !== undefined && !kept.closed) await closed(kept);
});

Deno.test("an address in use is an error", async () => {
  await withPort({}, async (port) => {
    await assert.rejects(
      withPort({ address: { host: "127.0.0.1", port } }, () => Promise.resolve()),
      { code: "EADDRINUSE" },
    );
  });
});
