import { mkdtempSync, readdirSync, realpathSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PREFIX = "agent-demo-";
/** The demo's certificates are valid for a day: no running demo uses an older folder. */
const ABANDONED_MS = 25 * 3_600_000;

/**
 * A temporary folder, removed with the object. It contains private keys, so folders of killed demos are removed too, if
 * they are more than a day old. Owned by the demo, which disposes of it.
 */
export class DemoFolder implements Disposable {
  readonly path: string;

  constructor() {
    removeAbandoned();
    this.path = realpathSync(mkdtempSync(join(tmpdir(), PREFIX)));
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true, maxRetries: 3 });
  }
}

function removeAbandoned(): void {
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue;
    const path = join(tmpdir(), name);
    try {
      if (Date.now() - statSync(path).mtimeMs < ABANDONED_MS) continue;
      rmSync(path, { recursive: true, force: true });
    } catch {
      // Another user's folder, which is theirs to remove.
    }
  }
}
