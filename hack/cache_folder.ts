import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";

/** Where the project keeps what it builds or fetches outside the checkout. */
export function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "kubetail-cluster-agent");
}
