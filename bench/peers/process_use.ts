/** The resources that a process uses, from /proc. */
export class ProcessUse {
  readonly #pid: number | null;

  constructor(pid: number | null) {
    this.#pid = pid;
  }

  /**
   * Resident memory in MB: current, the part of it that belongs to the process and not to files, and the peak since the
   * process began or since resetPeak. Throws an Error if the process has ended.
   */
  memory(): { now: number; anonymous: number; peak: number } {
    if (this.#pid === null) return { now: NaN, anonymous: NaN, peak: NaN };
    const status = Deno.readTextFileSync(`/proc/${this.#pid}/status`);
    const megabytes = (field: string) => {
      const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1];
      // A process that has ended has no memory, and no such line in its status.
      if (kilobytes === undefined) throw new Error(`No ${field} of process ${this.#pid}`);
      return Number(kilobytes) * 1024 / 1e6;
    };
    return {
      now: megabytes("VmRSS"),
      anonymous: megabytes("RssAnon"),
      peak: megabytes("VmHWM"),
    };
  }

  /** Makes the kernel measure the peak again. Throws if the process belongs to another user. */
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
