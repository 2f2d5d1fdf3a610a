import assert from "node:assert/strict";
import { healthcheckCommand } from "../../../src/cli/agent_commands.ts";
import { configSources, readConfigSources } from "../../../src/cli/config_options.ts";
import { UsageError } from "../../../src/cli/terminal.ts";

Deno.test("the configuration's file, address and keys are read; what is not given is left out", () => {
  const words = ["-c", "a.yaml", "-a", ":1", "-p", "logging.level:debug", "--param", "addr::2"];
  assert.deepEqual(readConfigSources(healthcheckCommand, words), {
    file: "a.yaml",
    addr: ":1",
    params: ["logging.level:debug", "addr::2"],
  });
  assert.deepEqual(readConfigSources(healthcheckCommand, []), { params: [] });
  assert.deepEqual(configSources({ config: undefined }), { params: [] });
});

Deno.test("any other word is refused, with where to look", () => {
  for (const words of [["a.yaml"], ["-c", "a.yaml", "b"], ["--config"], ["--nothing"]]) {
    assert.throws(
      () => readConfigSources(healthcheckCommand, words),
      (error) => error instanceof UsageError && /Try: healthcheck --help/.test(error.message),
      words.join(" "),
    );
  }
});
