/**
 * The part of @grpc/grpc-js that a server needs. It replaces the whole library in the bundle of a program that makes no
 * gRPC calls itself: an agent does not need the code for channels, load balancers, retries and resolvers. A name that
 * is used but missing here fails the build.
 */
import { setup as setUpDns } from "@grpc/grpc-js/build/src/resolver-dns.js";
import { setup as setUpIp } from "@grpc/grpc-js/build/src/resolver-ip.js";
import { setup as setUpSockets } from "@grpc/grpc-js/build/src/resolver-uds.js";

export { Status as status } from "@grpc/grpc-js/build/src/constants.js";
export { setLogger } from "@grpc/grpc-js/build/src/logging.js";
export { Metadata } from "@grpc/grpc-js/build/src/metadata.js";
export { Server } from "@grpc/grpc-js/build/src/server.js";
export { ServerCredentials } from "@grpc/grpc-js/build/src/server-credentials.js";

/** Generated modules create a client class for every service when they are loaded. Throws if one is used. */
export function makeGenericClientConstructor(_methods: unknown, service: string): unknown {
  return class {
    constructor() {
      throw new Error(`${service}: gRPC clients are not part of this bundle (hack/bundle.ts)`);
    }
  };
}

// The library's own entry does this too; a server resolves the address that it listens on.
setUpDns();
setUpSockets();
setUpIp();
