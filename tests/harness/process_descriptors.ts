/** How many times this process has the file open now. */
export function openCount(path: string): number {
  return descriptors().filter((target) => target === path).length;
}

/** The targets of a process's descriptors. Throws an Error if there is no such process. */
export function descriptors(pid = Deno.pid): string[] {
  return linesOf("ls", ["-l", `/proc/${pid}/fd`])
    .flatMap((line) => line.split(" -> ").slice(1, 2));
}

/** How many inotify watches a process has. Throws an Error if there is no such process. */
export function inotifyWatches(pid = Deno.pid): number {
  return linesOf("sh", ["-c", `cat /proc/${pid}/fdinfo/*`])
    .filter((line) => line.startsWith("inotify wd:")).length;
}

/** --allow-read does not permit reading /proc, so a command does it. */
function linesOf(command: string, args: string[]): string[] {
  const { success, stdout, stderr } = new Deno.Command(command, { args }).outputSync();
  const text = new TextDecoder();
  // A descriptor may be closed while it is listed: the command reports that and fails, but continues with the others.
  if (!success && stdout.length === 0) throw new Error(text.decode(stderr));
  return text.decode(stdout).split("\n");
}
