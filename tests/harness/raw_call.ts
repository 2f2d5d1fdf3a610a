import { connect, type OutgoingHttpHeaders } from "node:http2";
import type { KeyPair } from "./certificates.ts";

export type RawHeaders = Record<string, string | string[]>;

/** Where to call, and with which identity. */
export interface RawTarget {
  readonly port: number;
  /** PEM of the CA of the agent's certificate. */
  readonly ca: string;
  readonly client: KeyPair;
}

/**
 * The grpc-status of LogMetadataService/List for all namespaces with these headers, sent unchanged over a separate
 * connection; null if the call was refused below gRPC.
 */
export function rawList(target: RawTarget, headers: RawHeaders): Promise<string | null> {
  return new Promise((resolve) => {
    const session = connect(`https://localhost:${target.port}`, {
      ca: target.ca,
      cert: target.client.cert,
      key: target.client.key,
      maxSendHeaderBlockLength: 2 ** 24,
    });
    let status: string | null = null;
    const done = () => {
      session.destroy();
      resolve(status);
    };
    session.on("error", done);
    session.on("close", done);
    const note = (answer: OutgoingHttpHeaders) => {
      if (answer["grpc-status"] !== undefined) status = String(answer["grpc-status"]);
    };
    try {
      const stream = session.request({
        ":method": "POST",
        ":path": "/cluster_agent.LogMetadataService/List",
        "content-type": "application/grpc",
        te: "trailers",
        ...headers,
      });
      stream.on("response", note);
      stream.on("trailers", note);
      stream.on("error", done);
      stream.on("close", done);
      stream.resume();
      stream.end(new Uint8Array(5));
    } catch (error) {
      // The client's own library does not send such a header.
      status = `client: ${error}`;
      done();
    }
  });
}
