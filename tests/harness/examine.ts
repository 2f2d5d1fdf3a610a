import type { ExamineCompressed } from "../../src/files/followed_gzip.ts";

/** Of tests whose compressed files are small: those are read without being examined. */
export const cannotExamine: ExamineCompressed = ({ path }) =>
  Promise.reject(new Error(`${path} is not small`));
