import assert from "node:assert/strict";
import type { Message } from "../../../src/pool/messages.ts";
import { newScratch } from "../../../src/pool/piece.ts";
import { requestFor } from "../../../src/pool/job_messages.ts";
import { SharedFlags } from "../../../src/pool/shared_flags.ts";
import { startWorker } from "../../../src/pool/start_worker.ts";
import { lstat } from "../../../src/platform/files.ts";
import { cri } from "./log_pieces.ts";
import { piece } from "./fake_pool.ts";
import { testJob } from "./test_job.ts";

/** The answer of a worker that may read the roots when it is to scan the file. */
async function answerFor(path: string, readRoots?: () => readonly string[]): Promise<string> {
  const worker = startWorker(readRoots);
  try {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(event.message));
    };
    const { dev, ino, size } = lstat(path);
    worker.onmessage = ({ data }: MessageEvent<Message>) => {
      if (data.kind !== "ready") return resolve(data.kind);
      const sharedFlags = new SharedFlags().buffer;
      worker.postMessage({ kind: "init", sharedFlags, engineBytes: 2 ** 20 });
      const source = { path, dev, ino, size, readAt: () => 0 };
      const whole = { ...piece(0, "", source), to: size, end: size };
      const { request } = requestFor(testJob({}, { piece: whole }), {
        sliceMs: 40,
        scratch: newScratch(),
      });
      worker.postMessage({ ...request, id: 1 });
    };
    return await promise;
  } finally {
    worker.terminate();
  }
}

Deno.test("a worker reads files below its roots, and none beside them", async () => {
  const folder = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "roots-" }));
  try {
    Deno.mkdirSync(`${folder}/pods`);
    for (const name of ["pods/0.log", "secret"]) {
      Deno.writeTextFileSync(`${folder}/${name}`, cri("x"));
    }
    const roots = () => [`${folder}/pods`];
    assert.equal(await answerFor(`${folder}/pods/0.log`, roots), "scanned");
    assert.equal(await answerFor(`${folder}/secret`, roots), "file-unavailable");
    assert.equal(await answerFor(`${folder}/secret`, () => []), "file-unavailable");
    assert.equal(await answerFor(`${folder}/secret`), "scanned", "without roots: as the process");
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
