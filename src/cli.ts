/** The command line. Answers go to stdout, everything else to stderr; a fault ends with 1 and one readable line. */
import { Command, InvalidArgumentError, Option } from "commander";
import { createApiKey } from "./access/api-keys.ts";
import { audit } from "./access/audit.ts";
import { readEmail } from "./access/input.ts";
import { removeSecondFactor } from "./access/second-factor.ts";
import { createSignInLink } from "./access/sign-in.ts";
import { findUser, userForToken } from "./access/users.ts";
import { cliSubject, keyRoles, peopleRoles } from "./access/viewer.ts";
import type { App } from "./app.ts";
import { exportedAudit, verifyAudits } from "./commands/audit.ts";
import { type BackfillOptions, backfill, moment } from "./commands/backfill.ts";
import { addBackupCommands } from "./commands/backup.ts";
import { addDoctorCommand } from "./commands/doctor.ts";
import { faultWords } from "./commands/fault-words.ts";
import { httpSink, importFile, localSink, progressBar } from "./commands/import.ts";
import { listAllKeys, reencryptAll, retireDataKey, rotateKeys } from "./commands/keys.ts";
import { addMigrateCommand } from "./commands/migrate.ts";
import { runErase, runExport } from "./commands/organization.ts";
import { addProfilesCommand } from "./commands/profiles.ts";
import { addRestoredCommand } from "./commands/restored.ts";
import { checkRules, exportSigma, importSigma } from "./commands/rules.ts";
import { withApp } from "./commands/with-app.ts";
import { ruleModes } from "./detect/detection.ts";
import { readRunningServer } from "./embedded/running.ts";
import { formats } from "./ingest/formats/formats.ts";
import { outliveOutput, readConfig } from "./run.ts";
import { version } from "./version.ts";

const program = new Command("vigil")
  .description("Security monitoring, alerting and incident response, self-hosted.")
  .version(version, "-V, --version", "print Vigil's version");
const organization = (): Option => new Option("--org <slug>", "the organization").default("demo");

function duration(text: string): number {
  const [, amount, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const seconds = { s: 1, m: 60, h: 3_600, d: 86_400 }[unit ?? ""];
  if (!amount || !seconds || Number(amount) === 0)
    throw new InvalidArgumentError("Give a duration like 30m, 1h or 7d.");
  return Number(amount) * seconds;
}

program
  .command("start")
  .description("start the server (with the embedded PostgreSQL unless DATABASE_URL is set)")
  .option("--port <number>", "the port to listen on")
  .action(async ({ port }: { port?: string }) => {
    const { serve } = await import("./server.ts");
    await serve(readConfig(port === undefined ? {} : { PORT: port }));
  });

program
  .command("worker")
  .description("run the scheduled jobs of a multi-process installation (needs REDIS_URL or DATABASE_URL)")
  .action(async () => {
    const { work } = await import("./worker.ts");
    await work(readConfig());
  });

addMigrateCommand(program);

const org = program.command("org").description("organizations");
org
  .command("create <slug>")
  .description("make an organization and print its id")
  .option("--name <name>", "its name, for people")
  .action((slug: string, { name }: { name?: string }) =>
    withApp(async (app) => console.log(await app.createOrganization(slug, name ?? slug))),
  );
org
  .command("export <slug>")
  .description("write everything the organization has as NDJSON, one file a table (it may hold PHI)")
  .requiredOption("--to <directory>", "an empty or new directory")
  .action((slug: string, { to }: { to: string }) => withApp((app) => runExport(app, slug, to)));
org
  .command("erase <slug>")
  .description("remove the organization and everything it has, for good; prints a certificate")
  .requiredOption("--confirm <slug>", "the slug once more")
  .action((slug: string, { confirm }: { confirm: string }) => withApp((app) => runErase(app, slug, confirm)));

program
  .command("token")
  .description("print a token for the API")
  .addOption(organization())
  .addOption(new Option("--role <role>", "what it may do").choices(peopleRoles).makeOptionMandatory())
  .option("--user <email>", "the user it stands for (made if need be)")
  .option("--ttl <duration>", "how long it is good for", duration, 3_600)
  .action(({ org, role, user, ttl }: { org: string; role: (typeof peopleRoles)[number]; user?: string; ttl: number }) =>
    withApp(async (app) => {
      const organizationId = await app.organizationBySlug(org);
      const name = user ? readEmail(user) : cliSubject; // in the one spelling: what is done with it is audited under it
      const userId = await app.db.inOrganization(organizationId, async (tx) => {
        const id = user ? await userForToken(tx, { email: user, role, actor: cliSubject, now: app.now() }) : cliSubject;
        const entry = { actor: cliSubject, action: "TOKEN_CREATED", entityKind: "User", entityId: id };
        await audit(tx, { ...entry, detail: { role, ttlSeconds: ttl } });
        return id;
      });
      console.log(await app.tokens.sign({ organizationId, userId, name, role }, ttl));
    }),
  );

program
  .command("sign-in")
  .description("print a link that signs one user in, once, within 24 hours")
  .addOption(organization())
  .requiredOption("--user <email>", "the user's e-mail address")
  .action(({ org, user }: { org: string; user: string }) =>
    withApp(async (app) => {
      const organizationId = await app.organizationBySlug(org);
      const secret = await app.db.inOrganization(organizationId, async (tx) => {
        const userId = await findUser(tx, user);
        return createSignInLink(tx, { userId, actor: cliSubject, now: app.now() });
      });
      const running = await readRunningServer(app.config.dataDir);
      const base = app.config.publicUrl ?? running?.url ?? `http://localhost:${app.config.port}`;
      console.log(`${base}/sign-in?token=${secret}`);
    }),
  );

program
  .command("second-factor-reset")
  .description("take away the second factor of a user who has lost it, recovery codes and all")
  .addOption(organization())
  .requiredOption("--user <email>", "the user's e-mail address")
  .action(({ org, user }: { org: string; user: string }) =>
    withApp(async (app) => {
      const organizationId = await app.organizationBySlug(org);
      await app.db.inOrganization(organizationId, async (tx) =>
        removeSecondFactor(tx, await findUser(tx, user), cliSubject),
      );
      console.error(`${user} has no second factor any more.`);
    }),
  );

program
  .command("api-key")
  .description("make an API key for a program and print it, once")
  .addOption(organization())
  .addOption(new Option("--role <role>", "what it may do").choices(keyRoles).makeOptionMandatory())
  .option("--name <name>", "what it is for", "command line")
  .action(({ org, role, name }: { org: string; role: (typeof keyRoles)[number]; name: string }) =>
    withApp(async (app) => {
      const organizationId = await app.organizationBySlug(org);
      const key = await app.db.inOrganization(organizationId, (tx) =>
        createApiKey(tx, { name, role, actor: cliSubject, now: app.now() }),
      );
      console.log(key.secret);
    }),
  );

const formatNames = [...formats.values()].map(({ name, description }) => `${name} (${description})`).join(", ");
program
  .command("import <file>")
  .description("import a log file; repeating it adds nothing twice")
  .requiredOption("--format <name>", formatNames)
  .option("--timezone <zone>", "of times written without one, e.g. Europe/Berlin (default UTC)")
  .addOption(organization())
  .action((file: string, { format, org, timezone }: { format: string; org: string; timezone?: string }) =>
    withApp(async (app) => {
      const organizationId = await app.organizationBySlug(org);
      const server = await readRunningServer(app.config.dataDir);
      const token = await app.tokens.sign(
        { organizationId, userId: cliSubject, name: cliSubject, role: "ADMIN" },
        86_400,
      );
      const sink = server ? httpSink(server.url, token, console.error) : localSink(app, organizationId);
      const bar = progressBar();
      const settings = { now: app.now(), onProgress: bar.update, ...(timezone ? { timeZone: timezone } : {}) };
      const summary = await importFile(file, format, sink, settings).finally(bar.stop);
      const { lines, accepted, duplicates, ignored, rejectedCount, rejected } = summary;
      console.log(
        `${lines} lines: ${accepted} events, ${duplicates} known before, ${ignored} without an event, ${rejectedCount} rejected`,
      );
      for (const { line, code, message } of rejected) console.log(`  line ${line}: ${code} ${message}`);
      if (rejectedCount > rejected.length) console.log(`  … and ${rejectedCount - rejected.length} more`);
    }),
  );

const rules = program.command("rules").description("Sigma rules");
rules
  .command("check <paths...>")
  .description("judge Sigma files and folders without a database; ends with 1 when any is faulty")
  .action(async (paths: string[]) => {
    if (!(await checkRules(paths, Date.now(), console.log))) process.exitCode = 1;
  });
rules
  .command("import <paths...>")
  .description("import Sigma files and folders, all together; ends with 1 when any document is refused")
  .addOption(organization())
  .addOption(new Option("--mode <mode>", "what the rules do").choices(ruleModes).default("ACTIVE"))
  .option("--dry-run", "only say what would happen", false)
  .action(
    (paths: string[], { org, mode, dryRun }: { org: string; mode: (typeof ruleModes)[number]; dryRun: boolean }) =>
      withApp(async (app) => {
        if (!(await importSigma(app, { paths, organization: org, mode, dryRun }, console.log))) process.exitCode = 1;
      }),
  );
rules
  .command("export [directory]")
  .description("write every rule, and the exceptions in force, as Sigma: a file each, or all to stdout")
  .addOption(organization())
  .action((directory: string | undefined, { org }: { org: string }) =>
    withApp((app) => exportSigma(app, { organization: org, directory }, console.log)),
  );

rules
  .command("backfill")
  .description(
    "store what rules would have detected in history that they have not seen; repeating it adds nothing twice",
  )
  .addOption(organization())
  .requiredOption("--since <time>", "events that Vigil received from this moment on, e.g. 2026-11-20T08:00:00Z", moment)
  .requiredOption("--until <time>", "events that Vigil received before this moment", moment)
  .option("--rule <name>", "the title, name or id of one rule (default: every rule that is not disabled)")
  .option("--after <cursor>", "go on from where an interrupted run came")
  .option("--dry-run", "only say what would be stored", false)
  .action(({ org, ...options }: BackfillOptions & { org: string }) =>
    withApp(async (app) => backfill(app, await app.organizationBySlug(org), options, console.log)),
  );

addDoctorCommand(program);

const auditCommand = program.command("audit").description("the audit log");
auditCommand
  .command("verify")
  .description(
    "recompute the audit chain and compare it with its signed checkpoints; ends with 1 on the first bad entry",
  )
  .option("--org <slug>", "one organization (default: all)")
  .action(({ org }: { org?: string }) =>
    withApp(async (app) => {
      if (!(await verifyAudits(app, org, console.log))) process.exitCode = 1;
    }),
  );
auditCommand
  .command("key")
  .description(
    "print the public key that checkpoints are signed with, and earlier ones, for docs/verify-audit.mjs --key",
  )
  .action(() =>
    withApp(async ({ auditTrail: { publicKey, earlierKeys } }) =>
      console.log([publicKey, ...earlierKeys].join("").trimEnd()),
    ),
  );
auditCommand
  .command("export")
  .description("print the audit log as NDJSON, to be checked by docs/verify-audit.mjs")
  .addOption(organization())
  .action(({ org }: { org: string }) =>
    withApp(async (app) => {
      for await (const line of exportedAudit(app, await app.organizationBySlug(org))) {
        if (process.stdout.errored) break;
        process.stdout.write(line);
      }
    }),
  );

const everywhere = (): Option => new Option("--org <slug>", "one organization instead of all");
/** The organization of that slug, or all. */
const chosen = async (app: App, slug: string | undefined): Promise<string[]> =>
  slug === undefined ? app.db.organizationIds() : [await app.organizationBySlug(slug)];
addProfilesCommand(program, { withApp, everywhere, chosen });
addRestoredCommand(program);
addBackupCommands(program);
const keys = program.command("keys").description("the keys of sealed fields");
keys
  .command("list")
  .description("list the data keys, with how many records need each, and the keys that wrap them")
  .addOption(everywhere())
  .action(({ org }: { org?: string }) => withApp(async (app) => listAllKeys(app, await chosen(app, org), console.log)));
keys
  .command("rotate")
  .description("wrap every data key with the first of VIGIL_ENCRYPTION_KEYS")
  .option("--data-keys", "also make new data keys, and seal everything anew with them", false)
  .addOption(everywhere())
  .action(({ org, dataKeys }: { org?: string; dataKeys: boolean }) =>
    withApp(async (app) => rotateKeys(app, await chosen(app, org), { dataKeys }, console.log)),
  );
keys
  .command("reencrypt")
  .description("seal anew what old data keys sealed; goes on where it was interrupted")
  .addOption(everywhere())
  .action(({ org }: { org?: string }) =>
    withApp(async (app) => reencryptAll(app, await chosen(app, org), console.log)),
  );
keys
  .command("retire <id>")
  .description("destroy an old data key that no record needs any more")
  .addOption(organization())
  .action((id: string, { org }: { org: string }) =>
    withApp(async (app) => retireDataKey(app, await app.organizationBySlug(org), id)),
  );

outliveOutput();
program.parseAsync().catch((error: Error) => {
  console.error(faultWords(error));
  process.exit(1);
});
