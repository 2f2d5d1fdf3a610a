/**
 * Counters, gauges and histograms in Prometheus' text exposition format 0.0.4 ("Exposition formats", prometheus.io).
 * Labels are fixed when a metric is created, so nothing that a caller sends can add a series unless the code allows it.
 */

export interface Metric {
  render(): string;
}

type Labels = Readonly<Record<string, string>>;

/** Most metrics have no labels, and some are set for every piece of a log. */
const NO_LABELS: Labels = {};

/** A number per set of labels: a counter if it only goes up, otherwise a gauge. */
export class Value implements Metric {
  readonly #head: string;
  readonly #name: string;
  readonly #values = new Map<string, number>();

  constructor(type: "counter" | "gauge", name: string, help: string) {
    this.#name = name;
    this.#head = head(name, help, type);
  }

  add(by: number, labels: Labels = NO_LABELS): void {
    const series = labelText(labels);
    this.#values.set(series, (this.#values.get(series) ?? 0) + by);
  }

  set(value: number, labels: Labels = NO_LABELS): void {
    this.#values.set(labelText(labels), value);
  }

  get(labels: Labels = NO_LABELS): number {
    return this.#values.get(labelText(labels)) ?? 0;
  }

  /** The sum over every set of labels. */
  total(): number {
    let sum = 0;
    for (const value of this.#values.values()) sum += value;
    return sum;
  }

  render(): string {
    let text = this.#head;
    for (const [series, value] of this.#values) {
      text += `${this.#name}${series === "" ? "" : `{${series}}`} ${number(value)}\n`;
    }
    return text;
  }
}

/** Counts the observations up to each bound, and their sum. */
export class Histogram implements Metric {
  readonly #head: string;
  readonly #name: string;
  readonly #bounds: readonly number[];
  readonly #series = new Map<string, { readonly counts: number[]; count: number; sum: number }>();

  constructor(name: string, help: string, bounds: readonly number[]) {
    this.#name = name;
    this.#head = head(name, help, "histogram");
    this.#bounds = bounds;
  }

  observe(value: number, labels: Labels = NO_LABELS): void {
    const key = labelText(labels);
    let series = this.#series.get(key);
    if (series === undefined) {
      series = { counts: this.#bounds.map(() => 0), count: 0, sum: 0 };
      this.#series.set(key, series);
    }
    series.count++;
    series.sum += value;
    const index = this.#bounds.findIndex((bound) => value <= bound);
    if (index >= 0) series.counts[index] = (series.counts[index] ?? 0) + 1;
  }

  render(): string {
    let text = this.#head;
    for (const [key, { counts, count, sum }] of this.#series) {
      const prefix = key === "" ? "" : `${key},`;
      const suffix = key === "" ? "" : `{${key}}`;
      let below = 0;
      this.#bounds.forEach((bound, index) => {
        below += counts[index] ?? 0;
        text += `${this.#name}_bucket{${prefix}le="${number(bound)}"} ${below}\n`;
      });
      text += `${this.#name}_bucket{${prefix}le="+Inf"} ${count}\n`;
      text += `${this.#name}_sum${suffix} ${number(sum)}\n${this.#name}_count${suffix} ${count}\n`;
    }
    return text;
  }
}

function head(name: string, help: string, type: string): string {
  const escaped = help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
  return `# HELP ${name} ${escaped}\n# TYPE ${name} ${type}\n`;
}

function labelText(labels: Labels): string {
  if (labels === NO_LABELS) return "";
  let text = "";
  for (const [name, value] of Object.entries(labels)) {
    const escaped = value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
    text += `${text === "" ? "" : ","}${name}="${escaped}"`;
  }
  return text;
}

function number(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  return value === Number.NEGATIVE_INFINITY ? "-Inf" : String(value);
}
