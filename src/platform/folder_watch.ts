/** An event of a file system watch. Only a hint: the watched tree itself is authoritative. */
export interface WatchEvent {
  readonly kind: "create" | "modify" | "remove" | "rename" | "access" | "any" | "other";
  readonly paths: readonly string[];
  /** Events were lost: list everything again. */
  readonly rescan: boolean;
}

export interface Watch extends AsyncIterable<WatchEvent> {
  close(): void;
}

/** Watches the paths (folders with all below them when recursive). Throws where a path cannot be watched. */
export function watch(paths: string | string[], options: { recursive: boolean }): Watch {
  const watcher = Deno.watchFs(paths, options);
  return {
    close() {
      try {
        watcher.close();
      } catch {
        // Closed already.
      }
    },
    async *[Symbol.asyncIterator]() {
      for await (const event of watcher) {
        yield { kind: event.kind, paths: event.paths, rescan: event.flag === "rescan" };
      }
    },
  };
}
