/** The permissions of this process. Those of a compiled program are fixed when it is compiled. */

/**
 * Whether files at and below path may be read. Never prompts: a permission that has not been granted yet counts as
 * refused.
 */
export function hasReadPermission(path: string): boolean {
  return Deno.permissions.querySync({ name: "read", path }).state === "granted";
}
