import * as grpc from "@grpc/grpc-js";
import { connect, type Connection } from "../../client/agent_connection.ts";
import { isLoopback, parseAddress } from "../../config/address.ts";
import { env } from "../../platform/process.ts";
import { UsageError } from "../terminal.ts";
import type { ConnectionValues } from "./commands.ts";
import { readOption, tlsFiles } from "./tls_files.ts";

/** Connections to agents, closed together. */
export interface Connections extends Disposable {
  readonly all: readonly Connection[];
}

/** Opens a connection to each agent; they connect on their first calls. Throws UsageError for unusable options. */
export function connectAll(given: ConnectionValues): Connections {
  const values = withEnvironment(given);
  const addresses = (values.addr ?? ["localhost:50051"]).flatMap((text) => text.split(","))
    .map((text) => text.trim());
  using stack = new DisposableStack();
  const all = [...new Set(addresses)].map((address) => stack.use(connectTo(address, values)));
  const kept = stack.move();
  return { all, [Symbol.dispose]: () => kept.dispose() };
}

/** Takes missing options from the environment, except those that would contradict the given ones. */
function withEnvironment(values: ConnectionValues): ConnectionValues {
  const variable = (name: string) => {
    const text = env(name) ?? "";
    return text === "" ? undefined : text;
  };
  const addr = variable("KUBETAIL_AGENT_ADDR");
  const namesTls = (["tls", "ca", "cert", "key", "insecure-plaintext"] as const)
    .some((name) => values[name] !== undefined);
  const namesCaller = (["user", "token", "token-file"] as const)
    .some((name) => values[name] !== undefined);
  return {
    ...values,
    addr: values.addr ?? (addr === undefined ? undefined : [addr]),
    tls: namesTls ? values.tls : variable("KUBETAIL_AGENT_TLS"),
    user: namesCaller ? values.user : variable("KUBETAIL_AGENT_USER"),
  };
}

function connectTo(address: string, values: ConnectionValues): Connection {
  const parsed = parseAddress(address);
  if (parsed === null || parsed.port === 0) {
    throw new UsageError(
      `Cannot read --addr ${JSON.stringify(address)}: expected HOST:PORT, as localhost:50051`,
    );
  }
  const host = parsed.host === "" ? "localhost" : parsed.host;
  const identity = identityOf(values);
  if (values["insecure-plaintext"] && identity.get("authorization").length > 0) {
    // Anybody on the network path could use the token.
    if (!isLoopback(host)) {
      throw new UsageError("A token is sent without TLS to loopback addresses only");
    }
  }
  const tls = tlsFiles(values);
  try {
    return connect({ host, port: parsed.port, tls }, identity);
  } catch (error) {
    throw new UsageError(`Cannot use the certificates: ${(error as Error).message}`);
  }
}

function identityOf(values: ConnectionValues): grpc.Metadata {
  const identity = new grpc.Metadata();
  const { user, group = [], extra = [], token } = values;
  if (user === undefined && (group.length > 0 || extra.length > 0)) {
    throw new UsageError("--group and --extra need --user");
  }
  const set = (option: string, name: string, value: string) => {
    try {
      identity.add(name, value);
    } catch {
      throw new UsageError(
        `Cannot send ${option}: it has characters that gRPC metadata cannot carry`,
      );
    }
  };
  if (user !== undefined) set("--user", "x-remote-user", user);
  for (const name of group) set("--group", "x-remote-group", name);
  if (extra.length > 0) set("--extra", "x-remote-extras", JSON.stringify(extras(extra)));

  const file = values["token-file"];
  if (token !== undefined && file !== undefined) {
    throw new UsageError("--token and --token-file cannot be combined");
  }
  const secret = file === undefined
    ? token
    : readOption("--token-file", file).toString("utf8").trim();
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
