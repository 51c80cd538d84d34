/** Whether the bundle in this folder is still what the sources below `root` say. */
export function bundleIsCurrent(root: string, bundle: string): boolean;
