import type { Report } from "./events.ts";

/** A report that passes every event to all of the reports, in order. */
export function fanOut(...reports: readonly Report[]): Report {
  return (event) => {
    for (const report of reports) report(event);
  };
}
