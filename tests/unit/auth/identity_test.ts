import assert from "node:assert/strict";
import { type AuthorizationMethod, type Config, defaults } from "../../../src/config/schema.ts";
import {
  describeIdentity,
  identify,
  type Identity,
  type MetadataReader,
} from "../../../src/auth/identity.ts";
import { Failure, type FailureKind } from "../../../src/failure/failure.ts";
import { Random, runSeed } from "../../harness/random.ts";

type Value = string | Uint8Array;
type Pairs = readonly (readonly [string, Value])[];

function metadata(pairs: Pairs): MetadataReader {
  return { get: (name) => pairs.filter(([each]) => each === name).map(([, value]) => value) };
}

function config(
  methods: readonly AuthorizationMethod[] = ["front-proxy", "token"],
  tls: Partial<Config["tls"]> = {},
): Config {
  return {
    ...defaults,
    tls: { ...defaults.tls, ...tls },
    authorization: { ...defaults.authorization, methods },
  };
}

const proxy = { commonName: "kubetail-cluster-api" };
const nobody = { commonName: null };
/** How callers of generation 1 are admitted: they have no certificate. */
const tokenOnly = config(["token"], { clientAuth: "none" });

function refused(run: () => Identity, kind: FailureKind, message: string | RegExp): void {
  try {
    assert.fail(`let in ${describeIdentity(run())}`);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    assert.equal(error.kind, kind, error.message);
    if (typeof message === "string") assert.equal(error.message, message);
    else assert.match(error.message, message);
  }
}

Deno.test("a proxy's user is read with groups and extras; an empty group is left out", () => {
  const identity = identify(
    proxy,
    metadata([
      ["x-remote-user", "alice"],
      ["x-remote-group", "devs"],
      ["x-remote-group", "a, b"],
      ["x-remote-group", ""],
      ["x-remote-extras", '{"scopes":["view","edit"],"none":[]}'],
    ]),
    config(),
  );
  assert.deepEqual(identity, {
    kind: "front-proxy",
    user: "alice",
    groups: ["devs", "a, b"],
    extra: new Map([["scopes", ["view", "edit"]], ["none", []]]),
  });
  assert.equal(describeIdentity(identity), "user:alice");
});

const extras: [string, string, [string, string[]][]][] = [
  ["none", "{}", []],
  ["an empty text", "", []],
  ["a percent-encoded key", '{"authentication.kubernetes.io%2fcredential-id":["x"]}', [
    ["authentication.kubernetes.io/credential-id", ["x"]],
  ]],
  ["values stay as they are", '{"a":["%2f"]}', [["a", ["%2f"]]]],
  ["a key that is not encoded well", '{"100%":["x"],"%ff":["y"]}', [["100%", ["x"]], [
    "%ff",
    ["y"],
  ]]],
  ["one key written in two ways", '{"a%2fb":["x"],"a/b":["y"]}', [["a/b", ["x", "y"]]]],
  ["a key named __proto__", '{"__proto__":["x"],"constructor":["y"]}', [["__proto__", ["x"]], [
    "constructor",
    ["y"],
  ]]],
  ["text that looks like keys", '{"a\\":{":["}:[","\\\\"], "c" : [":"]}', [
    ['a":{', ["}:[", "\\"]],
    [
      "c",
      [":"],
    ],
  ]],
];
for (const [name, source, expected] of extras) {
  Deno.test(`extras are read: ${name}`, () => {
    const identity = identify(
      proxy,
      metadata([["x-remote-user", "alice"], ["x-remote-extras", source]]),
      config(),
    );
    assert.ok(identity.kind === "front-proxy");
    assert.deepEqual([...identity.extra], expected);
  });
}

const badExtras: [string, Pairs][] = [
  ["not JSON", [["x-remote-extras", "{nope"]]],
  ["a list", [["x-remote-extras", "[]"]]],
  ["null", [["x-remote-extras", "null"]]],
  ["a text", [["x-remote-extras", '"a"']]],
  ["a number", [["x-remote-extras", "1"]]],
  ["a text where a list must be", [["x-remote-extras", '{"a":"b"}']]],
  ["a list of numbers", [["x-remote-extras", '{"a":[1]}']]],
  ["a nested list", [["x-remote-extras", '{"a":[["b"]]}']]],
  ["an object where a list must be", [["x-remote-extras", '{"a":{"0":"b","length":1}}']]],
  ["a key twice", [["x-remote-extras", '{"a":["b"],"c":[],"a":["d"]}']]],
  ["a key twice, written differently", [["x-remote-extras", '{"a":["b"],"\\u0061":["d"]}']]],
  ["binary", [["x-remote-extras", new TextEncoder().encode("{}")]]],
];
for (const [name, pairs] of badExtras) {
  Deno.test(`bad extras are refused: ${name}`, () => {
    refused(
      () => identify(proxy, metadata([["x-remote-user", "alice"], ...pairs]), config()),
      "invalid-argument",
      /^invalid metadata for x-remote-extras/,
    );
  });
}

const tokens: [string, string][] = [
  ["raw", "a.b-c_d~e+f/g="],
  ["Bearer", "Bearer a.b-c_d~e+f/g="],
  ["another case of Bearer", "bEARER a.b-c_d~e+f/g="],
  ["spaces around", "  Bearer   a.b-c_d~e+f/g= "],
];
for (const [name, value] of tokens) {
  Deno.test(`a token is read from authorization: ${name}`, () => {
    const identity = identify(nobody, metadata([["authorization", value]]), tokenOnly);
    assert.deepEqual(identity, { kind: "token", token: "a.b-c_d~e+f/g=" });
  });
}

Deno.test("a token's text is not in its description", () => {
  const identity = identify(nobody, metadata([["authorization", "abcdefgh"]]), tokenOnly);
  assert.match(describeIdentity(identity), /^token:sha256:[0-9a-f]{12}$/);
});

Deno.test("x-remote-user present: authorization is ignored", () => {
  const identity = identify(
    proxy,
    metadata([["x-remote-user", "alice"], ["authorization", "not a token"]]),
    config(),
  );
  assert.equal(describeIdentity(identity), "user:alice");
});

Deno.test("without the method front-proxy, nobody can impersonate anybody", () => {
  const pairs: Pairs = [["x-remote-user", "admin"], ["x-remote-group", "system:masters"]];
  for (const peer of [nobody, proxy]) {
    refused(() => identify(peer, metadata(pairs), tokenOnly), "unauthenticated", "missing token");
    assert.deepEqual(
      identify(peer, metadata([...pairs, ["authorization", "t"]]), tokenOnly),
      { kind: "token", token: "t" },
    );
  }
});

Deno.test("an empty x-remote-user never falls back to the token", () => {
  for (const user of ["", " ", "\t"]) {
    refused(
      () => identify(proxy, metadata([["x-remote-user", user], ["authorization", "t"]]), config()),
      "unauthenticated",
      "missing user header",
    );
  }
});

const refusals: [string, FailureKind, string | RegExp, () => Identity][] = [
  [
    "no user and no token",
    "unauthenticated",
    "missing user header",
    () => identify(proxy, metadata([]), config()),
  ],
  [
    "a token where only front-proxy is allowed",
    "unauthenticated",
    "missing user header",
    () => identify(proxy, metadata([["authorization", "t"]]), config(["front-proxy"])),
  ],
  [
    "no token",
    "unauthenticated",
    "missing token",
    () => identify(nobody, metadata([]), tokenOnly),
  ],
  [
    "Bearer and no token",
    "unauthenticated",
    "missing token",
    () => identify(nobody, metadata([["authorization", "Bearer "]]), tokenOnly),
  ],
  [
    "an empty token",
    "unauthenticated",
    "missing token",
    () => identify(nobody, metadata([["authorization", ""]]), tokenOnly),
  ],
  [
    "another scheme",
    "unauthenticated",
    /^invalid authorization metadata/,
    () => identify(nobody, metadata([["authorization", "Basic YTpi"]]), tokenOnly),
  ],
  [
    "a token that would end the header",
    "unauthenticated",
    /^invalid authorization metadata/,
    () => identify(nobody, metadata([["authorization", "t\r\nx-evil: 1"]]), tokenOnly),
  ],
  [
    "a token beyond ASCII",
    "unauthenticated",
    /^invalid authorization metadata/,
    () => identify(nobody, metadata([["authorization", "tökèn"]]), tokenOnly),
  ],
  [
    "two users",
    "invalid-argument",
    "more than one x-remote-user in metadata",
    () => identify(proxy, metadata([["x-remote-user", "a"], ["x-remote-user", "a"]]), config()),
  ],
  [
    "two tokens",
    "invalid-argument",
    "more than one authorization in metadata",
    () => identify(nobody, metadata([["authorization", "a"], ["authorization", "a"]]), tokenOnly),
  ],
  [
    "one user and two tokens",
    "invalid-argument",
    "more than one authorization in metadata",
    () =>
      identify(
        proxy,
        metadata([["x-remote-user", "a"], ["authorization", "a"], ["authorization", "b"]]),
        config(),
      ),
  ],
  [
    "two extras",
    "invalid-argument",
    "more than one x-remote-extras in metadata",
    () =>
      identify(
        proxy,
        metadata([["x-remote-user", "a"], ["x-remote-extras", "{}"], ["x-remote-extras", "{}"]]),
        config(),
      ),
  ],
  [
    "a binary user",
    "invalid-argument",
    "invalid metadata for x-remote-user: binary",
    () => identify(proxy, metadata([["x-remote-user", new Uint8Array([97])]]), config()),
  ],
  [
    "a binary group",
    "invalid-argument",
    "invalid metadata for x-remote-group: binary",
    () =>
      identify(
        proxy,
        metadata([["x-remote-user", "a"], ["x-remote-group", new Uint8Array([97])]]),
        config(),
      ),
  ],
  [
    "a certificate with another name",
    "permission-denied",
    'proxy CN "intruder" not in allowed list',
    () => identify({ commonName: "intruder" }, metadata([["x-remote-user", "alice"]]), config()),
  ],
  [
    "a certificate with another name and a token",
    "permission-denied",
    'proxy CN "intruder" not in allowed list',
    () => identify({ commonName: "intruder" }, metadata([["authorization", "t"]]), config()),
  ],
  [
    "a certificate with another name under allow-all",
    "permission-denied",
    'proxy CN "intruder" not in allowed list',
    () => identify({ commonName: "intruder" }, metadata([]), config(["allow-all"])),
  ],
  [
    "a certificate with an empty name",
    "permission-denied",
    'proxy CN "" not in allowed list',
    () => identify({ commonName: "" }, metadata([["x-remote-user", "alice"]]), config()),
  ],
  [
    "a name in another case",
    "permission-denied",
    /not in allowed list/,
    () =>
      identify(
        { commonName: "Kubetail-Cluster-API" },
        metadata([["x-remote-user", "alice"]]),
        config(),
      ),
  ],
  [
    "no certificate, where one is required",
    "unauthenticated",
    "missing client certificate",
    () => identify(nobody, metadata([["x-remote-user", "alice"]]), config()),
  ],
  [
    "no certificate, any name allowed",
    "unauthenticated",
    "missing client certificate",
    () =>
      identify(
        nobody,
        metadata([["x-remote-user", "alice"]]),
        config(["front-proxy"], { allowedNames: [] }),
      ),
  ],
  [
    "no certificate, in a configuration that should never have started",
    "unauthenticated",
    "missing client certificate",
    () =>
      identify(
        nobody,
        metadata([["x-remote-user", "alice"]]),
        config(["front-proxy"], { enabled: false, clientAuth: "none" }),
      ),
  ],
];
for (const [name, kind, message, run] of refusals) {
  Deno.test(`refused: ${name}`, () => refused(run, kind, message));
}

Deno.test("an empty list of allowed names allows any verified name", () => {
  const identity = identify(
    { commonName: "whoever" },
    metadata([["x-remote-user", "alice"]]),
    config(["front-proxy"], { allowedNames: [] }),
  );
  assert.equal(describeIdentity(identity), "user:alice");
});

Deno.test("allow-all requires nothing but a certificate if TLS requires one", () => {
  const open = config(["allow-all"], { enabled: false });
  assert.deepEqual(identify(nobody, metadata([]), open), { kind: "anonymous" });
  assert.deepEqual(identify(proxy, metadata([]), config(["allow-all"])), { kind: "anonymous" });
  refused(
    () => identify(nobody, metadata([]), config(["allow-all"])),
    "unauthenticated",
    "missing client certificate",
  );
});

Deno.test("identify is pure: configuration and metadata are left as they were", () => {
  const source = Object.freeze([
    Object.freeze(["x-remote-user", "alice"] as const),
    Object.freeze(["x-remote-extras", '{"a":["b"]}'] as const),
  ]);
  const frozen = deepFreeze(config());
  assert.deepEqual(
    identify(proxy, metadata(source), frozen),
    identify(proxy, metadata(source), frozen),
  );
});

Deno.test("a front proxy's certificate is never judged by a token, whatever its call has lost", () => {
  const token = ["authorization", "Bearer t"] as const;
  for (const pairs of [[token], [token, ["x-remote-user", ""]], [token, ["x-remote-group", "g"]]]) {
    refused(
      () => identify(proxy, metadata(pairs as Pairs), config(["front-proxy", "token"])),
      "unauthenticated",
      "missing user header",
    );
  }
});

Deno.test("if any verified name is allowed, a certificate does not make a front proxy, and tokens count", () => {
  const both = config(["front-proxy", "token"], { allowedNames: [] });
  const token = identify(proxy, metadata([["authorization", "Bearer t"]]), both);
  assert.deepEqual(token, { kind: "token", token: "t" });
  // Nor without the method: then the names only determine who may connect.
  const tokens = config(["token"]);
  assert.equal(identify(proxy, metadata([["authorization", "t"]]), tokens).kind, "token");
});

const bombs: [string, Pairs][] = [
  ["a user of 100 MB", [["x-remote-user", "a".repeat(1e8)]]],
  ["a token of 100 MB", [["authorization", "a".repeat(1e8)]]],
  ["extras nested 10 million deep", [["x-remote-user", "a"], ["x-remote-extras", "[".repeat(1e7)]]],
  ["extras of a million keys", [
    ["x-remote-user", "a"],
    ["x-remote-extras", `{${Array.from({ length: 1e6 }, (_, i) => `"${i}":[]`).join()}}`],
  ]],
];
for (const [name, pairs] of bombs) {
  Deno.test(`a bomb is refused for its length, unparsed: ${name}`, () => {
    const isToken = pairs[0]?.[0] === "authorization";
    refused(
      () => identify(isToken ? nobody : proxy, metadata(pairs), isToken ? tokenOnly : config()),
      "invalid-argument",
      /longer than 65536/,
    );
  });
}

Deno.test("extras nested as deep as fits are refused, not a stack overflow", () => {
  for (const source of ["[".repeat(65_000), `{"a":${"[".repeat(30_000)}${"]".repeat(30_000)}}`]) {
    refused(
      () =>
        identify(proxy, metadata([["x-remote-user", "a"], ["x-remote-extras", source]]), config()),
      "invalid-argument",
      /^invalid metadata for x-remote-extras/,
    );
  }
});

Deno.test("a million groups are too many, and only some of them are looked at", () => {
  let looked = 0;
  const groups = new Proxy<string[]>([], {
    get(target, name, receiver) {
      if (name === "length") return 1e6;
      if (typeof name === "string" && /^\d+$/.test(name)) {
        looked++;
        return "";
      }
      return Reflect.get(target, name, receiver);
    },
  });
  refused(
    () =>
      identify(proxy, {
        get: (name) => name === "x-remote-group" ? groups : name === "x-remote-user" ? ["a"] : [],
      }, config()),
    "invalid-argument",
    /^Cannot accept user, groups and extras: together longer than 65536 characters$/,
  );
  assert.ok(looked < 70_000, `${looked}`);
});

Deno.test("fuzz: random metadata never crashes, and admits only the named identity", () => {
  const seed = runSeed();
  const random = new Random(seed);
  const pick = <T>(values: readonly T[]): T => random.pick(values);
  const names = ["authorization", "x-remote-user", "x-remote-group", "x-remote-extras", "other"];
  const alphabets = [
    "ab ",
    '{}[]":,\\u00e9',
    "\0\r\n\t\x7f\xff",
    "Bearer t",
    "%2f%ff",
    "\ud83d\ude00\ud800",
  ];
  const text = () => {
    const length = Math.floor(random.next() ** 4 * pick([8, 300, 100_000]));
    const alphabet = pick(alphabets);
    const part = Array.from({ length: Math.min(length, 64) }, () => pick([...alphabet])).join("");
    return part.repeat(Math.ceil(length / 64));
  };
  const json = (depth: number): unknown => {
    const kind = random.below(8);
    if (kind === 0) return null;
    if (kind === 1) return random.chance(0.5);
    if (kind === 2) return random.next() * 1e9;
    if (kind < 5 || depth > 3) return text().slice(0, 20);
    const items = Array.from({ length: random.below(4) }, () => json(depth + 1));
    if (kind === 5) return items;
    return Object.fromEntries(
      items.map((item) => [pick(["a", "__proto__", "a%2fb", "a/b", "toString"]), item]),
    );
  };
  const value = (): Value => {
    const kind = random.next();
    if (kind < 0.1) return random.bytes(0, 99);
    if (kind < 0.3) return pick(["", "alice", "Bearer token", "{}", '{"a":["b"]}']);
    if (kind < 0.5) return JSON.stringify(json(0));
    return text();
  };
  const letIn = { "front-proxy": 0, token: 0, anonymous: 0 };
  for (let round = 0; round < 20_000; round++) {
    const pairs: Pairs = Array.from(
      { length: random.below(6) },
      () => [pick(names), value()],
    );
    const methods = pick<AuthorizationMethod[]>([
      ["front-proxy", "token"],
      ["front-proxy"],
      ["token"],
    ]);
    const peer = pick([proxy, nobody, { commonName: "intruder" }, { commonName: "" }]);
    const about = `seed ${seed}, round ${round}`;
    const options = pick([
      config(methods),
      config(methods, { clientAuth: "none" }),
      config(methods, { enabled: false }),
    ]);
    let identity: Identity;
    try {
      identity = identify(peer, metadata(pairs), options);
    } catch (error) {
      assert.ok(error instanceof Failure, `${about}: ${error}`);
      assert.ok(error.message.length < 1000, `${about}: a message as long as the attack`);
      continue;
    }
    letIn[identity.kind]++;
    // What was admitted must appear literally in what was sent.
    const only = (name: string) => {
      const values = metadata(pairs).get(name);
      assert.equal(values.length, 1, about);
      return values[0];
    };
    if (identity.kind === "front-proxy") {
      assert.equal(peer, proxy, about);
      assert.ok(methods.includes("front-proxy"), about);
      assert.equal(identity.user, only("x-remote-user"), about);
      assert.notEqual(identity.user.trim(), "", about);
      for (const group of identity.groups) {
        assert.ok(metadata(pairs).get("x-remote-group").includes(group), about);
      }
    } else {
      assert.equal(identity.kind, "token", about);
      assert.ok(methods.includes("token"), about);
      assert.ok(peer === proxy || peer.commonName === null, about);
      assert.ok(String(only("authorization")).includes(identity.token), about);
      assert.match(identity.token, /^[\x21-\x7e]+$/, about);
    }
    assert.ok(describeIdentity(identity).length < 300, about);
  }
  // Otherwise the rounds tested nothing.
  assert.ok(
    letIn["front-proxy"] > 50 && letIn.token > 50,
    `seed ${seed}: ${JSON.stringify(letIn)}`,
  );
});

function deepFreeze<T extends object>(value: T): T {
  for (const each of Object.values(value)) {
    if (typeof each === "object" && each !== null) deepFreeze(each);
  }
  return Object.freeze(value);
}
