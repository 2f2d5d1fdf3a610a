import type { Config } from "../config/schema.ts";
import { Failure } from "../failure/failure.ts";
import type { Authorizer } from "../auth/authorizer.ts";
import { describeIdentity, identify, type Identity } from "../auth/identity.ts";
import type { RunningCall, ServerCall } from "./calls.ts";

/** The way through the door: who calls, and may they read logs of these namespaces? */
export class CallAuthorizer {
  readonly #config: Config;
  readonly #authorizer: Authorizer;

  constructor(config: Config, authorizer: Authorizer) {
    this.#config = config;
    this.#authorizer = authorizer;
  }

  /** Who calls. Throws Failure where that cannot be told. */
  identify(call: ServerCall, running: RunningCall): Identity {
    const identity = identify(
      { commonName: commonNameOf(call) },
      call.metadata,
      this.#config,
    );
    running.identity = describeIdentity(identity);
    return identity;
  }

  /** Lets the caller in. Throws Failure where an access review says no, or too many streams are open. */
  async admit(
    identity: Identity,
    namespaces: readonly string[],
    running: RunningCall,
  ): Promise<void> {
    running.namespaces = namespaces;
    const { signal } = running;
    await this.#authorizer.authorize(identity, namespaces, { signal });
    signal.throwIfAborted();
    running.admitted();
    if (running.kind === "endless") {
      this.#authorizer.recheck(identity, namespaces, { signal }).then(
        (failure) => running.abort(failure),
        () => {}, // The call has ended.
      );
    }
  }
}

/** The subject CN of the verified client certificate; null where there is none. Throws Failure cancelled. */
function commonNameOf(call: ServerCall): string | null {
  let name: unknown;
  try {
    name = call.getAuthContext().sslPeerCertificate?.subject?.CN;
  } catch (error) {
    // A socket that is gone has no certificate to show, and grpc-js fails over that.
    throw new Failure("cancelled", "The connection ended before its certificate was looked at", {
      cause: error,
    });
  }
  // Several CNs come as an array: which of them is meant nobody knows, so none is.
  return typeof name === "string" ? name : null;
}
