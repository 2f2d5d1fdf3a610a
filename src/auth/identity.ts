import { createHash } from "node:crypto";
import type { Config } from "../config/schema.ts";
import { Failure } from "../failure/failure.ts";

/** The other end of the connection, as verified by TLS. */
export interface Peer {
  /** Subject common name of the client certificate that TLS verified; null: no certificate was presented. */
  readonly commonName: string | null;
}

/** A user named by a trusted front proxy. */
export interface FrontProxyIdentity {
  readonly kind: "front-proxy";
  readonly user: string;
  readonly groups: readonly string[];
  /** As UserInfo.extra of Kubernetes' authentication API; keys are already percent-decoded. */
  readonly extra: ReadonlyMap<string, readonly string[]>;
}

/** A caller identified only by its token; the API server knows whose it is. */
export interface TokenIdentity {
  readonly kind: "token";
  readonly token: string;
}

export type Identity = FrontProxyIdentity | TokenIdentity | { readonly kind: "anonymous" };

/** The part of a call's metadata that is needed here; names are in lower case. */
export interface MetadataReader {
  get(name: string): readonly (string | Uint8Array)[];
}

/**
 * Maximum number of characters of all values of one identity together. HTTP/2 already bounds a call's metadata; this
 * bound applies wherever the metadata comes from, so the work here stays small.
 */
const MAX_IDENTITY_LENGTH = 64 * 1024;

/**
 * Identifies the caller. Pure. Throws Failure: unauthenticated if nothing identifies the caller, permission-denied if
 * the certificate's name is not allowed, invalid-argument if the metadata is malformed.
 *
 * Names and meaning of the metadata are those of Kubernetes' authenticating proxies (kubernetes.io, "Authenticating",
 * "Authenticating Proxy"), with all extras in one JSON object.
 */
export function identify(peer: Peer, metadata: MetadataReader, config: Config): Identity {
  checkCertificate(peer, config);
  const methods = config.authorization.methods;
  if (methods.includes("allow-all")) return { kind: "anonymous" };

  // Two values of one header name two callers, and nothing shows which one a proxy in front of this agent believed.
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
 * Whether the certificate belongs to a front proxy. A front proxy speaks for its users and is not itself a user whose
 * token could be meant: if the user's name is missing, something has been lost.
 */
function isFrontProxy(peer: Peer, config: Config): boolean {
  return peer.commonName !== null && config.tls.allowedNames.includes(peer.commonName);
}

function checkCertificate(peer: Peer, config: Config): void {
  if (peer.commonName === null) {
    // TLS itself refuses such a client; this check also holds if the server is ever set up differently.
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
  // Without a verified certificate, anyone could impersonate anyone.
  if (peer.commonName === null) throw new Failure("unauthenticated", "missing client certificate");
  if (user.trim() === "") throw new Failure("unauthenticated", "missing user header");

  const groupValues = metadata.get("x-remote-group");
  const extrasText = single(metadata, "x-remote-extras");
  let length = user.length + (extrasText?.length ?? 0);
  const groups: string[] = [];
  for (const value of groupValues) {
    const group = text(value, "x-remote-group");
    // Plus one for each, so that a million empty groups are too many as well.
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
  // RFC 7235: the scheme's name is not case-sensitive. Kubernetes tokens contain no spaces, so the rest of another
  // scheme ("Basic …") is refused below.
  const token = authorization.trim().replace(/^bearer(?: +|$)/i, "");
  if (token === "") throw new Failure("unauthenticated", "missing token");
  // It becomes a header of the request to the API server: visible ASCII only.
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new Failure(
      "unauthenticated",
      "invalid authorization metadata: neither a token nor `Bearer` and a token",
    );
  }
  return { kind: "token", token };
}

/** A JSON object of string lists, with keys that may be percent-encoded. */
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
  // JSON.parse keeps only the last of equal keys, and a lost extra may be one that restricts.
  if (entries.length !== countKeys(source)) throw invalidExtras("a key appears twice");
  for (const [name, values] of entries) {
    if (!Array.isArray(values) || !values.every((each) => typeof each === "string")) {
      throw invalidExtras(`${JSON.stringify(name.slice(0, 64))} is not a list of strings`);
    }
    const key = decodeKey(name);
    const known = extra.get(key);
    // "a%2fb" and "a/b" are two spellings of one key.
    extra.set(key, known === undefined ? values : [...known, ...values]);
  }
  return extra;
}

/** The number of keys in a JSON object, including duplicates. Only for text that JSON.parse accepts. */
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

/** As Kubernetes' request header authenticator does: a key that is not properly percent-encoded is kept as it is. */
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
