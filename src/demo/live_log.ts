import { appendFileSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createHash } from "node:crypto";
import type { NodeLogs } from "./samples.ts";

/**
 * A container's log that is written while the demo runs, and rotated as by the kubelet, by renaming. Owned by the
 * DemoAgent; the demo writes to it.
 */
export class LiveLog {
  readonly namespace = "shop";
  readonly pod = "web-0";
  readonly container = "app";
  readonly #file: string;
  #count = 0;

  /** Creates the log, empty, among the node's logs. */
  constructor(logs: NodeLogs, dir: string) {
    const name = `${this.namespace}/${this.pod}/${this.container}`;
    const id = createHash("sha256").update(name).digest("hex");
    const folder = `pods/${this.namespace}_${this.pod}_${id.slice(0, 8)}/${this.container}`;
    mkdirSync(join(dir, folder), { recursive: true });
    this.#file = join(dir, folder, "0.log");
    writeFileSync(this.#file, "");
    const link = `${this.pod}_${this.namespace}_${this.container}-${id}.log`;
    symlinkSync(`../${folder}/0.log`, join(logs.containerLogsDir, link));
  }

  /** Appends one line in the CRI format. */
  write(): void {
    this.#count++;
    const time = new Date().toISOString();
    appendFileSync(this.#file, `${time} stdout F order ${this.#count} shipped\n`);
  }

  /** Renames the file and starts a new one. Returns the old file's new name. */
  rotate(): string {
    const stamp = new Date().toISOString().replaceAll(/[-:]/g, "").replace("T", "-").slice(0, 15);
    renameSync(this.#file, `${this.#file}.${stamp}`);
    writeFileSync(this.#file, "");
    return `0.log.${stamp}`;
  }
}
