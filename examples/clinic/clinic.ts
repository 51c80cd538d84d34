/** A clinic's web application, as small as it can be: sign-in, patients, an admin page. Vigil watches it. */
import { createHash, randomUUID, timingSafeEqual } from "node:crypto";
import express, { type Express, type Request, type Response } from "express";
import type { Identity, SecurityMonitor } from "vigil/sdk";

interface Account {
  email: string;
  password: string;
  roles: string[];
}

const accounts: Account[] = [
  { email: "ann@clinic.example", password: "a nurse's long password", roles: ["nurse"] },
  { email: "bob@clinic.example", password: "an admin's long password", roles: ["admin"] },
];
const patients = [
  { id: "p-1", name: "Casey Doe", note: "Allergic to latex." },
  { id: "p-2", name: "Robin Roe", note: "Returns in spring." },
];

const sessions = new Map<string, Account>();

/** For monitorSecurity's `identify`: the account behind the session cookie. */
export function identify(request: Request): Identity | undefined {
  const session = sessionOf(request);
  const account = sessions.get(session);
  if (!account) return undefined;
  return { email: account.email, roles: account.roles, sessionId: digest(session).toString("hex").slice(0, 16) };
}

/** The application. Everything that Vigil needs is the first line, and one line for each thing worth telling. */
export function createClinic(vigil: SecurityMonitor): Express {
  const app = express();
  app.disable("x-powered-by");
  app.use(vigil.express);
  app.use(express.json(), express.urlencoded());

  app.get("/", (_request, response) => {
    response.send(`<form method="post" action="/sign-in"><input name="email"><input name="password" type="password">
      <button>Sign in</button></form>`);
  });

  app.post("/sign-in", (request, response) => {
    const { email = "", password = "" } = (request.body ?? {}) as Record<string, string>;
    const account = accounts.find((one) => one.email === String(email).toLowerCase());
    if (!account || !timingSafeEqual(digest(String(password)), digest(account.password))) {
      vigil.loginFailed(request, { email: String(email) });
      response.status(401).json({ error: "Unknown e-mail address or wrong password." });
      return;
    }
    const session = randomUUID();
    sessions.set(session, account);
    vigil.loginSucceeded(request, { email: account.email, roles: account.roles });
    response.cookie("session", session, { httpOnly: true, sameSite: "lax" }).json({ signedInAs: account.email });
  });

  app.get("/patients", (request, response) => {
    if (!mayEnter(request, response, ["nurse", "admin"])) return;
    response.json(patients.map(({ id, name }) => ({ id, name })));
  });

  app.get("/patients/:id", (request, response) => {
    if (!mayEnter(request, response, ["nurse", "admin"])) return;
    const patient = patients.find(({ id }) => id === request.params.id);
    if (!patient) return void response.status(404).json({ error: "There is no such patient." });
    vigil.recordAccessed(request, { type: "patient", id: patient.id, patientId: patient.id });
    response.json(patient);
  });

  app.get("/admin", (request, response) => {
    if (!mayEnter(request, response, ["admin"])) return;
    response.json({ accounts: accounts.map(({ email, roles }) => ({ email, roles })), sessions: sessions.size });
  });
  return app;
}

function mayEnter(request: Request, response: Response, roles: readonly string[]): boolean {
  const account = sessions.get(sessionOf(request));
  if (account?.roles.some((role) => roles.includes(role))) return true;
  response.status(account ? 403 : 401).json({ error: account ? "Not for you." : "Sign in first." });
  return false;
}

const sessionOf = (request: Request): string =>
  /(?:^|; )session=([\w-]+)/.exec(request.headers.cookie ?? "")?.[1] ?? "";

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
