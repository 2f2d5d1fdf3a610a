import { GzipLog } from "../files/gzip_log.ts";
import { LogFile, type LogSource } from "../files/log_file.ts";

const BLOCK_BYTES = 256 * 1024;

export interface FileBlocksOptions {
  readonly signal: AbortSignal;
  /** The file was truncated, and this many of its bytes are in no copy. */
  onLost(bytes: number): void;
}

/**
 * The blocks of a file from its beginning; the event loop runs between them. Each is verified before it is returned: if
 * the file was truncated and rewritten meanwhile, the rest comes from a copy. Throws Failure if the copy has gone.
 */
export async function* fileBlocks(
  source: LogSource,
  { signal, onLost }: FileBlocksOptions,
): AsyncGenerator<Uint8Array> {
  const { verifier } = source;
  using copies = new DisposableStack();
  let read: Pick<LogSource, "readAt"> = source;
  let end = verifier?.end ?? Infinity;
  for (let at = 0; at < end && !signal.aborted;) {
    const epoch = verifier?.epoch ?? 0;
    const block = new Uint8Array(Math.min(BLOCK_BYTES, end - at));
    const count = read.readAt(at, block);
    if (verifier !== undefined && !verifier.isIntact(epoch)) {
      await verifier.moveToCopy();
      onLost(end - Math.max(at, Math.min(end, verifier.end)));
      end = Math.min(end, verifier.end);
      const { compressed } = source;
      if (compressed === undefined) continue;
      const file = LogFile.open({ ...compressed, realPath: compressed.path });
      read = copies.use(new GzipLog(file));
      continue;
    }
    if (count === 0) return;
    yield block.subarray(0, count);
    at += count;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
