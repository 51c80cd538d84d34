/** `vigil profiles`: what is known of users, addresses and log sources. */
import { SingleBar } from "cli-progress";
import type { Command, Option } from "commander";
import { audit } from "../access/audit.ts";
import { cliSubject } from "../access/viewer.ts";
import type { App } from "../app.ts";
import { profileSizes, sizeWords } from "../detect/behaviour/profile-sizes.ts";

interface Tools {
  withApp(work: (app: App) => Promise<void>): Promise<void>;
  everywhere(): Option;
  chosen(app: App, slug: string | undefined): Promise<string[]>;
}

export function addProfilesCommand(program: Command, { withApp, everywhere, chosen }: Tools): void {
  const profiles = program.command("profiles").description("what is known of users, addresses and log sources");
  profiles
    .command("sizes")
    .description("how much is kept of each kind: the middle, 99 of 100, and the largest")
    .addOption(everywhere())
    .action(({ org }: { org?: string }) =>
      withApp(async (app) => {
        for (const id of await chosen(app, org)) await tellSizes(app, id, console.log);
      }),
    );
  profiles
    .command("rebuild")
    .description("learn the profiles anew from the stored events; a running server goes on meanwhile")
    .addOption(everywhere())
    .action(({ org }: { org?: string }) =>
      withApp(async (app) => {
        for (const id of await chosen(app, org)) await rebuildOne(app, id, console.log);
      }),
    );
}

export async function rebuildOne(app: App, organizationId: string, tell: (line: string) => void): Promise<void> {
  const bar = process.stderr.isTTY
    ? new SingleBar({ format: "{bar} {percentage}%  {value} events  {eta_formatted} left", stream: process.stderr })
    : undefined;
  bar?.start(1, 0);
  const { events, entities } = await app.pipeline
    .rebuildProfiles(organizationId, (done, total) => {
      bar?.setTotal(total);
      bar?.update(done);
    })
    .finally(() => bar?.stop());
  await app.db.inOrganization(organizationId, (tx) =>
    audit(tx, {
      actor: cliSubject,
      action: "PROFILES_REBUILT",
      entityKind: "Organization",
      entityId: organizationId,
      detail: { events, entities },
    }),
  );
  tell(`${organizationId}: ${entities} profiles from ${events} events`);
  await tellSizes(app, organizationId, tell);
}

async function tellSizes(app: Pick<App, "db">, organizationId: string, tell: (line: string) => void): Promise<void> {
  for (const sizes of await app.db.inOrganization(organizationId, profileSizes)) tell(`  ${sizeWords(sizes)}`);
}
