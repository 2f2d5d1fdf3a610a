import project from "../../deno.json" with { type: "json" };

/** The agent's version, from deno.json. */
export const version: string = project.version;
