import assert from "node:assert/strict";
import { allowsAll, checkAuthConfig } from "../../../src/config/auth_rules.ts";
import { type AuthorizationMethod, type Config, defaults } from "../../../src/config/schema.ts";

interface Case {
  readonly name: string;
  readonly methods: readonly AuthorizationMethod[];
  readonly tls?: Partial<Config["tls"]>;
  readonly addr?: string;
  /** What each problem must say; none: the agent starts. */
  readonly problems: readonly RegExp[];
}

const FRONT_PROXY_TLS = /^authorization\.methods: front-proxy with tls\.enabled: false: needs/;
const FRONT_PROXY_AUTH = /^authorization\.methods: front-proxy with tls\.client-auth: none: needs/;
const TOKEN_TLS = /^authorization\.methods: token with tls\.enabled: false and addr .*loopback/;
const ALLOW_ALL = /^authorization\.methods: allow-all with addr .*loopback/;

const cases: Case[] = [
  { name: "the defaults", methods: ["front-proxy", "token"], problems: [] },
  {
    name: "tokens over TLS without client certificates",
    methods: ["token"],
    tls: { clientAuth: "none" },
    problems: [],
  },
  {
    name: "front-proxy without TLS, even on loopback",
    methods: ["front-proxy"],
    tls: { enabled: false },
    addr: "127.0.0.1:50051",
    problems: [FRONT_PROXY_TLS],
  },
  {
    name: "front-proxy without client certificates",
    methods: ["front-proxy", "token"],
    tls: { clientAuth: "none" },
    problems: [FRONT_PROXY_AUTH],
  },
  {
    name: "front-proxy without client certificates, on loopback",
    methods: ["front-proxy"],
    tls: { clientAuth: "none" },
    addr: "127.0.0.1:50051",
    problems: [FRONT_PROXY_AUTH],
  },
  {
    name: "tokens without TLS on every address",
    methods: ["token"],
    tls: { enabled: false },
    addr: ":50051",
    problems: [TOKEN_TLS],
  },
  {
    name: "tokens without TLS on an address of a network",
    methods: ["token"],
    tls: { enabled: false },
    addr: "10.0.0.1:50051",
    problems: [TOKEN_TLS],
  },
  ...["127.0.0.1:50051", "127.1.2.3:1", "[::1]:50051", "localhost:50051"].map((addr): Case => ({
    name: `tokens without TLS on ${addr}`,
    methods: ["token"],
    tls: { enabled: false },
    addr,
    problems: [],
  })),
  ...[":50051", "0.0.0.0:50051", "[::]:50051", "127.example.org:1", "node-1:50051", "nonsense"]
    .map((addr): Case => ({
      name: `allow-all on ${addr}`,
      methods: ["allow-all"],
      addr,
      problems: [ALLOW_ALL],
    })),
  {
    name: "allow-all on loopback",
    methods: ["allow-all"],
    tls: { enabled: false },
    addr: "127.0.0.1:0",
    problems: [],
  },
  {
    name: "allow-all among others",
    methods: ["allow-all", "token"],
    addr: "127.0.0.1:0",
    problems: [/^authorization\.methods: allow-all together with token: .*alone$/],
  },
  { name: "no method", methods: [], problems: [/^authorization\.methods: empty/] },
  {
    name: "all that can be wrong is told at once",
    methods: ["front-proxy", "token"],
    tls: { enabled: false },
    problems: [FRONT_PROXY_TLS, TOKEN_TLS],
  },
];
for (const { name, methods, tls, addr, problems } of cases) {
  Deno.test(`${problems.length > 0 ? "does not start" : "starts"}: ${name}`, () => {
    const config: Config = {
      ...defaults,
      addr: addr ?? defaults.addr,
      tls: { ...defaults.tls, ...tls },
      authorization: { ...defaults.authorization, methods },
    };
    const found = checkAuthConfig(config);
    assert.equal(found.length, problems.length, found.join("\n"));
    for (const [i, problem] of problems.entries()) assert.match(found[i] ?? "", problem);
    assert.equal(allowsAll(config), methods.includes("allow-all"));
  });
}
