import assert from "node:assert/strict";
import { ENGINE_MEMORY, shareEngineMemory } from "../../../src/pool/engine_memory.ts";

const MIB = 2 ** 20;

Deno.test("all parts together are the memory of engines, the large one as much as a pattern may take", () => {
  for (const quick of [1, 2, 3, 4, 8]) {
    const threads = { quick, slow: Math.min(Math.ceil(quick / 2), 2), large: 1, inflate: 0 };
    const parts = shareEngineMemory(ENGINE_MEMORY, threads);
    const sum = parts.quick * threads.quick + parts.slow * threads.slow + parts.large;
    assert.ok(sum <= ENGINE_MEMORY, `${quick} threads take ${sum / MIB} MiB`);
    assert.ok(parts.large >= 124 * MIB, `${quick} threads leave ${parts.large / MIB} MiB`);
    assert.ok(parts.quick >= 3 * MIB);
  }
});

Deno.test("a small memory leaves each thread what usual patterns need", () => {
  const parts = shareEngineMemory(32 * MIB, { quick: 2, slow: 1, large: 1, inflate: 0 });
  assert.deepEqual(parts, { quick: 3 * MIB, slow: 3 * MIB, large: 23 * MIB, inflate: 3 * MIB });
});
