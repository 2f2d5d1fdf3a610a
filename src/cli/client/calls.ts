import * as grpc from "@grpc/grpc-js";
import type { LogMetadata } from "../../generated/cluster_agent.ts";
import type { Connection } from "./connection.ts";

/** A call that the agent refused, or that could not reach it. */
export class CallError extends Error {
  override readonly name = "CallError";
  /** gRPC status name, as in NOT_FOUND. */
  readonly code: string;

  /** begun: something had come already. */
  constructor(
    doing: string,
    status: { readonly code: number; readonly details: string },
    options: { readonly begun: boolean } = { begun: false },
  ) {
    const code = grpc.status[status.code] ?? `status ${status.code}`;
    super(`Cannot ${options.begun ? "go on to " : ""}${doing}: ${code}: ${status.details}`);
    this.code = code;
  }
}

/** The logs of the namespaces, or of all. Throws CallError; as CANCELLED when the signal fires. */
export function list(
  connection: Connection,
  namespaces: readonly string[],
  options: { readonly signal: AbortSignal },
): Promise<LogMetadata[]> {
  const { signal } = options;
  return new Promise((resolve, reject) => {
    const call = connection.metadata.list(
      { namespaces: [...namespaces] },
      connection.identity,
      (error, response) => {
        signal.removeEventListener("abort", cancel);
        if (error === null) resolve(response.items);
        else reject(new CallError(`list the logs of ${connection.address}`, error));
      },
    );
    const cancel = () => call.cancel();
    signal.addEventListener("abort", cancel);
    if (signal.aborted) cancel();
  });
}

/** How a stream ended. */
export type Ending =
  /** The agent ended it. */
  | "complete"
  /** onMessage had enough. */
  | "enough"
  /** The signal fired. */
  | "interrupted";

/**
 * Reads a stream to its end. onMessage returns false where it has enough: then, and when the signal fires, the call
 * is cancelled. onPause is called when nothing more has come for now. Throws CallError where the agent
 * ended the stream with an error, and what onMessage and onPause throw.
 */
export function readStream<T>(
  call: grpc.ClientReadableStream<T>,
  doing: string,
  handlers: { readonly onMessage: (message: T) => boolean; readonly onPause: () => void },
  options: { readonly signal: AbortSignal },
): Promise<Ending> {
  const { signal } = options;
  const { promise, resolve, reject } = Promise.withResolvers<Ending>();
  let begun = false;
  let over = false;
  let pausing = false;

  function finish(how: () => void): void {
    if (over) return;
    over = true;
    signal.removeEventListener("abort", interrupt);
    call.cancel();
    how();
  }
  function attempt(work: () => void): void {
    try {
      if (!over) work();
    } catch (error) {
      finish(() => reject(error));
    }
  }
  function interrupt(): void {
    attempt(handlers.onPause);
    finish(() => resolve("interrupted"));
  }
  function pauseSoon(): void {
    if (pausing) return;
    pausing = true;
    // After all messages that came with the same packet.
    setTimeout(() => {
      pausing = false;
      attempt(handlers.onPause);
    });
  }

  let ended = false;
  let status: grpc.StatusObject | null = null;
  function settle(): void {
    // The status may come before the last messages are read.
    if (!ended || status === null) return;
    const { code } = status;
    const final = status;
    attempt(handlers.onPause);
    if (code === grpc.status.OK) finish(() => resolve("complete"));
    else finish(() => reject(new CallError(doing, final, { begun })));
  }

  call.on("data", (message: T) =>
    attempt(() => {
      begun = true;
      const more = handlers.onMessage(message);
      if (!more) {
        handlers.onPause();
        finish(() => resolve("enough"));
      } else pauseSoon();
    }));
  call.on("end", () => {
    ended = true;
    settle();
  });
  call.on("error", () => {}); // The status tells the same.
  call.on("status", (given: grpc.StatusObject) => {
    status = given;
    settle();
  });
  if (signal.aborted) interrupt();
  else signal.addEventListener("abort", interrupt);
  return promise;
}
