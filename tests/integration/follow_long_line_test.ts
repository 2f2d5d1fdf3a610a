import assert from "node:assert/strict";
import { ScanPool } from "../../src/pool/pool.ts";
import { AppendedScanner } from "../../src/stream/appended_scanner.ts";
import { BufferBudget } from "../../src/stream/buffer_budget.ts";
import { FollowStream } from "../../src/stream/follow_stream.ts";
import { silent } from "../../src/telemetry/events.ts";
import { criLine, criLines, logName, MemoryLog } from "../harness/memory_log.ts";

const MAX_RECORD_BYTES = 2 ** 21;

Deno.test("regression: a follow that was interrupted behind a line of several pieces went back to its middle", async () => {
  using log = new MemoryLog();
  using pool = Object.assign(new ScanPool({ workers: 0, report: silent }), {
    [Symbol.dispose](this: ScanPool) {
      this.close();
    },
  });
  // The pieces after the first, 64 and 128 KiB, are in the long line: no line begins there.
  const long = criLine(1).replace("F 1", `F ${"x".repeat(300_000)}`);
  log.append(long + criLines(2, 2000));
  using follow = new FollowStream(log.follows, logName, {
    start: "beginning",
    window: { start: null, stop: null },
  });
  const ended = new AbortController();
  const sent: number[] = [];
  let results = 0;
  let total = 0;
  let malformed = 0;
  const running = follow.run({
    grep: "",
    maxRecordBytes: MAX_RECORD_BYTES,
    scanner: await AppendedScanner.create(MAX_RECORD_BYTES),
    pool,
    stream: {},
    user: "",
    buffers: new BufferBudget({ bytes: Infinity, report: silent }),
    report(event) {
      if (event.type === "scanned") malformed += event.malformed;
    },
    signal: ended.signal,
    sink: {
      write(frames) {
        sent.push(frames.length);
        return true;
      },
    },
    onScanned({ records }: { readonly records: number }) {
      total += records;
      if (++results === 2) {
        log.copyTruncate(".20261123-100001");
        log.append(criLine(3000));
      }
      if (total >= 2001) ended.abort(new Error("all there"));
    },
  });
  await assert.rejects(running, /all there/);
  assert.equal(total, 2001);
  assert.equal(malformed, 0, "a part of the long line was taken for a line");
  assert(results > 3);
});
