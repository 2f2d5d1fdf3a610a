import * as grpc from "@grpc/grpc-js";
import type { LogMetadata } from "../generated/cluster_agent.ts";
import type { Connection } from "./agent_connection.ts";
import { diagnose } from "./diagnosis.ts";

/** A call that the agent refused, or that could not reach it. The message names cause and remedy. */
export class CallError extends Error {
  override readonly name = "CallError";
  /** gRPC status name, such as NOT_FOUND. */
  readonly code: string;
  /** What was being done, such as "list the logs of localhost:50051". */
  readonly doing: string;
  /** Whether messages had arrived before the call failed. */
  readonly begun: boolean;

  constructor(
    doing: string,
    status: { readonly code: number; readonly details: string },
    options: { readonly begun: boolean } = { begun: false },
  ) {
    const code = grpc.status[status.code] ?? `status ${status.code}`;
    const details = status.details.replace(/\.? ?Resolution note: ?$/, "");
    const remedy = remedies.find(([of, text]) => of === code && text.test(details))?.[2] ?? "";
    super(`Cannot ${options.begun ? "continue to " : ""}${doing}: ${code}: ${details}${remedy}`);
    this.code = code;
    this.doing = doing;
    this.begun = options.begun;
  }
}

const remedies: readonly (readonly [code: string, details: RegExp, remedy: string])[] = [
  [
    "UNAUTHENTICATED",
    /user header/,
    ". Give --user NAME, or --token-file FILE if the agent accepts tokens and the certificate is not a front proxy's",
  ],
  [
    "UNAUTHENTICATED",
    /token/,
    ". Give --token-file FILE with a token of this cluster that has not expired",
  ],
  [
    "PERMISSION_DENIED",
    /get pods\/log/,
    ". Name a namespace that the caller may read, or grant get on pods/log there " +
    "(kubectl auth can-i get pods/log --as USER -n NAMESPACE)",
  ],
];

/**
 * The error in the form that a person needs: if a call could not reach the agent, the cause, determined by a separate
 * connection. Other kinds of errors are returned unchanged.
 */
export async function explained(error: unknown, connection: Connection): Promise<unknown> {
  if (!(error instanceof CallError) || error.begun || error.code !== "UNAVAILABLE") return error;
  const details = await diagnose(connection.endpoint);
  if (details === null) return error;
  return new CallError(error.doing, { code: grpc.status.UNAVAILABLE, details });
}

/** The logs of the namespaces, or all logs. Throws CallError, with CANCELLED when the signal fires. */
export async function list(
  connection: Connection,
  namespaces: readonly string[],
  options: { readonly signal: AbortSignal },
): Promise<LogMetadata[]> {
  try {
    return await callList(connection, namespaces, options);
  } catch (error) {
    throw await explained(error, connection);
  }
}

function callList(
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

/** The agents' answers, in order, and the errors of those that did not answer, each with cause and remedy. */
export interface Answers<T> {
  readonly answers: readonly T[];
  readonly errors: readonly unknown[];
  /** The connections that answered. */
  readonly answered: readonly Connection[];
}

/** Calls each agent; a failing one does not keep the others from answering. */
export async function fromEach<T>(
  connections: readonly Connection[],
  ask: (connection: Connection) => Promise<T>,
): Promise<Answers<T>> {
  const settled = await Promise.allSettled(connections.map(ask));
  return {
    answers: settled.flatMap((result) => result.status === "fulfilled" ? [result.value] : []),
    errors: settled.flatMap((result) => result.status === "rejected" ? [result.reason] : []),
    answered: connections.filter((_, i) => settled[i]?.status === "fulfilled"),
  };
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
 * Reads a stream to its end. onMessage returns false when it has enough: then, and when the signal fires, the call is
 * cancelled. onPause is called when no more messages have arrived for now. Throws CallError if the agent ended the
 * stream with an error, and errors of onMessage and onPause.
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
    // After all messages that arrived in the same packet.
    setTimeout(() => {
      pausing = false;
      attempt(handlers.onPause);
    });
  }

  let ended = false;
  let status: grpc.StatusObject | null = null;
  function settle(): void {
    // The status may arrive before the last messages are read.
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
  call.on("error", () => {}); // The status contains the same information.
  call.on("status", (given: grpc.StatusObject) => {
    status = given;
    settle();
  });
  if (signal.aborted) interrupt();
  else signal.addEventListener("abort", interrupt);
  return promise;
}
