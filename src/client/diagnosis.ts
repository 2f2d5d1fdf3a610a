import { connect as connectTcp, isIP, type Socket } from "node:net";
import { checkServerIdentity, connect as connectTls, type PeerCertificate } from "node:tls";

/** How an agent is reached, with certificates as PEM. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  /** Null: no TLS. */
  readonly tls: {
    /** Null: the well-known CAs. */
    readonly ca: Uint8Array | null;
    readonly cert: Uint8Array | null;
    readonly key: Uint8Array | null;
    readonly serverName: string | null;
  } | null;
}

const TIMEOUT_MS = 3000;

/** RFC 9113, 3.4: the client's preface and an empty SETTINGS frame. A server answers with its own SETTINGS. */
const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
const SETTINGS = 0x04;
/** RFC 8446, 5.1: the content types of an alert and of a handshake record. */
const TLS_RECORDS = [21, 22];

/**
 * Connects once more, without the gRPC library, to find out why a call could not reach the agent: the gRPC library's
 * own messages only name a symptom ("write EPIPE"). Resolves to cause and remedy in one or two sentences; null if this
 * connection works.
 */
export async function diagnose(endpoint: Endpoint): Promise<string | null> {
  const seen = await tryConnection(endpoint);
  const { host, port, tls } = endpoint;
  const at = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  switch (seen.code) {
    case "ok":
      return null;
    case "ENOTFOUND":
    case "EAI_AGAIN":
    case "ENODATA":
    case "EAI_NONAME":
      return `the name ${host} cannot be resolved. Check --addr and the DNS settings of this machine`;
    case "ECONNREFUSED":
      return `nothing listens on ${at}. Check that the agent runs and that --addr names its port (addr in its configuration)`;
    case "ETIMEDOUT":
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return `${at} does not answer. Check --addr, firewalls and NetworkPolicies; from outside the cluster use kubectl port-forward`;
    case "timeout":
      return `${at} accepts connections but does not answer. Check that --addr names an agent's gRPC port`;
    case "ERR_SSL_WRONG_VERSION_NUMBER":
      return `${at} does not speak TLS. Call it with --insecure-plaintext if the agent runs with tls.enabled: false, or check the port`;
    case "not-grpc":
      return `what listens on ${at} is no gRPC server. Check --addr`;
    case "speaks-tls":
      return `${at} expects TLS. Leave out --insecure-plaintext and give --tls FOLDER, or --ca, --cert and --key`;
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return `the agent's certificate is not for ${tls?.serverName ?? host} but for ${
        seen.names ?? "no name"
      }. Give one of its names with --server-name, or call the agent by it`;
  }
  if (REFUSALS.test(seen.code)) {
    if (tls === null) {
      return `${at} closes the connection. It may expect TLS: leave out --insecure-plaintext and give --tls FOLDER`;
    }
    return tls.cert === null
      ? "the agent requires a client certificate. Give --tls FOLDER (with tls.crt and tls.key), or --cert and --key"
      : "the agent refuses the client certificate. Give one with --cert and --key that a CA in its tls.ca-file " +
        "issued and that has not expired";
  }
  if (AUTHORITY_ERRORS.test(seen.code)) return await authorityProblem(endpoint, seen.message);
  return seen.message;
}

/** How servers reject a client's certificate: by an alert (RFC 8446, 6.2), or by closing the connection. */
const REFUSALS =
  /^(?:ended|ECONNRESET|EPIPE)$|ALERT_(?:BAD_|NO_|UNKNOWN_)?(?:CERTIFICATE|CA|HANDSHAKE)/;
const AUTHORITY_ERRORS = /SELF_SIGNED|UNABLE_TO|ISSUER|^CERT_|SIGNATURE_FAILURE/;

/**
 * Why the agent's certificate could not be verified. The platform reports an expired certificate like one from an
 * unknown issuer, so its dates and issuer are read over a connection that verifies nothing and sends nothing.
 */
async function authorityProblem(endpoint: Endpoint, message: string): Promise<string> {
  const certificate = await peerCertificate(endpoint);
  const now = Date.now();
  if (certificate !== null && Date.parse(certificate.valid_to) < now) {
    return `the agent's certificate expired ${
      isoTime(certificate.valid_to)
    }. Renew it on the node; the agent loads the new file automatically`;
  }
  if (certificate !== null && Date.parse(certificate.valid_from) > now) {
    return `the agent's certificate is not valid before ${
      isoTime(certificate.valid_from)
    }. Check the clocks of this machine and of the node`;
  }
  const issuer = certificate?.issuer?.CN;
  const from = issuer === undefined ? message : `it is from ${String(issuer)}`;
  return endpoint.tls?.ca === null
    ? `the agent's certificate is not from a well-known CA (${from}). Give its CA with --ca FILE or --tls FOLDER`
    : `the agent's certificate is not from the given CA (${from}). Check --ca, or ca.crt in --tls`;
}

/** The certificate that the agent presents; null if it presents none. */
function peerCertificate({ host, port, tls }: Endpoint): Promise<PeerCertificate | null> {
  const { promise, resolve } = Promise.withResolvers<PeerCertificate | null>();
  const name = tls?.serverName ?? host;
  const socket = connectTls({
    host,
    port,
    ALPNProtocols: ["h2"],
    servername: isIP(name) === 0 ? name : "agent.invalid",
    rejectUnauthorized: false,
  });
  socket.on("secureConnect", () => {
    const certificate = socket.getPeerCertificate();
    resolve(certificate?.valid_to === undefined ? null : certificate);
  });
  socket.on("error", () => resolve(null));
  socket.on("close", () => resolve(null));
  socket.setTimeout(TIMEOUT_MS, () => resolve(null));
  return promise.finally(() => socket.destroy());
}

function isoTime(text: string): string {
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? text : `${time.toISOString().slice(0, 19)}Z`;
}

interface Seen {
  /** "ok", "ended", "timeout", "speaks-tls", or the platform's error code. */
  readonly code: string;
  readonly message: string;
  /** The names for which the server's certificate is valid. */
  readonly names?: string | undefined;
}

function tryConnection({ host, port, tls }: Endpoint): Promise<Seen> {
  const { promise, resolve } = Promise.withResolvers<Seen>();
  let names: string | undefined;
  let socket: Socket;
  if (tls === null) {
    socket = connectTcp({ host, port });
    socket.on("connect", () => socket.write(PREFACE));
  } else {
    const name = tls.serverName ?? host;
    const secure = connectTls({
      host,
      port,
      ALPNProtocols: ["h2"],
      // The platform verifies names only; an address is checked below.
      servername: isIP(name) === 0 ? name : "agent.invalid",
      ...(tls.ca === null ? {} : { ca: [new TextDecoder().decode(tls.ca)] }),
      ...(tls.cert === null ? {} : { cert: new TextDecoder().decode(tls.cert) }),
      ...(tls.key === null ? {} : { key: new TextDecoder().decode(tls.key) }),
      checkServerIdentity: (_name: string, certificate: PeerCertificate) => {
        names = certificate.subjectaltname?.replaceAll(/(DNS|IP Address):/g, "");
        return checkServerIdentity(name, certificate);
      },
    });
    secure.on("secureConnect", () => secure.write(PREFACE));
    socket = secure;
  }
  socket.setTimeout(TIMEOUT_MS, () => resolve({ code: "timeout", message: "no answer" }));
  const timer = setTimeout(
    () => resolve({ code: "ETIMEDOUT", message: "no answer" }),
    TIMEOUT_MS + 500,
  );
  socket.on("data", (bytes: Uint8Array) => {
    if (bytes[3] === SETTINGS && bytes.length >= 9) resolve({ code: "ok", message: "" });
    else if (tls === null && TLS_RECORDS.includes(bytes[0] ?? 0)) {
      resolve({ code: "speaks-tls", message: "expects TLS" });
    } else resolve({ code: "not-grpc", message: "" });
  });
  socket.on("error", (error: Error & { code?: unknown }) => {
    resolve({ code: String(error.code ?? "other"), message: error.message, names });
  });
  socket.on("end", () => resolve({ code: "ended", message: "the connection was closed" }));
  socket.on("close", () => resolve({ code: "ended", message: "the connection was closed" }));
  return promise.finally(() => {
    clearTimeout(timer);
    socket.on("error", () => {});
    socket.destroy();
  });
}
