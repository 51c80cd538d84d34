/** What the first administrator of a new installation is told; `shown` is where people find the server. */
export const firstSignInWords = (shown: string, secret: string): string =>
  `Sign in as the first administrator, once, within 24 hours:\n  ${shown}/sign-in?token=${secret}`;
