import { isLoopback, parseAddress } from "./address.ts";
import type { Config } from "./schema.ts";

/**
 * The violations of the rules about callers; empty if there are none. The agent does not start with any of these. Each
 * text names the keys, what was found and what is needed.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { checkAuthConfig } from "./auth_rules.ts";
 * import { checkConfig } from "./check.ts";
 *
 * const open = { addr: ":50051", authorization: { methods: ["allow-all"] } };
 * const { config } = checkConfig(open, { source: "agent.yaml" });
 * assert.match(checkAuthConfig(config)[0]!, /allowed only on a loopback address/);
 * ```
 */
export function checkAuthConfig(config: Config): string[] {
  const problems: string[] = [];
  const { tls, addr } = config;
  const methods = config.authorization.methods;
  // An address that cannot be parsed is treated as one that others can reach.
  const loopback = isLoopback(parseAddress(addr)?.host ?? "");

  if (methods.length === 0) {
    problems.push(
      "authorization.methods: empty: nobody could call; name front-proxy, token or both",
    );
  }
  if (methods.includes("allow-all")) {
    if (methods.length > 1) {
      problems.push(
        `authorization.methods: allow-all together with ${
          methods.filter((method) => method !== "allow-all").join(", ")
        }: allow-all must stand alone`,
      );
    }
    if (!loopback) {
      problems.push(
        `authorization.methods: allow-all with addr ${JSON.stringify(addr)}: ` +
          "allowed only on a loopback address, as 127.0.0.1:50051",
      );
    }
  }
  if (methods.includes("front-proxy")) {
    if (!tls.enabled) {
      problems.push(
        "authorization.methods: front-proxy with tls.enabled: false: " +
          "needs tls.enabled: true, or anybody who connects could impersonate any user",
      );
    } else if (tls.clientAuth !== "require-and-verify") {
      problems.push(
        `authorization.methods: front-proxy with tls.client-auth: ${tls.clientAuth}: ` +
          "needs tls.client-auth: require-and-verify, or anybody who connects could impersonate any user",
      );
    }
  }
  if (methods.includes("token") && !tls.enabled && !loopback) {
    problems.push(
      `authorization.methods: token with tls.enabled: false and addr ${JSON.stringify(addr)}: ` +
        "tokens without TLS only on a loopback address; needs tls.enabled: true",
    );
  }
  return problems;
}

/**
 * Whether the configuration lets everyone read everything. Every start warns about it.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { allowsAll } from "./auth_rules.ts";
 * import { defaults } from "./schema.ts";
 *
 * assert.equal(allowsAll(defaults), false);
 * ```
 */
export function allowsAll(config: Config): boolean {
  return config.authorization.methods.includes("allow-all");
}
