import { connect as connectHttp2 } from "node:http2";
import { grpcMessage, RawConnection, type RawTarget } from "../../harness/raw_http2.ts";

/** The target of an attack. */
export interface Prey {
  readonly port: number;
  readonly telemetryPort: number;
  readonly ca: string;
  readonly client: { readonly cert: string; readonly key: string };
  readonly other: { readonly cert: string; readonly key: string };
  /** The share of each attack's connections to make. Default: 1. */
  readonly share?: number;
  /** The four fields of a big log. */
  readonly log: Readonly<Record<string, string>>;
}

/** Attacks, and resolves when everything has been sent; what it holds open stays open until the process ends. */
export type Attack = (prey: Prey) => Promise<unknown>;

function as(prey: Prey, who: "client" | "other" | "none" = "client"): RawTarget {
  return {
    port: prey.port,
    ca: prey.ca,
    ...(who === "none" ? {} : { pair: who === "client" ? prey.client : prey.other }),
  };
}

/** Opens connections one after another, and uses each. */
export async function many(
  count: number,
  prey: Prey,
  use: (connection: RawConnection, index: number) => void | Promise<void>,
  options: { readonly who?: "client" | "other" | "none"; readonly window?: number } = {},
): Promise<void> {
  for (let index = 0; index < count * (prey.share ?? 1); index++) {
    const connection = await RawConnection.open(as(prey, options.who), options);
    await use(connection, index);
    await connection.flushed();
  }
}

/** Opens connections one after another, then uses all of them at the same time. */
export async function everyConnection(
  count: number,
  prey: Prey,
  use: (connection: RawConnection) => Promise<void>,
): Promise<void> {
  const connections: RawConnection[] = [];
  await many(count, prey, (connection) => void connections.push(connection));
  await Promise.all(connections.map(use));
}

/**
 * Calls whose messages are larger than the windows of HTTP/2 allow at once, so the platform's own client sends them;
 * their answers are not read.
 */
export async function largeCalls(
  count: number,
  prey: Prey,
  call: (connection: number, index: number) => {
    readonly path: string;
    readonly message: Uint8Array;
    readonly user: string;
  },
  calls = 250,
): Promise<void> {
  for (let connection = 0; connection < count * (prey.share ?? 1); connection++) {
    const session = connectHttp2(`https://localhost:${prey.port}`, { ca: prey.ca, ...prey.client });
    session.on("error", () => {});
    const sent: Promise<void>[] = [];
    for (let index = 0; index < calls; index++) {
      const { path, message, user } = call(connection, index);
      const stream = session.request({
        ":method": "POST",
        ":path": path,
        "content-type": "application/grpc",
        te: "trailers",
        "x-remote-user": user,
      });
      stream.on("error", () => {});
      sent.push(
        new Promise((resolve) => {
          stream.once("close", () => resolve());
          stream.once("finish", () => resolve());
        }),
      );
      stream.end(grpcMessage(message));
    }
    await Promise.all(sent);
  }
}
