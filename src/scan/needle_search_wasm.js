// @ts-self-types="./needle_search_wasm.d.ts"
// In JavaScript because TypeScript does not know source phase imports yet; see rregex_wasm.js.
import source module from "../generated/scan/needle_search.wasm";

export default module;
