/** What a process uses, from /proc. */
export class ProcessUse {
  readonly #pid: number | null;

  constructor(pid: number | null) {
    this.#pid = pid;
  }

  /**
   * Resident memory in MB: now, of that what is the process's own and no file's, and at its peak since the process
   * began or resetPeak. Throws an Error where the process has ended.
   */
  memory(): { now: number; anonymous: number; peak: number } {
    if (this.#pid === null) return { now: NaN, anonymous: NaN, peak: NaN };
    const status = Deno.readTextFileSync(`/proc/${this.#pid}/status`);
    const megabytes = (field: string) => {
      const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1];
      // A process that has ended has no memory, and its status no such line.
      if (kilobytes === undefined) throw new Error(`No ${field} of process ${this.#pid}`);
      return Number(kilobytes) * 1024 / 1e6;
    };
    return {
      now: megabytes("VmRSS"),
      anonymous: megabytes("RssAnon"),
      peak: megabytes("VmHWM"),
    };
  }

  /** Lets the kernel look for the peak anew. Throws where the process is another user's. */
  resetPeak(): void {
    if (this.#pid === null) return;
    Deno.writeTextFileSync(`/proc/${this.#pid}/clear_refs`, "5"); // proc_pid_clear_refs(5)
  }

  /** CPU seconds of all its threads so far. */
  cpuSeconds(): number {
    if (this.#pid === null) return NaN;
    const stat = Deno.readTextFileSync(`/proc/${this.#pid}/stat`);
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / 100; // USER_HZ
  }
}
