import assert from "node:assert/strict";
import { type Holder, Shares, type SharesOptions } from "../../../../src/rpc/limits/shares.ts";

/** Shares of a total, and who lost its part, by name. */
function setUp(total: number, options: Omit<SharesOptions, "total"> = {}) {
  const shares = new Shares({ total: () => total, ...options });
  const evicted: string[] = [];
  const take = (user: string, connection = "c", weight?: number): Disposable | null => {
    const holder: Holder = {
      owners: [user, connection],
      ...weight === undefined ? {} : { weight },
      evict: () => evicted.push(`${user}@${connection}`),
    };
    return shares.take(holder);
  };
  /** Takes one part after another, as user@connection. Returns those that were refused. */
  const takeAll = (...names: string[]) =>
    names.filter((name) => take(...(name.split("@") as [string, string])) === null);
  return { shares, evicted, take, takeAll };
}

const times = (count: number, name: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => name(index));

Deno.test("a disposed part is free again, once", () => {
  const { shares, take } = setUp(2);
  const first = take("a");
  take("b");
  assert.equal(take("a"), null);
  first?.[Symbol.dispose]();
  first?.[Symbol.dispose]();
  assert.deepEqual([shares.held, shares.of("a"), shares.of("b"), shares.of("c", 1)], [1, 0, 1, 1]);
  assert.notEqual(take("a"), null);
});

const cases: readonly {
  readonly name: string;
  readonly total: number;
  readonly options?: Omit<SharesOptions, "total">;
  readonly before: readonly string[];
  readonly newcomer: string;
  readonly evicted: readonly string[];
  readonly refused?: boolean;
}[] = [
  {
    name: "one owner has all: it gives way to whoever has nothing",
    total: 4,
    before: ["a@1", "a@1", "a@2", "a@2"],
    newcomer: "b@3",
    evicted: ["a@2"],
  },
  {
    name: "whoever has something takes nothing for its connection having less",
    total: 4,
    before: ["a@1", "b@2", "c@2", "d@2"],
    newcomer: "a@1",
    evicted: [],
    refused: true,
  },
  {
    name: "the owner with the most is the one to be refused",
    total: 4,
    before: ["a@1", "a@1", "a@1", "b@2"],
    newcomer: "a@1",
    evicted: [],
    refused: true,
  },
  {
    name: "some owners together have all: the largest gives way",
    total: 6,
    before: ["a@1", "a@1", "b@2", "b@2", "b@2", "c@3"],
    newcomer: "d@4",
    evicted: ["b@2"],
  },
  {
    name: "an owner below its share takes from one above",
    total: 5,
    before: ["a@1", "a@1", "a@1", "a@1", "b@2"],
    newcomer: "b@2",
    evicted: ["a@1"],
  },
  {
    name: "nobody takes what would only change who has more",
    total: 5,
    before: ["a@1", "a@1", "a@1", "b@2", "b@2"],
    newcomer: "b@2",
    evicted: [],
    refused: true,
  },
  {
    name: "as many users as places over one connection: it gives way to another's",
    total: 4,
    before: times(4, (index) => `user-${index}@1`),
    newcomer: "b@2",
    evicted: ["user-3@1"],
  },
  {
    name: "as many users as places over the newcomer's own connection: it is refused",
    total: 4,
    before: times(4, (index) => `user-${index}@1`),
    newcomer: "b@1",
    evicted: [],
    refused: true,
  },
  {
    name: "each holds one: whoever comes then is refused",
    total: 3,
    before: ["a@1", "b@2", "c@3"],
    newcomer: "d@4",
    evicted: [],
    refused: true,
  },
  {
    name: "newcomers first, each holds one: the oldest of the largest group gives way",
    total: 4,
    options: { newcomersFirst: true },
    before: ["x@2", "a@1", "b@1", "c@1"],
    newcomer: "d@1",
    evicted: ["a@1"],
  },
  {
    name: "newcomers first: who holds one already is none",
    total: 3,
    options: { newcomersFirst: true },
    before: ["a@1", "b@1", "c@1"],
    newcomer: "a@1",
    evicted: [],
    refused: true,
  },
  {
    name: "the last tenth is for owners who hold few",
    total: 20,
    options: { reserve: true },
    before: times(18, () => "a@1"),
    newcomer: "a@1",
    evicted: [],
    refused: true,
  },
  {
    name: "who holds few takes from the reserve and ends nobody",
    total: 20,
    options: { reserve: true },
    before: times(18, () => "a@1"),
    newcomer: "b@2",
    evicted: [],
  },
];

for (const { name, total, options = {}, before, newcomer, evicted, refused = false } of cases) {
  Deno.test(`shares: ${name}`, () => {
    const shares = setUp(total, options);
    assert.deepEqual(shares.takeAll(...before), []);
    assert.deepEqual(shares.takeAll(newcomer), refused ? [newcomer] : []);
    assert.deepEqual(shares.evicted, evicted);
    assert.ok(shares.shares.held <= total);
  });
}

Deno.test("shares by weight: the largest holders go until the newcomer fits", () => {
  const { shares, evicted, take } = setUp(100);
  for (const weight of [30, 30]) take("a", "1", weight);
  take("b", "2", 40);
  assert.notEqual(take("c", "3", 35), null);
  assert.deepEqual(evicted, ["a@1", "b@2"]);
  assert.equal(shares.held, 65);
  assert.equal(take("d", "4", 101), null, "more than all");
});

Deno.test("a thousand owners who take turns never keep out an owner who has nothing", () => {
  const { evicted, takeAll } = setUp(50);
  takeAll(...times(1000, (index) => `user-${index % 40}@${index % 5}`));
  for (let index = 0; index < 40; index++) {
    assert.deepEqual(takeAll(`newcomer-${index}@new-${index}`), []);
  }
  assert.ok(evicted.every((name) => name.startsWith("user-")));
});
