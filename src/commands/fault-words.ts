const ofFiles: Readonly<Record<string, (path: string) => string>> = {
  ENOENT: (path) => `There is no file or folder ${path}`,
  EACCES: (path) => `${path} may not be read or written by this user`,
  EISDIR: (path) => `${path} is a folder`,
};

/** What a command says of an error that ends it: of files in words, otherwise its message. */
export function faultWords({ code = "", path, message }: NodeJS.ErrnoException): string {
  return (path === undefined ? undefined : ofFiles[code]?.(path)) ?? message;
}
