/** What this process was granted. A compiled program's grants are baked in when it is compiled. */

/** May files at and below path be read? Asks nobody: what is not granted yet counts as refused. */
export function hasReadPermission(path: string): boolean {
  return Deno.permissions.querySync({ name: "read", path }).state === "granted";
}
