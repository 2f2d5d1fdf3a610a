import assert from "node:assert/strict";
import { mapsParts } from "../../../bench/memory/smaps.ts";

const smaps = `00200000-03000000 r--p 00000000 fe:00 262180                 /usr/bin/deno
Size:              47104 kB
Rss:                2000 kB
Private_Clean:         0 kB
Private_Dirty:         0 kB
03000000-08000000 r-xp 02e00000 fe:00 262180                 /usr/bin/deno
Rss:                4000 kB
Private_Clean:      1000 kB
Private_Dirty:         0 kB
08000000-08300000 rw-p 07e00000 fe:00 262180                 /usr/bin/deno
Rss:                 500 kB
Private_Dirty:       500 kB
1f000000-1f800000 rw-p 00000000 00:00 0                      [heap]
Rss:                3000 kB
Private_Dirty:      3000 kB
7f0000000000-7f0000100000 rw-p 00000000 00:00 0
Rss:                 600 kB
Private_Dirty:       600 kB
7f0000200000-7f0000300000 rw-p 00000000 00:00 0 
Rss:                 400 kB
Private_Dirty:       400 kB
7f0000400000-7f0000500000 r-xp 00000000 fe:00 99             /usr/lib/x86_64-linux-gnu/libc.so.6
Rss:                 800 kB
Shared_Clean:        800 kB
7f0000600000-7f0000700000 r--p 00000000 fe:00 98             /root/.cache/deno/v8_code_cache_v2
Rss:                 100 kB
7f0000800000-7f0000900000 ---p 00000000 00:00 0
Rss:                   0 kB
`;

Deno.test("smaps come together by what the mappings are for", () => {
  const parts = mapsParts(smaps).map(({ part, residentMB, privateMB, dirtyMB }) => [
    part,
    ...[residentMB, privateMB, dirtyMB].map((megabytes) => Math.round(megabytes * 1e6 / 1024)),
  ]);
  assert.deepEqual(parts, [
    ["the runtime's program", 4000, 1000, 0],
    ["malloc", 3000, 3000, 3000],
    ["the runtime's constants and snapshot", 2000, 0, 0],
    ["V8's heaps and code, threads' stacks, malloc's large blocks", 1000, 1000, 1000],
    ["the C library", 800, 0, 0],
    ["the runtime's variables", 500, 500, 500],
    ["everything else", 100, 0, 0],
  ]);
});
