/** Words of the shell that depend on what is there. */
export const shellWords = {
  unread: (count: number) => (count === 0 ? "Notifications" : `Notifications: ${count} unread`),
} as const;
