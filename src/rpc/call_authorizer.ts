import type { AuthorizeOptions, Authorizer } from "../auth/authorizer.ts";
import type { UserKey } from "../auth/user.ts";
import { describeIdentity, identify, type Identity } from "../auth/identity.ts";
import type { Config } from "../config/schema.ts";
import { Failure } from "../failure/failure.ts";
import { type Report, silent } from "../telemetry/events.ts";
import { connectionOf } from "./grpc_js/call_stream.ts";
import { type SentHeaders, takeSentHeaders } from "./grpc_js/identity_headers.ts";
import { KeptIdentities } from "./kept_identities.ts";
import type { ServerCall } from "./running_call.ts";

/** An identified caller. */
export interface Caller {
  readonly identity: Identity;
  /** For log lines, without secrets. */
  readonly description: string;
}

/**
 * Authenticates and authorizes calls: determines the caller, and whether they may read the logs of the namespaces.
 * Owned by serve; Calls calls it.
 */
export class CallAuthorizer {
  readonly #config: Config;
  readonly #authorizer: Authorizer;
  readonly #kept: KeptIdentities;

  constructor(config: Config, authorizer: Authorizer, report: Report = silent) {
    this.#config = config;
    this.#authorizer = authorizer;
    this.#kept = new KeptIdentities({
      memory: config.limits.headerMemory,
      onRefused: () => report({ type: "limit-reached", limit: "header-memory" }),
    });
  }

  /** Identifies the caller. Throws Failure if that is impossible, or if a part of the identity was lost on the way. */
  identify(call: ServerCall): Caller {
    checkArrivedWhole(takeSentHeaders(call), call.metadata);
    const identity = identify({ commonName: commonNameOf(call) }, call.metadata, this.#config);
    return { identity, description: describeIdentity(identity) };
  }

  /**
   * Resolves to the user for whom the call is counted, whatever they may read. Throws Failure if the request cannot be
   * reviewed, or the caller's token is not accepted.
   */
  userKey(
    caller: Caller,
    namespaces: readonly string[],
    options: AuthorizeOptions & { readonly signal: AbortSignal },
  ): Promise<UserKey> {
    return this.#authorizer.userKey(caller.identity, namespaces, options);
  }

  /**
   * Checks whether the caller may read the logs of the namespaces (none: of all). Throws Failure if they may not, or if
   * no verdict can be obtained.
   */
  authorize(
    caller: Caller,
    namespaces: readonly string[],
    options: AuthorizeOptions,
  ): Promise<void> {
    return this.#authorizer.authorize(caller.identity, namespaces, options);
  }

  /**
   * Reviews the caller's right repeatedly. Resolves to the Failure that must end the call. Throws Failure
   * resource-exhausted if the caller's identity cannot be kept, at once or later.
   *
   * @param options.owners the owners for whom the memory of the identity is counted
   */
  recheck(
    caller: Caller,
    namespaces: readonly string[],
    options: { readonly signal: AbortSignal; readonly owners: readonly unknown[] },
  ): Promise<Failure> {
    // Not an async function: that would keep the caller, and with it the call's own copy of the identity.
    const { owners, signal } = options;
    const evicted = Promise.withResolvers<Failure>();
    const kept = this.#kept.keep(caller.identity, { owners, evict: evicted.resolve });
    const reviewed = this.#authorizer.recheck(kept.identity, namespaces, { signal });
    return Promise.race([evicted.promise, reviewed]).finally(() => kept[Symbol.dispose]());
  }
}

/** Printable ASCII without a space at either end: what gRPC allows ("gRPC over HTTP2", ASCII-Value). */
const LEGAL_VALUE = /^(?:[!-~](?:[ -~]*[!-~])?)?$/;

/**
 * Throws Failure invalid-argument if an identity header has an invalid value, or one that did not arrive: a lost group
 * or extra must not lead to a review of somebody else. The values are not in the message, because one may be a token.
 */
export function checkArrivedWhole(
  sent: SentHeaders | "lost" | null,
  metadata: { get(name: string): readonly unknown[] },
): void {
  if (sent === null) {
    throw new Failure("internal", "Cannot identify the caller: its headers are not known");
  }
  if (sent === "lost") {
    throw new Failure(
      "invalid-argument",
      "Cannot identify the caller: a header of the call has a name or value that HTTP/2 does not allow, and was dropped",
    );
  }
  for (const [name, values] of sent) {
    const arrived = metadata.get(name);
    const isWhole = arrived.length === values.length &&
      values.every((value, i) => value === arrived[i]);
    if (isWhole && values.every((value) => LEGAL_VALUE.test(value))) continue;
    throw new Failure(
      "invalid-argument",
      `invalid metadata for ${name}: only printable ASCII without leading or trailing spaces can be read`,
    );
  }
}

/** By connection (HTTP/2 session): reading a certificate takes longer than everything else in a small call. */
const commonNames = new WeakMap<object, string | null>();

/** The subject CN of the verified client certificate; null if there is none. Throws Failure cancelled. */
function commonNameOf(call: ServerCall): string | null {
  const connection = connectionOf(call);
  const known = connection === null ? undefined : commonNames.get(connection);
  if (known !== undefined) return known;
  const name = readCommonName(call);
  if (connection !== null) commonNames.set(connection, name);
  return name;
}

function readCommonName(call: ServerCall): string | null {
  let name: unknown;
  try {
    name = call.getAuthContext().sslPeerCertificate?.subject?.CN;
  } catch (error) {
    // The certificate of a closed socket cannot be read: grpc-js throws.
    throw new Failure("cancelled", "The connection ended before its certificate was checked", {
      cause: error,
    });
  }
  // Several CNs arrive as an array. It is undefined which of them counts, so none does.
  return typeof name === "string" ? name : null;
}
