import { createHash } from "node:crypto";
import type { Config } from "../config/schema.ts";
import { Failure } from "../failure/failure.ts";

/** The other end of the connection, as TLS verified it. */
export interface Peer {
  /** Subject common name of the client certificate that TLS verified; null: no certificate was shown. */
  readonly commonName: string | null;
}

/** A user whom a trusted front proxy names. */
export interface FrontProxyIdentity {
  readonly kind: "front-proxy";
  readonly user: string;
  readonly groups: readonly string[];
  /** As UserInfo.extra of Kubernetes' authentication API; keys already percent-decoded. */
  readonly extra: ReadonlyMap<string, readonly string[]>;
}

/** A caller identified by its token alone; the API server knows whose it is. */
export interface TokenIdentity {
  readonly kind: "token";
  readonly token: string;
}

export type Identity = FrontProxyIdentity | TokenIdentity | { readonly kind: "anonymous" };

/** The part of a call's metadata that is needed here; names are lower case. */
export interface MetadataReader {
  get(name: string): readonly (string | Uint8Array)[];
}

/**
 * The most characters that all values of one identity may have together. HTTP/2 bounds a call's
 * metadata already; this bound holds wherever the metadata comes from, so the work here stays small.
 */
const MAX_IDENTITY_LENGTH = 64 * 1024;

/**
 * Identifies the caller. Pure. Throws Failure: unauthenticated where nothing identifies it, permission-denied
 * where the certificate's name is not allowed, invalid-argument where the metadata is not well-formed.
 *
 * Metadata names and meaning are those of Kubernetes' authenticating proxies
 * (kubernetes.io, "Authenticating", "Authenticating Proxy"), with all extras in one JSON object.
 */
export function identify(peer: Peer, metadata: MetadataReader, config: Config): Identity {
  checkCertificate(peer, config);
  const methods = config.authorization.methods;
  if (methods.includes("allow-all")) return { kind: "anonymous" };

  // Two values of one header name two callers, and nothing shows which one a proxy before this agent
  // believed.
  const user = single(metadata, "x-remote-user");
  const authorization = single(metadata, "authorization");
  const frontProxy = methods.includes("front-proxy");
  if (frontProxy && (user !== null || isFrontProxy(peer, config))) {
    return frontProxyIdentity(peer, user ?? "", metadata);
  }
  if (methods.includes("token") && authorization !== null) return tokenIdentity(authorization);
  throw new Failure("unauthenticated", frontProxy ? "missing user header" : "missing token");
}

/** The identity for log lines: no token, no groups, bounded length. */
export function describeIdentity(identity: Identity): string {
  switch (identity.kind) {
    case "front-proxy":
      return `user:${identity.user.slice(0, 256)}`;
    case "token": {
      const hash = createHash("sha256").update(identity.token).digest("hex");
      return `token:sha256:${hash.slice(0, 12)}`;
    }
    case "anonymous":
      return "anonymous";
  }
}

/**
 * Does the certificate belong to a front proxy? It speaks for its users and is not itself a user whose token could
 * be meant: where the user's name is missing, something has been lost.
 */
function isFrontProxy(peer: Peer, config: Config): boolean {
  return peer.commonName !== null && config.tls.allowedNames.includes(peer.commonName);
}

function checkCertificate(peer: Peer, config: Config): void {
  if (peer.commonName === null) {
    // TLS itself refuses such a client; this holds should the server ever be set up otherwise.
    if (config.tls.enabled && config.tls.clientAuth === "require-and-verify") {
      throw new Failure("unauthenticated", "missing client certificate");
    }
    return;
  }
  const allowed = config.tls.allowedNames;
  if (allowed.length > 0 && !allowed.includes(peer.commonName)) {
    throw new Failure(
      "permission-denied",
      `proxy CN ${JSON.stringify(peer.commonName.slice(0, 256))} not in allowed list`,
    );
  }
}

function frontProxyIdentity(
  peer: Peer,
  user: string,
  metadata: MetadataReader,
): FrontProxyIdentity {
  // Without a verified certificate anyone could impersonate anyone.
  if (peer.commonName === null) throw new Failure("unauthenticated", "missing client certificate");
  if (user.trim() === "") throw new Failure("unauthenticated", "missing user header");

  const groupValues = metadata.get("x-remote-group");
  const extrasText = single(metadata, "x-remote-extras");
  let length = user.length + (extrasText?.length ?? 0);
  const groups: string[] = [];
  for (const value of groupValues) {
    const group = text(value, "x-remote-group");
    // One more for each, so that a million empty groups are too many as well.
    length += group.length + 1;
    if (length > MAX_IDENTITY_LENGTH) break;
    if (group !== "") groups.push(group);
  }
  if (length > MAX_IDENTITY_LENGTH) {
    throw new Failure(
      "invalid-argument",
      `Cannot accept user, groups and extras: together longer than ${MAX_IDENTITY_LENGTH} characters`,
    );
  }
  return { kind: "front-proxy", user, groups, extra: parseExtras(extrasText) };
}

function tokenIdentity(authorization: string): TokenIdentity {
  if (authorization.length > MAX_IDENTITY_LENGTH) {
    throw new Failure(
      "invalid-argument",
      `Cannot accept the token: longer than ${MAX_IDENTITY_LENGTH} characters`,
    );
  }
  // RFC 7235: the scheme's name is not case-sensitive. Kubernetes tokens contain no space, so what
  // is left of another scheme ("Basic …") is refused below.
  const token = authorization.trim().replace(/^bearer(?: +|$)/i, "");
  if (token === "") throw new Failure("unauthenticated", "missing token");
  // It goes into a header of the request to the API server: visible ASCII only.
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new Failure(
      "unauthenticated",
      "invalid authorization metadata: neither a token nor `Bearer` and a token",
    );
  }
  return { kind: "token", token };
}

/** A JSON object of lists of strings, with keys that may be percent-encoded. */
function parseExtras(source: string | null): Map<string, readonly string[]> {
  const extra = new Map<string, readonly string[]>();
  if (source === null || source === "") return extra;
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch {
    throw invalidExtras("not JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalidExtras("not a JSON object");
  }
  const entries = Object.entries(value);
  // JSON.parse keeps the last of equal keys alone, and an extra that is lost may be one that restricts.
  if (entries.length !== countKeys(source)) throw invalidExtras("a key comes twice");
  for (const [name, values] of entries) {
    if (!Array.isArray(values) || !values.every((each) => typeof each === "string")) {
      throw invalidExtras(`${JSON.stringify(name.slice(0, 64))} is not a list of strings`);
    }
    const key = decodeKey(name);
    const known = extra.get(key);
    // "a%2fb" and "a/b" are one key written in two ways.
    extra.set(key, known === undefined ? values : [...known, ...values]);
  }
  return extra;
}

/** How many keys a JSON object has, equal ones included. Only for text that JSON.parse takes. */
function countKeys(source: string): number {
  let depth = 0;
  let keys = 0;
  for (const [token] of source.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}:]/g)) {
    if (token === "{" || token === "[") depth++;
    else if (token === "}" || token === "]") depth--;
    else if (token === ":" && depth === 1) keys++;
  }
  return keys;
}

function invalidExtras(reason: string): Failure {
  return new Failure("invalid-argument", `invalid metadata for x-remote-extras: ${reason}`);
}

/** As Kubernetes' request header authenticator does: what is not percent-encoded well stays as it is. */
function decodeKey(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

function single(metadata: MetadataReader, name: string): string | null {
  const values = metadata.get(name);
  const [first] = values;
  if (first === undefined) return null;
  if (values.length > 1) throw new Failure("invalid-argument", `more than one ${name} in metadata`);
  return text(first, name);
}

function text(value: string | Uint8Array, name: string): string {
  if (typeof value !== "string") {
    throw new Failure("invalid-argument", `invalid metadata for ${name}: binary`);
  }
  return value;
}
