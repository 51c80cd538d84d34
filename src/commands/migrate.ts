/** `vigil migrate`: what a new version needs of the database, done before its servers start. */
import type { Command } from "commander";
import { firstSignInWords } from "../access/first-sign-in.ts";
import { withApp } from "./with-app.ts";

export function addMigrateCommand(program: Command): void {
  program
    .command("migrate")
    .description("apply the database migrations, make the server's role and the first organization")
    .action(() =>
      withApp(
        async ({ config, firstSignIn }) => {
          console.error("The database is up to date.");
          const shown = config.publicUrl ?? `http://localhost:${config.port}`;
          if (firstSignIn) console.log(firstSignInWords(shown, firstSignIn));
        },
        { mayBeNew: true },
      ),
    );
}
