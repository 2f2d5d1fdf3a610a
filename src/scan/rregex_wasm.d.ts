/** The rregex package's WebAssembly, compiled but not instantiated. */
declare const module: WebAssembly.Module;
export default module;
