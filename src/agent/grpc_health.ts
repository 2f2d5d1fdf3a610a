import { X509Certificate } from "node:crypto";
import { connect } from "node:http2";
import type { Address } from "../config/address.ts";
import type { Config } from "../config/schema.ts";
import { readText } from "../platform/files.ts";

/**
 * Calls grpc.health.v1.Health/Check for the whole server over plain node:http2: loading the gRPC library would take
 * longer than the call. Null if the answer is SERVING; rejects if the connection fails.
 */
export function grpcHealth(
  address: Address,
  options: { readonly tls: Config["tls"]; readonly signal: AbortSignal },
): Promise<string | null> {
  const { tls, signal } = options;
  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  const scheme = tls.enabled ? "https" : "http";
  const session = connect(
    `${scheme}://${host}:${address.port}`,
    tls.enabled ? tlsOptions(tls) : {},
  );

  return new Promise<string | null>((resolve, reject) => {
    const stop = () => reject(new Error("no answer in time"));
    signal.addEventListener("abort", stop);
    session.on("error", (error) => reject(explain(error, tls)));
    const call = session.request({
      ":method": "POST",
      ":path": "/grpc.health.v1.Health/Check",
      "content-type": "application/grpc",
      te: "trailers",
    });
    const chunks: Uint8Array[] = [];
    let status: string | undefined;
    call.on("response", (headers) => status ??= headerText(headers["grpc-status"]));
    call.on("trailers", (headers) => status ??= headerText(headers["grpc-status"]));
    call.on("data", (chunk: Uint8Array) => chunks.push(chunk));
    call.on("error", (error) => reject(explain(error, tls)));
    call.on("end", () => {
      if (status === undefined) {
        return reject(explain(new Error("the connection was closed without an answer"), tls));
      }
      if (status !== "0") return resolve(`gRPC status ${status}`);
      const state = servingStatus(Buffer.concat(chunks));
      resolve(state === 1 ? null : `the health service says ${stateNames[state] ?? state}`);
    });
    // An empty HealthCheckRequest: not compressed, length 0 ("gRPC over HTTP2", grpc.io).
    call.end(new Uint8Array(5));
  }).finally(() => session.destroy());
}

/** HealthCheckResponse.ServingStatus (grpc/health/v1/health.proto). */
const stateNames = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];

/** The answer's only field, a small enum: tag 0x08 and a byte. A field with the default value 0 is omitted. */
function servingStatus(body: Uint8Array): number {
  return body.length >= 7 && body[5] === 0x08 ? body[6] ?? 0 : 0;
}

/**
 * The agent's own certificate, presented as a client's, is one that its CA signed. The server is trusted through that
 * CA, or because its certificate is the one in the configuration. Its name is not checked, because it is the Service's,
 * and the agent is called by its address here.
 */
function tlsOptions(tls: Config["tls"]) {
  const cert = readText(tls.certFile);
  // If clients present no certificate, the file need not exist.
  const authorities = tls.clientAuth === "none" ? [] : [readText(tls.caFile)];
  return {
    cert,
    key: readText(tls.keyFile),
    ca: [...authorities, cert],
    checkServerIdentity: () => undefined,
  };
}

/**
 * A server that rejects a client certificate simply closes the connection, so the certificate is checked when that
 * happens.
 */
function explain(error: Error, tls: Config["tls"]): Error {
  if (!tls.enabled || tls.clientAuth !== "require-and-verify" || mayBeClients(tls.certFile)) {
    return error;
  }
  return new Error(
    `${error.message}: the certificate ${tls.certFile} is valid for servers only (no extended key ` +
      "usage clientAuth). Set telemetry.addr, so that the check needs no certificate, or issue it for both uses",
    { cause: error },
  );
}

/** id-kp-clientAuth (RFC 5280, 4.2.1.12); a certificate without any extended key usage is valid for all of them. */
function mayBeClients(path: string): boolean {
  const uses: readonly string[] | undefined = new X509Certificate(readText(path)).keyUsage;
  return uses === undefined || uses.includes("1.3.6.1.5.5.7.3.2");
}

function headerText(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
