import { type Engine, localEngine } from "./engine.ts";
export function serverEngine(_: { url: string; token: string; apiKey: string | undefined }): Engine {
  return localEngine;
}
