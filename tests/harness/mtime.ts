/**
 * Sets a file's access and modification times to the nanosecond (whole seconds since the epoch, and nanoseconds) with
 * the command touch: the platform's own calls truncate them to milliseconds.
 */
export function setMtime(path: string, seconds: number, nanos: number): void {
  const second = new Date(seconds * 1000).toISOString().slice(0, -5);
  const time = `${second}.${String(nanos).padStart(9, "0")}Z`;
  const { success, stderr } = new Deno.Command("touch", { args: ["-d", time, path] }).outputSync();
  if (!success) throw new Error(`touch -d ${time} ${path}: ${new TextDecoder().decode(stderr)}`);
}
