/** Logs that are truncated and rewritten to a larger size, while they are read but not followed. */
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import type { LogRecord } from "../../src/generated/cluster_agent.ts";
import { startAgent } from "../harness/agent.ts";
import { request } from "../harness/calls.ts";
import { criLine } from "../harness/log_tree.ts";

const LINES = 20_000;
const START = Date.parse("2024-10-01T05:00:00Z");

/** Lines of 180 bytes: together, more than is read ahead of a client that does not read. */
function linesOf(word: string, from: number, count: number): string {
  const padding = "x".repeat(140);
  let text = "";
  for (let i = from; i < from + count; i++) {
    text += criLine(new Date(START + i).toISOString(), `${word} ${i} ${padding}`);
  }
  return text;
}

const old = linesOf("old", 0, LINES);
const young = linesOf("new", LINES, LINES + 10);
const bytes = new TextEncoder().encode(old).length;

/** What happens to the text: a path for its copy, and the copy's bytes. */
const copies: Record<string, ((path: string) => void) | null> = {
  "a plain copy": (path) => Deno.writeTextFileSync(`${path}.1`, old),
  "a compressed copy": (path) => Deno.writeFileSync(`${path}.1.gz`, gzipSync(old, { level: 1 })),
  "a copy that was made before the last lines came": (path) =>
    Deno.writeTextFileSync(`${path}.1`, linesOf("old", 0, LINES - 100)),
  "no copy": null,
};

for (const direction of ["forward", "backward"] as const) {
  for (const grep of ["", "old|new"]) {
    for (const [title, copy] of Object.entries(copies)) {
      const how = `${direction}${grep && " with grep"}, ${title}`;
      Deno.test(`a log truncated and rewritten during a read (${how}): no new text is read at old offsets`, async () => {
        await using agent = await startAgent();
        const log = agent.logs.add({ content: old });
        const fields = request({ ...log.request, grep });
        const records = agent.records();
        const call = direction === "forward"
          ? records.streamForward(fields)
          : records.streamBackward(fields);
        const numbers: number[] = [];
        let size = 0;
        let truncate = () => {
          truncate = () => {};
          copy?.(log.path);
          Deno.writeTextFileSync(log.path, young);
        };
        for await (const record of call as AsyncIterable<LogRecord>) {
          const [word, number] = record.message.split(" ");
          assert.equal(word, "old");
          numbers.push(Number(number));
          size += criLine(new Date(START + Number(number)).toISOString(), record.message).length;
          truncate();
        }
        const lost = agent.events.reduce(
          (sum, e) => sum + (e.type === "truncated" ? e.bytes : 0),
          0,
        );
        if (direction === "backward") numbers.reverse();
        assert.equal(new Set(numbers).size, numbers.length, "a line came twice");
        assert.deepEqual(numbers, numbers.toSorted((a, b) => a - b));
        assert.equal(size + lost, bytes, "neither given out nor counted");
        if (copy === null) assert(lost > 0, "all was read before it was truncated");
        else if (title.includes("before the last") && direction === "forward") {
          assert.equal(numbers.length, LINES - 100);
        } else assert.equal(lost, 0);
      });
    }
  }
}
