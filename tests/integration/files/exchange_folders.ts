/**
 * A program of exchanged_folders_test.ts, the attacker: exchanges two paths as fast as it can, as a user who may write
 * to a log folder can. Arguments: the two paths.
 */
const [a = "", b = ""] = Deno.args;
const AT_FDCWD = -100;
const RENAME_EXCHANGE = 2;
const libc = Deno.dlopen("libc.so.6", {
  renameat2: { parameters: ["i32", "buffer", "i32", "buffer", "u32"], result: "i32" },
});
const [first, second] = [a, b].map((path) => new TextEncoder().encode(`${path}\0`));
const exchange = () => libc.symbols.renameat2(AT_FDCWD, first!, AT_FDCWD, second!, RENAME_EXCHANGE);
if (exchange() !== 0) Deno.exit(1);
console.log("exchanging");
for (;;) exchange();
