// @ts-self-types="./rregex_wasm.d.ts"
// In JavaScript because TypeScript does not know source phase imports yet. They load the module with
// the program's own code, so no permission to read is needed, in a compiled binary neither.
import source module from "../generated/rregex/rregex.wasm";

export default module;
