/**
 * Resident memory of a process, current or peak, in MiB. The runtime reads /proc only with all permissions, hence the
 * command.
 */
export function processMemory(pid: number, field: "VmRSS" | "VmHWM"): number {
  const { stdout } = new Deno.Command("cat", { args: [`/proc/${pid}/status`] }).outputSync();
  const status = new TextDecoder().decode(stdout);
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) / 1024;
}

/**
 * Resets VmHWM to the current resident memory (proc_pid_clear_refs(5)). On a kernel without that, it remains the peak
 * since the start, which is no lower.
 */
export function resetPeakMemory(pid: number): void {
  new Deno.Command("sh", { args: ["-c", `echo 5 > /proc/${pid}/clear_refs`] }).outputSync();
}
