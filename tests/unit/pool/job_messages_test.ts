import assert from "node:assert/strict";
import type { FailureKind } from "../../../src/failure/failure.ts";
import { endJob, requestFor } from "../../../src/pool/job_messages.ts";
import type { Response } from "../../../src/pool/messages.ts";
import { newScratch } from "../../../src/pool/piece.ts";
import { failure, onDisk, piece } from "./fake_pool.ts";
import { emptyResult } from "./fake_worker.ts";
import { cri, MemorySource } from "./log_pieces.ts";
import { testJob } from "./test_job.ts";

const compressed = { path: "/log.gz", dev: 3, ino: 4 };
const options = { sliceMs: 40, scratch: newScratch() };
const answered = (response: Response) => ({ ...response, computedMs: 1 });

Deno.test("a worker is told which file to open; for a compressed log, the compressed one", () => {
  const plain = requestFor(testJob({}, { piece: piece(5) }), options);
  assert.ok(plain.request.kind === "scan");
  assert.deepEqual(plain.request.source, { path: "/log", dev: 1, ino: 2, isCompressed: false });
  assert.equal(plain.request.piece.from, 5);
  assert.ok(!("source" in plain.request.piece), "an open file cannot be sent");
  const inflated = piece(5, "x", { ...onDisk, dev: null, ino: null, compressed });
  const { request } = requestFor(testJob({}, { piece: inflated }), options);
  assert.ok(request.kind === "scan");
  assert.deepEqual(request.source, { ...compressed, isCompressed: true });
});

Deno.test("what is to be located, examined or checked is asked as such", () => {
  const window = { start: null, stop: { seconds: 1, nanos: 0 } };
  const locate = { source: onDisk, compressed, format: "cri", window } as const;
  const examine = { compressed, range: { from: 1, to: 2 } } as never;
  const kinds = [
    testJob({}, { piece: null, locate }),
    testJob({}, { piece: null, examine }),
    testJob({}, { piece: null }),
  ].map((job) => requestFor(job, options).request.kind);
  assert.deepEqual(kinds, ["locate", "examine", "check"]);
});

Deno.test("an inlined piece's bytes are sent with the request and become the worker's", () => {
  const text = new TextEncoder().encode(cri("one") + cri("two"));
  const source = new MemorySource(text);
  const job = testJob({}, {
    piece: { ...piece(0, "x", source), to: text.length, end: text.length },
    isInlined: true,
  });
  const { request, transfer } = requestFor(job, options);
  assert.ok(request.kind === "scan" && "bytes" in request.source);
  assert.deepEqual(request.source.bytes, text);
  assert.deepEqual(transfer, [request.source.bytes.buffer]);
  assert.notEqual(job.inlined, null);
});

Deno.test("a piece of no file cannot be sent", () => {
  const job = testJob({}, { piece: piece(0, "x", new MemorySource(new Uint8Array(0))) });
  assert.throws(() => requestFor(job, options), /not a file/);
});

Deno.test("a job ends with what was scanned, located or examined", async () => {
  const bounds = { from: 1, to: 2 };
  for (
    const [response, result] of [
      [{ kind: "scanned", id: 1, result: emptyResult }, emptyResult],
      [{ kind: "checked", id: 1 }, null],
      [{ kind: "located", id: 1, bounds }, bounds],
      [{ kind: "located", id: 1, bounds: null }, null],
      [{ kind: "examined", id: 1, examined: null }, null],
    ] as const
  ) {
    const job = testJob();
    endJob(job, answered(response));
    assert.equal(await job.result, result);
  }
});

Deno.test("a job fails with the kind that its caller is to be told", async () => {
  const kinds: readonly (readonly [Response, FailureKind])[] = [
    [{ kind: "engine-full", id: 1 }, "invalid-argument"],
    [{ kind: "file-unavailable", id: 1 }, "not-found"],
    [{ kind: "failed", id: 1, failure: "unavailable", message: "why" }, "unavailable"],
    [{ kind: "stopped", id: 1 }, "internal"],
  ];
  for (const [response, kind] of kinds) {
    const job = testJob({}, { piece: null, examine: { compressed, range: null } });
    endJob(job, answered(response));
    await assert.rejects(job.result, failure(kind));
  }
});
