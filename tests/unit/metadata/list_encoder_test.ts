import assert from "node:assert/strict";
import { LogMetadataList } from "../../../src/generated/cluster_agent.ts";
import { encodeFixedFields, ListEncoder } from "../../../src/metadata/list_encoder.ts";
import { logMetadata } from "../../../src/metadata/log_metadata.ts";
import { Random, runSeed } from "../../harness/random.ts";

function randomName(random: Random) {
  const word = (most: number) => "x\u00e9".repeat(random.below(most));
  return {
    podName: word(60),
    namespace: word(30),
    containerName: word(30),
    containerId: word(40),
    isEmpty: false,
  } as unknown as Parameters<typeof encodeFixedFields>[1];
}

/** Sizes and times at which their encoding grows by a byte, and others in between. */
function randomNumber(random: Random): number {
  const edge = 2 ** random.pick([0, 7, 14, 28, 31, 32, 35, 49, 52]);
  return Math.max(0, random.pick([edge - 1, edge, edge + 1, Math.floor(edge * random.next())]));
}

Deno.test("a list is the bytes that the generated code writes, whatever its sizes and times", () => {
  const seed = runSeed();
  console.log(`SEED=${seed}`);
  const random = new Random(seed);
  for (let round = 0; round < 100; round++) {
    const encoder = new ListEncoder();
    const items = Array.from({ length: random.below(400) }, () => {
      const name = randomName(random);
      const size = randomNumber(random);
      const seconds = random.chance(0.1) ? -randomNumber(random) : randomNumber(random);
      const nanos = random.chance(0.3) ? 0 : random.below(1e9);
      encoder.add(encodeFixedFields("node-1", name), size, { seconds, nanos });
      return logMetadata("node-1", name, {
        size: BigInt(size),
        last_modified_at: { seconds: BigInt(seconds), nanos },
      });
    });
    assert.equal(encoder.count, items.length);
    const reference = LogMetadataList.encode({ items }).finish();
    assert.deepEqual(Array.from(encoder.finish()), Array.from(reference), `SEED=${seed} ${round}`);
  }
});
