import { useParams } from "wouter";

/** A parameter of the page's path, decoded: the router gives it as the address has it. Empty: it is missing or broken. */
export function useParam(name: string): string {
  const value = useParams<Record<string, string>>()[name] ?? "";
  try {
    return decodeURIComponent(value);
  } catch {
    return "";
  }
}
