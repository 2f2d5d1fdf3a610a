import { isIP } from "node:net";
import { join } from "node:path";
import { checkServerIdentity, type PeerCertificate } from "node:tls";
import * as grpc from "@grpc/grpc-js";
import { isLoopback, parseAddress } from "../../config/address.ts";
import {
  LogMetadataServiceClient,
  LogRecordsServiceClient,
} from "../../generated/cluster_agent.ts";
import { readText } from "../../platform/files.ts";
import { deferClientSessionEnds } from "../../rpc/grpc_js/session_ends.ts";
import { UsageError } from "../terminal.ts";

/** The options by which every client command reaches an agent, for parseArgs. */
export const connectionOptions = {
  addr: { type: "string", short: "a" },
  tls: { type: "string" },
  ca: { type: "string" },
  cert: { type: "string" },
  key: { type: "string" },
  "server-name": { type: "string" },
  "insecure-plaintext": { type: "boolean" },
  user: { type: "string" },
  group: { type: "string", multiple: true },
  extra: { type: "string", multiple: true },
  token: { type: "string" },
  "token-file": { type: "string" },
} as const;

export const connectionHelp = `
  -a, --addr HOST:PORT      the agent (default localhost:50051)
      --tls FOLDER          ca.crt, tls.crt and tls.key of this folder, as a Kubernetes TLS secret holds them
      --ca FILE             certificate authority of the agent's certificate (default: the well-known ones)
      --cert FILE, --key FILE
                            the client's own certificate and key
      --server-name NAME    the name in the agent's certificate, where it is not that of --addr
      --insecure-plaintext  no TLS
      --user NAME           the user to speak for, as Kubetail's Cluster API does (x-remote-user)
      --group NAME          a group of that user; repeatable
      --extra KEY=VALUE     extra of that user; repeatable
      --token TOKEN, --token-file FILE
                            a Kubernetes token to call with
`;

/** What parseArgs makes of connectionOptions. */
export interface ConnectionValues {
  readonly addr?: string | undefined;
  readonly tls?: string | undefined;
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly "server-name"?: string | undefined;
  readonly "insecure-plaintext"?: boolean | undefined;
  readonly user?: string | undefined;
  readonly group?: readonly string[] | undefined;
  readonly extra?: readonly string[] | undefined;
  readonly token?: string | undefined;
  readonly "token-file"?: string | undefined;
}

/** A connection to an agent, and who calls. */
export interface Connection extends Disposable {
  readonly address: string;
  readonly records: LogRecordsServiceClient;
  readonly metadata: LogMetadataServiceClient;
  /** Sent with every call. */
  readonly identity: grpc.Metadata;
}

/** Connects with the first call. Throws UsageError for options that do not go together or cannot be read. */
export function connect(values: ConnectionValues): Connection {
  const address = values.addr ?? "localhost:50051";
  const parsed = parseAddress(address);
  if (parsed === null || parsed.port === 0) {
    throw new UsageError(
      `Cannot read --addr ${JSON.stringify(address)}: not HOST:PORT, as localhost:50051`,
    );
  }
  const host = parsed.host === "" ? "localhost" : parsed.host;
  const target = `${isIP(host) === 6 ? `[${host}]` : host}:${parsed.port}`;
  const identity = identityOf(values);
  if (values["insecure-plaintext"] && identity.get("authorization").length > 0) {
    // Whoever listens on the way could use the token.
    if (!isLoopback(host)) {
      throw new UsageError("A token goes without TLS only to a loopback address");
    }
  }
  const byIp = isIP(host) !== 0 && values["server-name"] === undefined;
  const credentials = credentialsOf(values, byIp ? host : null);
  const serverName = byIp ? placeholderName : values["server-name"];
  const options = {
    // The agent decides how long a record may be.
    "grpc.max_receive_message_length": -1,
    ...(serverName === undefined ? {} : { "grpc.ssl_target_name_override": serverName }),
  };
  deferClientSessionEnds();
  const records = new LogRecordsServiceClient(target, credentials, options);
  const metadata = new LogMetadataServiceClient(target, credentials, options);
  return {
    address: target,
    records,
    metadata,
    identity,
    [Symbol.dispose]() {
      records.close();
      metadata.close();
    },
  };
}

/**
 * The platform's TLS asks for a server by name only. Where an IP address is called, this name stands in, and the
 * certificate is checked against the address.
 */
const placeholderName = "agent.invalid";

function credentialsOf(values: ConnectionValues, ip: string | null): grpc.ChannelCredentials {
  if (values["insecure-plaintext"]) {
    const contrary = (["tls", "ca", "cert", "key", "server-name"] as const)
      .find((name) => values[name] !== undefined);
    if (contrary !== undefined) {
      throw new UsageError(`--insecure-plaintext and --${contrary} exclude each other`);
    }
    return grpc.credentials.createInsecure();
  }
  const { tls } = values;
  const ca = values.ca ?? (tls === undefined ? undefined : join(tls, "ca.crt"));
  const cert = values.cert ?? (tls === undefined ? undefined : join(tls, "tls.crt"));
  const key = values.key ?? (tls === undefined ? undefined : join(tls, "tls.key"));
  if ((cert === undefined) !== (key === undefined)) {
    throw new UsageError("--cert and --key are only of use together");
  }
  try {
    return grpc.credentials.createSsl(
      ca === undefined ? null : read("--ca", ca),
      key === undefined ? null : read("--key", key),
      cert === undefined ? null : read("--cert", cert),
      ip === null ? {} : {
        checkServerIdentity: (_name: string, certificate: PeerCertificate) =>
          checkServerIdentity(ip, certificate),
      },
    );
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`Cannot use the certificates: ${(error as Error).message}`);
  }
}

function identityOf(values: ConnectionValues): grpc.Metadata {
  const identity = new grpc.Metadata();
  const { user, group = [], extra = [], token } = values;
  if (user === undefined && (group.length > 0 || extra.length > 0)) {
    throw new UsageError("--group and --extra say more about a --user");
  }
  const set = (option: string, name: string, value: string) => {
    try {
      identity.add(name, value);
    } catch {
      throw new UsageError(
        `Cannot send ${option}: it has characters that gRPC metadata may not have`,
      );
    }
  };
  if (user !== undefined) set("--user", "x-remote-user", user);
  for (const name of group) set("--group", "x-remote-group", name);
  if (extra.length > 0) set("--extra", "x-remote-extras", JSON.stringify(extras(extra)));

  const file = values["token-file"];
  if (token !== undefined && file !== undefined) {
    throw new UsageError("--token and --token-file exclude each other");
  }
  const secret = file === undefined ? token : read("--token-file", file).toString("utf8").trim();
  if (secret !== undefined) set("the token", "authorization", `Bearer ${secret}`);
  return identity;
}

function extras(pairs: readonly string[]): Record<string, string[]> {
  const result: Record<string, string[]> = {};
  for (const pair of pairs) {
    const at = pair.indexOf("=");
    if (at < 1) throw new UsageError(`Cannot read --extra ${JSON.stringify(pair)}: not KEY=VALUE`);
    (result[pair.slice(0, at)] ??= []).push(pair.slice(at + 1));
  }
  return result;
}

function read(option: string, path: string): Buffer {
  try {
    return Buffer.from(readText(path));
  } catch (error) {
    throw new UsageError(`Cannot read ${option} ${path}: ${(error as Error).message}`);
  }
}
