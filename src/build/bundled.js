import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/**
 * Whether a bundle (dist/vigil, made by src/build/bundle.js) is still what the sources say: `sources.json` in it lists each
 * source it was made of with its time of change, s, and its size. A missing or broken bundle is none.
 * @param {string} root the folder that the paths of the sources start from
 * @param {string} bundle the folder of the bundle
 * @returns {boolean}
 */
export function bundleIsCurrent(root, bundle) {
  try {
    const sources = JSON.parse(readFileSync(join(bundle, "sources.json"), "utf8"));
    return sources.every(([path, changed, size]) => {
      const file = statSync(join(root, path));
      return Math.floor(file.mtimeMs / 1_000) === changed && file.size === size;
    });
  } catch {
    return false;
  }
}
