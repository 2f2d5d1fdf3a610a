import assert from "node:assert/strict";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

interface Span {
  readonly name: string;
  readonly traceId: string;
  readonly parentSpanId: string;
  readonly kind: number;
  readonly status: { readonly code?: number; readonly message?: string };
  readonly attributes: readonly { readonly key: string; readonly value: Record<string, unknown> }[];
}

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const PARENT = "b7ad6b7169203331";

/** Runs a program with Deno's exporter on, with a collector of this test; returns the received spans. */
async function spansOf(program: string): Promise<Span[]> {
  const spans: Span[] = [];
  const collector = createServer(async (request, response) => {
    const body = await text(request);
    if (request.url === "/v1/traces") {
      const { resourceSpans } = JSON.parse(body);
      for (const resource of resourceSpans) {
        for (const scope of resource.scopeSpans) spans.push(...scope.spans);
      }
    }
    response.end("{}");
  });
  await new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve));
  try {
    const project = new URL("../../", import.meta.url);
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", "--quiet", program],
      cwd: project,
      env: {
        OTEL_DENO: "true",
        OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${
          (collector.address() as AddressInfo).port
        }`,
      },
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
  } finally {
    await new Promise((resolve) => {
      collector.close(resolve);
      collector.closeAllConnections();
    });
  }
  return spans;
}

async function text(request: IncomingMessage): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString();
}

Deno.test("each call is a span, in its caller's trace, with its gRPC status", async () => {
  const spans = await spansOf(`
    const { loadTraces } = await import("./src/telemetry/traces.ts");
    const start = await loadTraces({ version: "1.2.3" });
    start("cluster_agent.LogMetadataService/List", "00-${TRACE}-${PARENT}-01").end("OK");
    start("cluster_agent.LogRecordsService/StreamForward", "garbage").end("INTERNAL");
    start("cluster_agent.LogRecordsService/StreamForward", undefined).end("NOT_FOUND");
  `);
  assert.deepEqual(
    spans.map(({ name, kind, parentSpanId, status, attributes }) => ({
      name,
      kind,
      parentSpanId,
      error: status.code === 2,
      code: Number(
        Object.values(
          attributes.find(({ key }) => key === "rpc.grpc.status_code")?.value ?? {},
        )[0],
      ),
    })),
    [
      {
        name: "cluster_agent.LogMetadataService/List",
        kind: 2,
        parentSpanId: PARENT,
        error: false,
        code: 0,
      },
      {
        name: "cluster_agent.LogRecordsService/StreamForward",
        kind: 2,
        parentSpanId: "",
        error: true,
        code: 13,
      },
      {
        name: "cluster_agent.LogRecordsService/StreamForward",
        kind: 2,
        parentSpanId: "",
        error: false,
        code: 5,
      },
    ],
  );
  const [first, ...others] = spans;
  assert.equal(first?.traceId, TRACE);
  assert.equal(new Set(others.map(({ traceId }) => traceId)).size, 2);
});
