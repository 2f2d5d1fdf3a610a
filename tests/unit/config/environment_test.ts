import assert from "node:assert/strict";
import { markReferences } from "../../../src/config/environment.ts";
import { RawText } from "../../../src/config/value_type.ts";

const variables: Readonly<Record<string, string>> = {
  A: "value",
  HARD: 'x"}\n- ${A}: [',
  EMPTY: "",
};
const lookup = (name: string) => variables[name];

function resolveJson(text: string): unknown {
  const { marked, resolve } = markReferences(text);
  return resolve(JSON.parse(marked), lookup, "agent.json");
}

Deno.test("references in values, keys and lists; values never pass through the parser", () => {
  assert.deepEqual(resolveJson('{"a": ["${A}", "${A}-${A}"], "${A}": 1, "plain": "$A"}'), {
    a: [new RawText("value", "environment"), new RawText("value-value", "environment")],
    value: 1,
    plain: "$A",
  });
  assert.deepEqual(resolveJson('{"a": "${HARD}"}'), {
    a: new RawText(variables["HARD"]!, "environment"),
  });
});

Deno.test("a default is for variables that are not set, not for empty ones", () => {
  assert.deepEqual(resolveJson('["${NONE:b:c}", "${EMPTY:b}", "${NONE:}"]'), [
    new RawText("b:c", "environment"),
    new RawText("", "environment"),
    new RawText("", "environment"),
  ]);
});

Deno.test("a variable without value and default is named with its key", () => {
  assert.throws(() => resolveJson('{"tls": {"names": ["a", "${NONE}"]}}'), {
    name: "ConfigError",
    message: /^agent\.json: tls\.names\[1\]: found \$\{NONE\}, which is not set/,
  });
});
