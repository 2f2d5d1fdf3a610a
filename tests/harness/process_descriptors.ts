/** How often this process has the file open now. */
export function openCount(path: string): number {
  return descriptors().filter((target) => target === path).length;
}

/** What a process's descriptors lead to. Reading /proc is not granted by --allow-read: a command does it. */
export function descriptors(pid = Deno.pid): string[] {
  const { success, stdout, stderr } = new Deno.Command("ls", {
    args: ["-l", `/proc/${pid}/fd`],
  }).outputSync();
  const text = new TextDecoder();
  // A descriptor may be closed while it is listed: ls reports that and fails, and lists the others.
  if (!success && stdout.length === 0) throw new Error(text.decode(stderr));
  return text.decode(stdout).split("\n").flatMap((line) => line.split(" -> ").slice(1, 2));
}
