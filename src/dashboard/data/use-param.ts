import { useParams } from "wouter";
import { useSearch } from "wouter/use-browser-location";

/** What the address asks for, for the router, which decodes it once before its reader does: what was typed is not to change. */
export function useSearchOnce(): string {
  return useSearch().replaceAll("%", "%25");
}

/** A parameter of the page's path, decoded: the router leaves `/?#&` and the like to us. Empty: it is missing or broken. */
export function useParam(name: string): string {
  const value = useParams<Record<string, string>>()[name] ?? "";
  try {
    return decodeURIComponent(value);
  } catch {
    return "";
  }
}
