/** A program that fails, to see what its stack trace says once it is bundled. */
function failDeliberately(): never {
  throw new Error("deliberate");
}

failDeliberately();
