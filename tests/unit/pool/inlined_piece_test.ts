import assert from "node:assert/strict";
import { LARGE, onDisk, piece, Setup } from "./fake_pool.ts";
import { cri, MemorySource } from "./log_pieces.ts";

Deno.test("a run of NULs that begins in a small piece was read through by the owner: a worker reads on", async () => {
  using setup = new Setup(1);
  let read = 0;
  const nuls = {
    ...onDisk,
    size: 2 ** 31,
    readAt(_offset: number, into: Uint8Array) {
      read += into.length;
      into.fill(0);
      return into.length;
    },
  };
  const small = { ...piece(0, "one", nuls), to: 64 * 1024, end: nuls.size };
  const result = setup.scan(small, {});
  const [inlined] = setup.workers[0]!.requests;
  assert.ok(inlined?.kind === "scan" && "bytes" in inlined.source);
  assert.equal(inlined.source.bytes.length, 0);
  assert.ok(read < 8 * 2 ** 20, `the owner has read ${read} bytes`);
  await setup.workers[0]!.scanned();
  const { resume } = await result;
  assert.ok(resume !== null && resume.line !== null);
  const next = setup.scan({ ...small, ...resume, from: resume.offset }, {});
  const request = setup.workers[0]!.requests.at(-1);
  assert.ok(request?.kind === "scan" && "path" in request.source);
  await setup.workers[0]!.scanned();
  await next;
});

Deno.test("a small piece with grep is read by the owner and inlined in the request", async () => {
  using setup = new Setup(1);
  const text = new TextEncoder().encode(cri("one") + cri("two"));
  const source = {
    ...onDisk,
    readAt: new MemorySource(text).readAt.bind({ bytes: text, reads: 0 }),
  };
  const small = { ...piece(0, "one", source), to: text.length, end: text.length };
  const result = setup.scan(small, {});
  const [request] = setup.workers[0]!.requests;
  assert.ok(request?.kind === "scan" && "bytes" in request.source);
  assert.deepEqual(request.source.bytes, text);
  await setup.workers[0]!.scanned();
  await result;
});

Deno.test("a piece whose file a worker cannot open is read by the owner, a part at a time", async () => {
  using setup = new Setup(1);
  const text = new TextEncoder().encode(cri("x".repeat(100)).repeat(20_000));
  const source = new MemorySource(text);
  const { path, dev, ino } = onDisk;
  const readable = { path, dev, ino, size: text.length, readAt: source.readAt.bind(source) };
  const whole = { ...piece(0, "x", readable), to: text.length, end: text.length };
  const result = setup.scan(whole, {});
  const worker = setup.workers[0]!;
  assert.deepEqual(worker.requests[0]?.kind === "scan" && worker.requests[0].source, {
    path,
    dev,
    ino,
    isCompressed: false,
  });
  await worker.fileUnavailable();
  const second = worker.requests[1];
  assert.ok(second?.kind === "scan" && "bytes" in second.source);
  assert.ok(second.source.bytes.length <= 1.1 * LARGE);
  await worker.scanned({ records: 3 });
  const { resume, short } = await result;
  assert.deepEqual({ resume, short }, {
    // Where the last inlined line ends.
    resume: { offset: second.source.bytes.length, skip: 0, line: null },
    short: false,
  });
});

Deno.test("bytes that the owner no longer finds make an inlined piece short", async () => {
  using setup = new Setup(1);
  const source = new MemorySource(new TextEncoder().encode(cri("one")));
  const result = setup.scan({ ...piece(0, "x", source), to: 5000, end: 5000 }, {});
  await setup.workers[0]!.scanned();
  const { resume, short } = await result;
  assert.deepEqual({ resume, short }, { resume: null, short: true });
});

Deno.test("an owner that cannot read its file fails that piece alone", async () => {
  using setup = new Setup(1);
  const broken = { ...onDisk, dev: null, readAt: () => assert.fail("input/output error") };
  await assert.rejects(setup.scan(piece(1, "x", broken), {}), /input\/output error/);
  const next = setup.scan(piece(2), {});
  await setup.workers[0]!.scanned();
  await next;
});
