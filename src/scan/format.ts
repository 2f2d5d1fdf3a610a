/** How a log file is written: by a CRI runtime or by Docker's json-file driver. */
export type LogFormat = "cri" | "docker";

/**
 * Tells a log's format: a real path that ends in `-json.log` is Docker's, otherwise the first byte
 * of the file decides (`{` is Docker).
 */
export function detectFormat(realPath: string, firstBytes: Uint8Array): LogFormat {
  return realPath.endsWith("-json.log") || firstBytes[0] === 0x7b ? "docker" : "cri";
}
