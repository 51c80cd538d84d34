/** What people may be. */
export const peopleRoles = ["ADMIN", "RESPONDER", "ANALYST", "VIEWER", "AUDITOR"] as const;
/** What programs may be. */
export const keyRoles = ["INGEST", "ENFORCER"] as const;

export type PeopleRole = (typeof peopleRoles)[number];
export type KeyRole = (typeof keyRoles)[number];
export type Role = PeopleRole | KeyRole;

/** Whoever sends a request, once authenticated. */
export interface Viewer {
  organizationId: string;
  kind: "USER" | "API_KEY";
  /** The user's or API key's id; `cli` for a token made on the command line. */
  id: string;
  /** E-mail address or key name. */
  name: string;
  role: Role;
  /** When the credential ends, in epoch ms; undefined: never. */
  expiresAt: number | undefined;
  /** The only permissions of its role that an API key has; undefined: all of them. */
  scopes?: readonly string[];
  /** The session it came with, where it did. */
  sessionId?: string;
  /** Whether it is a token of the identity provider. */
  byProvider?: true;
  /** MISSING: the organization asks for a second factor and none was given. Undefined: none is asked for here. */
  secondFactor?: "MISSING" | "GIVEN";
}

/** The subject of tokens that the command line makes for nobody in particular. */
export const cliSubject = "cli";
