import type { Server } from "@grpc/grpc-js";
import { deferSessionEnd } from "../platform/http2_sessions.ts";
import { onHttp2Server } from "./http2_servers.ts";

/**
 * Makes this server's HTTP/2 sessions end safely (see deferSessionEnd); to be called before
 * bindAsync. Throws where grpc-js has changed, rather than serve what any client can crash.
 */
export function endSessionsSafely(server: Server): void {
  onHttp2Server(server, (source) => source.on("session", deferSessionEnd));
}
