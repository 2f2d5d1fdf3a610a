/** needle_search.wat, compiled but not instantiated. */
declare const module: WebAssembly.Module;
export default module;
