import assert from "node:assert/strict";
import { startAgent } from "../harness/agent.ts";
import { Browser } from "../harness/browser.ts";
import { runClient } from "../harness/client.ts";
import { reach } from "../harness/client.ts";

/** Every text of the page with its contrast to its background (WCAG 2.2, "contrast ratio"). */
const contrasts = `(() => {
  const channels = (color) => (color.match(/[\\d.]+/g) ?? []).map(Number);
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((value) => value / 255)
      .map((value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const color = channels(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    if (node.data.trim() === "") continue;
    const style = getComputedStyle(node.parentElement);
    const text = node.parentElement instanceof SVGElement ? style.fill : style.color;
    const [a, b] = [luminance(channels(text)), luminance(behind(node.parentElement))];
    found.push([node.data.trim(), (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) * Number(style.opacity)]);
  }
  return found;
})()`;

Deno.test("the status page in a real browser: fits a phone, contrast in light and dark, failed calls and warnings", async () => {
  await using browser = await Browser.start();
  if (browser === null) {
    console.log("skipped: chromium is not installed here (apt-get install chromium)");
    return;
  }
  await using agent = await startAgent({ telemetry: { addr: "127.0.0.1:0" } });
  agent.logs.add();
  const evil = `<b>\u202e${"x".repeat(200)}`;
  await runClient(["forward", "default/web-0", "--grep", `(${evil}`, ...reach(agent)]);
  await agent.sees((events) =>
    events.some((event) => event.type === "call-ended" && event.code === "INVALID_ARGUMENT")
  );

  for (const scheme of ["light", "dark"] as const) {
    for (const width of [360, 1200]) {
      await browser.show(`http://127.0.0.1:${agent.telemetryPort}/`, { width, scheme });
      const where = `${scheme}, ${width} pixels`;
      const page = String(await browser.evaluate("document.body.innerText"));
      assert.match(page, /Failed calls\s+INVALID_ARGUMENT: Invalid grep pattern/, where);
      assert.match(page, /(?:ago|just now) · StreamForward of default/);
      assert.match(page, /Last warnings\s/);
      assert.equal(await browser.evaluate("document.querySelectorAll('b').length"), 0);
      const overflow = await browser.evaluate("document.documentElement.scrollWidth - innerWidth");
      assert.ok(Number(overflow) <= 0, `${where}: ${overflow} pixels wider than the screen`);
      for (const [text, ratio] of await browser.evaluate(contrasts) as [string, number][]) {
        assert.ok(ratio >= 4.5, `${where}: ${JSON.stringify(text)} has a contrast of ${ratio}`);
      }
      const size = await browser.evaluate(
        "parseFloat(getComputedStyle(document.querySelector('dd')).fontSize)",
      );
      assert.ok(Number(size) >= 14, `${where}: text of ${size} pixels`);
      const folder = Deno.env.get("SCREENSHOTS");
      if (folder !== undefined) {
        Deno.writeFileSync(`${folder}/status-${scheme}-${width}.png`, await browser.screenshot());
      }
    }
  }
});
