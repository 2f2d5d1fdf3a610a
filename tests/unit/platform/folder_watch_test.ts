import assert from "node:assert/strict";
import { watch, type WatchEvent } from "../../../src/platform/folder_watch.ts";

Deno.test("changes to a file in the folder or below it arrive as events until the watch is closed", async () => {
  const folder = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "watch-" }));
  try {
    Deno.mkdirSync(`${folder}/below`);
    const watching = watch(folder, { recursive: true });
    const path = `${folder}/below/0.log`;
    // The platform begins to watch at some point: the file is written repeatedly until an event arrives.
    const writing = setInterval(() => Deno.writeTextFileSync(path, "x", { append: true }), 20);
    const seen: WatchEvent[] = [];
    for await (const event of watching) {
      seen.push(event);
      if (event.paths.includes(path)) break;
    }
    clearInterval(writing);
    assert.notEqual(seen.at(-1)?.flag, "rescan");
    watching.close();
    watching.close(); // Closing twice is harmless.
    for await (const event of watching) assert.fail(`came after the end: ${event.kind}`);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("a path that is not there cannot be watched", () => {
  assert.throws(() => watch("/nowhere/at/all", { recursive: true }));
});
