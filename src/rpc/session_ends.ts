import type { Server } from "@grpc/grpc-js";
import { deferSessionEnd } from "../platform/http2_sessions.ts";

/** A node:http2 server, as far as it is needed here. */
interface SessionSource {
  on(event: "session", listener: (session: Parameters<typeof deferSessionEnd>[0]) => void): unknown;
}

/** What is private to grpc-js (hence its pinned version). */
interface ServerInternals {
  _setupHandlers?: (server: SessionSource | null, ...rest: unknown[]) => void;
}

/**
 * Makes this server's HTTP/2 sessions end safely (see deferSessionEnd); to be called before
 * bindAsync. Throws where grpc-js has changed, rather than serve what any client can crash.
 */
export function endSessionsSafely(server: Server): void {
  const internals = server as unknown as ServerInternals;
  const setupHandlers = internals._setupHandlers;
  if (typeof setupHandlers !== "function") {
    throw new Error("This version of @grpc/grpc-js does not show its sessions");
  }
  internals._setupHandlers = (source, ...rest) => {
    source?.on("session", deferSessionEnd);
    setupHandlers.call(server, source, ...rest);
  };
}
