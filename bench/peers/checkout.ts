/** A checkout of this project to measure. */
import { existsSync } from "node:fs";
import { join } from "node:path";

/**
 * Bundles the agent of a checkout into a folder, as a release does; returns the module to start. Undefined if the
 * checkout is from a time when releases had no bundles. Throws if it cannot be bundled.
 */
export function bundleOf(checkout: string, folder: string): string | undefined {
  if (!existsSync(join(checkout, "hack/bundle.ts"))) return undefined;
  const { success, stdout, stderr } = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "hack/bundle.ts", "kubetail-cluster-agent", folder],
    cwd: checkout,
  }).outputSync();
  const text = new TextDecoder();
  if (!success) throw new Error(`Cannot bundle ${checkout}: ${text.decode(stderr)}`);
  return text.decode(stdout).trim();
}

/** A checkout's commit, and whether it has been changed since. */
export function commitOf(checkout: string): string {
  const { stdout } = new Deno.Command("git", {
    args: ["describe", "--always", "--dirty"],
    cwd: checkout,
  }).outputSync();
  return new TextDecoder().decode(stdout).trim();
}
