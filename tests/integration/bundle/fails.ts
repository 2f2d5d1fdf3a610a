/** A program that fails, to check its stack trace once it is bundled. */
function failDeliberately(): never {
  throw new Error("deliberate");
}

failDeliberately();
