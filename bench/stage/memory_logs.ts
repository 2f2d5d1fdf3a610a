/** Logs for measurements, created in memory: the same bytes each time. */
const WORDS = [
  "GET",
  "/api/v1/users",
  "200",
  "connection",
  "established",
  "peer",
  "by",
  "upstream",
  "latency=12ms",
  "user=alice",
  "retry",
  "INFO",
  "WARN",
  "node",
  "pod",
  "request",
  "response",
  "cache",
  "miss",
  "hit",
  "id=8c1f",
];

/** A small generator, so that the logs do not depend on a library's random numbers. */
function generator(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % limit;
  };
}

/**
 * About `size` bytes of lines of 146 bytes on average, at 1,000 lines per second. 15 of 100 lines contain `error …
 * reset` or `timeout … reset`; one of 100,000 contains `needle`.
 */
export function makeLog(format: "cri" | "docker", size: number): Uint8Array<ArrayBuffer> {
  const below = generator(42);
  const encoder = new TextEncoder();
  const bytes = new Uint8Array(size + 1024);
  let at = 0;
  for (let i = 0; at < size; i++) {
    const ms = 1_727_761_246_000 + i;
    const time = `${new Date(ms).toISOString().slice(0, 23)}${String(100_000 + below(899_999))}Z`;
    let message = "";
    if (i % 20 < 3) message = i % 2 === 0 ? "error " : "timeout ";
    const length = 65 + below(70);
    while (message.length < length) message += WORDS[below(WORDS.length)] + " ";
    if (i % 20 < 3) message += "reset";
    if (i % 100_000 === 7_777) message += "needle";
    const line = format === "cri"
      ? `${time} stdout F ${message}\n`
      : `{"log":"${message}\\n","stream":"stdout","time":"${time}"}\n`;
    at += encoder.encodeInto(line, bytes.subarray(at)).written;
  }
  return bytes.subarray(0, at);
}

/** One line of a megabyte or more, as a slow case. */
export function longLine(character: string, size: number): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(
    `2024-10-01T05:40:46.960135302Z stdout F ${character.repeat(size)}\n`,
  );
}
