/** Machines and their browsers, which update themselves every four weeks, each a few days later than the others. */
import { type Chance, chanceOf } from "./chance.ts";

export interface Device {
  id: string;
  kind: "workstation" | "laptop" | "phone";
  /** The user agent of its browser on a day of the run. */
  agent(day: number): string;
}

const release = 28; // days from one version of a browser to the next
const browsers = {
  workstation: [
    ["chrome-windows", 5],
    ["edge-windows", 4],
    ["firefox-windows", 1],
  ],
  laptop: [
    ["chrome-windows", 3],
    ["edge-windows", 2],
    ["chrome-mac", 2],
    ["safari-mac", 3],
  ],
  phone: [
    ["safari-ios", 6],
    ["chrome-android", 4],
  ],
} as const;

export function makeDevice(seed: number, kind: Device["kind"], id: string): Device {
  const chance = chanceOf(seed, "device", id);
  const browser = chance.weighted<string>(browsers[kind]);
  const lag = chance.whole(0, 8) + chance.whole(0, 20); // its day in the cycle of releases
  const model = chance.pick(["Pixel 8", "SM-S921U", "Pixel 7a", "SM-A546U"]);
  return { id, kind, agent: (day) => agentOf(browser, Math.floor((day + lag) / release), model) };
}

function agentOf(browser: string, releases: number, model: string): string {
  const engine = "AppleWebKit/537.36 (KHTML, like Gecko)";
  const chromium = `Chrome/${140 + releases}.0.0.0`;
  const safari = `Version/18.${3 + releases}`;
  switch (browser) {
    case "edge-windows":
      return `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${engine} ${chromium} Safari/537.36 Edg/${140 + releases}.0.0.0`;
    case "firefox-windows":
      return `Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:${142 + releases}.0) Gecko/20100101 Firefox/${142 + releases}.0`;
    case "chrome-mac":
      return `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${engine} ${chromium} Safari/537.36`;
    case "safari-mac":
      return `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) ${safari} Safari/605.1.15`;
    case "safari-ios":
      return `Mozilla/5.0 (iPhone; CPU iPhone OS 18_${3 + releases} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) ${safari} Mobile/15E148 Safari/604.1`;
    case "chrome-android":
      return `Mozilla/5.0 (Linux; Android 15; ${model}) ${engine} ${chromium} Mobile Safari/537.36`;
    default:
      return `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${engine} ${chromium} Safari/537.36`;
  }
}

/** A browser that the clinic has never seen. */
export function strangeAgent(chance: Chance): string {
  return chance.pick([
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.0.0 Safari/537.36",
    "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/118.0.0.0 Safari/537.36 OPR/104.0.0.0",
  ]);
}
