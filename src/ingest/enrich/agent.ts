/** User agent -> what program sent it: a heuristic about a text that its sender can forge. */
import { createRequire } from "node:module";
import Bowser from "bowser";
import { isbot } from "isbot";
import type { Agent, AgentDevice } from "../enrichment.ts";
import { truncate } from "../text.ts";

/** The parser's own version, written into the version of the enrichment. */
export const parserVersion = (createRequire(import.meta.url)("bowser/package.json") as { version: string }).version;

const mostCharacters = 512; // of a longer text the rest is not looked at: what browsers send has 300 at most

/** Libraries and tools, whose names a browser would not send first. */
const programs =
  /^(?:curl|wget|libwww|lwp|python|aiohttp|httpx|urllib|okhttp|go-http|axios|node|undici|got|java|apache-httpclient|postman|insomnia|httpie|aws-|boto|ruby|faraday|guzzle|php|perl|powershell|dart|reactor-netty|restsharp|dotnet|k6|jmeter|sqlmap|nikto|nmap|hydra|masscan|zgrab|gobuster|ffuf|wfuzz|dirbuster|nuclei|winhttp|libcurl|rest-client|unirest|superagent)/i;

const scanners = /zgrab|nmap scripting|masscan|sqlmap|nikto|nuclei/i; // some begin as browsers do

const devices: Record<string, AgentDevice> = { desktop: "DESKTOP", mobile: "PHONE", tablet: "TABLET", bot: "BOT" };

/** Undefined: an empty text. */
export function agentOf(userAgent: string): Agent | undefined {
  const text = truncate(userAgent, mostCharacters).trim();
  if (text === "") return undefined;
  const scanner = scanners.exec(text);
  if (scanner) return { device: "PROGRAM", browser: scanner[0].toLowerCase() };
  if (!/^(?:mozilla|opera)\//i.test(text)) return programOf(text);
  const { browser, os, platform } = Bowser.parse(text);
  const device = isbot(text)
    ? "BOT"
    : (devices[platform.type ?? ""] ?? (os.name === "Chrome OS" ? "DESKTOP" : "OTHER"));
  return { device, ...(os.name ? { os: os.name } : {}), ...(browser.name ? { browser: browser.name } : {}) };
}

/** What introduces itself by its own name: a tool or library, a crawler, an application. */
function programOf(text: string): Agent {
  const [name] = /^[^\s/(;,]{1,60}/u.exec(text) ?? []; // whole characters: half of one cannot be stored
  const named = name === undefined ? {} : { browser: name };
  if (programs.test(text)) return { device: "PROGRAM", ...named };
  if (/bot\b|crawl|spider|slurp|archiver/i.test(text)) return { device: "BOT", ...named };
  const isProduct = /^[^\s/(;,]{1,60}\/v?\d/.test(text); // `Name/1.2`: an application by itself
  const os = /\bDarwin\/|CFNetwork\//.test(text) ? { os: "Apple" } : /\bAndroid\b/.test(text) ? { os: "Android" } : {};
  return isProduct ? { device: "PROGRAM", ...os, ...named } : { device: "OTHER", ...os };
}
