/** A stream that asked its writer to wait: node:http2's own, or a streaming call of grpc-js. */
interface Writing {
  once(event: "drain" | "close", listener: () => void): unknown;
  off(event: "drain" | "close", listener: () => void): unknown;
}

/**
 * Waits until a stream accepts more data. Resolves to false if it has closed, or if the call must stop (its signal
 * fires): a client that reads nothing must not keep the resources of its call.
 */
export function drained(stream: Writing, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const settle = (alive: boolean) => {
      stream.off("drain", onDrain);
      stream.off("close", onGone);
      signal.removeEventListener("abort", onGone);
      resolve(alive);
    };
    const onDrain = () => settle(true);
    const onGone = () => settle(false);
    stream.once("drain", onDrain);
    stream.once("close", onGone);
    signal.addEventListener("abort", onGone);
  });
}
