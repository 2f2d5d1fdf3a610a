/**
 * Resident memory of a process now, or its peak, MiB. The runtime reads /proc only with all permissions, hence the
 * command.
 */
export function processMemory(pid: number, field: "VmRSS" | "VmHWM"): number {
  const { stdout } = new Deno.Command("cat", { args: [`/proc/${pid}/status`] }).outputSync();
  const status = new TextDecoder().decode(stdout);
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) / 1024;
}

/**
 * Lets VmHWM begin again at what is resident now (proc_pid_clear_refs(5)). On a kernel without that it stays the peak
 * since the start, which is no lower.
 */
export function resetPeakMemory(pid: number): void {
  new Deno.Command("sh", { args: ["-c", `echo 5 > /proc/${pid}/clear_refs`] }).outputSync();
}
