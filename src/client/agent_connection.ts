import { isIP } from "node:net";
import { checkServerIdentity, type PeerCertificate } from "node:tls";
import * as grpc from "@grpc/grpc-js";
import { LogMetadataServiceClient, LogRecordsServiceClient } from "../generated/cluster_agent.ts";
import { deferClientSessionEnds } from "../rpc/grpc_js/session_ends.ts";
import type { Endpoint } from "./diagnosis.ts";

/** A connection to an agent, with the caller's identity. */
export interface Connection extends Disposable {
  /** HOST:PORT. */
  readonly address: string;
  readonly records: LogRecordsServiceClient;
  readonly metadata: LogMetadataServiceClient;
  /** Sent with every call. */
  readonly identity: grpc.Metadata;
  readonly endpoint: Endpoint;
}

/**
 * Opens a connection to an agent; it connects on its first call. `identity` is sent with every call. Throws if the
 * endpoint's certificates are unusable.
 */
export function connect(endpoint: Endpoint, identity: grpc.Metadata): Connection {
  const { host, port, tls } = endpoint;
  const target = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
  const givenName = tls?.serverName ?? null;
  const byIp = isIP(host) !== 0 && givenName === null;
  const credentials = credentialsOf(tls, byIp ? host : null);
  const serverName = byIp ? PLACEHOLDER_NAME : givenName;
  const options = {
    // The agent determines the maximum length of a record.
    "grpc.max_receive_message_length": -1,
    ...(serverName === null ? {} : { "grpc.ssl_target_name_override": serverName }),
  };
  deferClientSessionEnds();
  const records = new LogRecordsServiceClient(target, credentials, options);
  const metadata = new LogMetadataServiceClient(target, credentials, options);
  return {
    address: target,
    records,
    metadata,
    identity,
    endpoint,
    [Symbol.dispose]() {
      records.close();
      metadata.close();
    },
  };
}

/**
 * The platform's TLS can only request a server by name. For an IP address, this name is used instead, and the
 * certificate is checked against the address.
 */
const PLACEHOLDER_NAME = "agent.invalid";

function credentialsOf(tls: Endpoint["tls"], ip: string | null): grpc.ChannelCredentials {
  if (tls === null) return grpc.credentials.createInsecure();
  return grpc.credentials.createSsl(
    tls.ca === null ? null : Buffer.from(tls.ca),
    tls.key === null ? null : Buffer.from(tls.key),
    tls.cert === null ? null : Buffer.from(tls.cert),
    ip === null ? {} : {
      checkServerIdentity: (_name: string, certificate: PeerCertificate) =>
        checkServerIdentity(ip, certificate),
    },
  );
}
