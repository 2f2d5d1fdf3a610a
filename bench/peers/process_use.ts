/** What a process uses, from /proc. */
export class ProcessUse {
  readonly #pid: number | null;

  constructor(pid: number | null) {
    this.#pid = pid;
  }

  /** Resident memory in MB: now, and at its peak since the process began or resetPeak. */
  memory(): { now: number; peak: number } {
    if (this.#pid === null) return { now: NaN, peak: NaN };
    const status = Deno.readTextFileSync(`/proc/${this.#pid}/status`);
    const megabytes = (field: string) =>
      Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1] ?? NaN) * 1024 / 1e6;
    return { now: megabytes("VmRSS"), peak: megabytes("VmHWM") };
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
