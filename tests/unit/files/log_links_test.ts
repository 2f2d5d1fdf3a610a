import assert from "node:assert/strict";
import { LogLinks } from "../../../src/files/log_links.ts";

async function withFolder(
  body: (folder: string, links: (ahead: number) => LogLinks) => Promise<void>,
) {
  const folder = Deno.makeTempDirSync({ prefix: "links-" });
  try {
    // A clock that is ahead makes a folder look as if it had not changed for a long time.
    await body(folder, (ahead) => new LogLinks(folder, () => Date.now() + ahead));
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

const link = (folder: string, id: string, target: string) =>
  Deno.symlinkSync(target, `${folder}/p_ns_c-${id}.log`);
const atOnce = () => null;
const targets = async (links: LogLinks) =>
  (await links.read(atOnce)).map(({ target }) => target).sort();

Deno.test("links are resolved against the folder; other names are left out", () =>
  withFolder(async (folder, links) => {
    link(folder, "a", "/pods/a.log");
    link(folder, "b", "../b.log");
    Deno.writeTextFileSync(`${folder}/p_ns_c-file.log`, "");
    Deno.writeTextFileSync(`${folder}/other`, "");
    assert.deepEqual(
      await targets(links(0)),
      ["/pods/a.log", `${folder.replace(/[^/]+$/, "")}b.log`, `${folder}/p_ns_c-file.log`].sort(),
    );
  }));

Deno.test("a folder that has settled is not read again, and its links stay the same objects", () =>
  withFolder(async (folder, links) => {
    link(folder, "a", "/pods/a.log");
    const settled = links(60_000);
    assert.equal(await settled.read(atOnce), await settled.read(atOnce));
  }));

Deno.test("a link with a new target is seen at once in a folder that was just changed", () =>
  withFolder(async (folder, links) => {
    const read = links(0);
    link(folder, "a", "/pods/1.log");
    assert.deepEqual(await targets(read), ["/pods/1.log"]);
    Deno.removeSync(`${folder}/p_ns_c-a.log`);
    link(folder, "a", "/pods/2.log");
    assert.deepEqual(await targets(read), ["/pods/2.log"]);
  }));

Deno.test("a link that now leads elsewhere is seen in a folder that had settled", () =>
  withFolder(async (folder, links) => {
    const read = links(60_000);
    link(folder, "a", "/pods/1.log");
    assert.deepEqual(await targets(read), ["/pods/1.log"]);
    const stamp = () => Deno.statSync(folder).ctime!.getTime();
    // In reality, seconds later: here, until the file system's time has advanced.
    for (const before = stamp(); stamp() === before;) {
      Deno.removeSync(`${folder}/p_ns_c-a.log`);
      link(folder, "a", "/pods/2.log");
    }
    assert.deepEqual(await targets(read), ["/pods/2.log"]);
  }));

Deno.test("a clock that was set back makes nothing stale", () =>
  withFolder(async (folder, links) => {
    const read = links(-3_600_000);
    assert.deepEqual(await targets(read), []);
    link(folder, "a", "/pods/1.log");
    assert.deepEqual(await targets(read), ["/pods/1.log"]);
  }));

Deno.test("regression: the links of a large folder were read in one turn of the event loop; it is left to others in between", () =>
  withFolder(async (folder, links) => {
    for (let i = 0; i < 100; i++) link(folder, `${i}`, "/pods/a.log");
    let turns = 0;
    const breathe = () => {
      turns++;
      return new Promise<void>((resolve) => setTimeout(resolve));
    };
    assert.equal((await links(0).read(breathe)).length, 100);
    assert.equal(turns, 3);
    const ended = () => ++turns < 5 ? null : Promise.reject(new Error("nobody wants it"));
    await assert.rejects(links(0).read(ended), /nobody wants it/);
    assert.equal(turns, 5, "read to its end");
  }));
