/** An event of a file system watch. Only a hint: the watched tree itself is authoritative. */
export interface WatchEvent {
  readonly kind: "create" | "modify" | "remove" | "rename" | "access" | "any" | "other";
  readonly paths: readonly string[];
  /** "rescan": events were lost, so list everything again. */
  readonly flag?: "rescan" | null;
}

export interface Watch extends AsyncIterable<WatchEvent> {
  close(): void;
}

/** Watches the paths (folders with everything below them if recursive). Throws if a path cannot be watched. */
export function watch(paths: string | string[], options: { recursive: boolean }): Watch {
  const watcher = Deno.watchFs(paths, options);
  return {
    close() {
      try {
        watcher.close();
      } catch {
        // Already closed.
      }
    },
    // Passed on unchanged: there may be a thousand events a second.
    [Symbol.asyncIterator]: () => watcher[Symbol.asyncIterator](),
  };
}
