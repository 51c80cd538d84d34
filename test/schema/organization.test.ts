import { afterAll, beforeAll, expect, it } from "vitest";
import { keyRoles, peopleRoles } from "../../src/access/viewer.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { asker } from "./ask.ts";

let test: TestDatabase;
let ask: ReturnType<typeof asker>;
beforeAll(async () => {
  test = await testDatabase();
  ask = asker(test);
});
afterAll(() => test.close());

it.each(["protectedTargets", "responseCap"])(
  "%s is shown to people, and to no key that may be stolen",
  async (field) => {
    for (const path of ["organization", "viewer { organization"]) {
      const query = `{ ${path} { name ${field} } ${path.includes("{") ? "}" : ""} }`;
      for (const role of peopleRoles) expect((await ask(query, {}, { role })).errors).toBeUndefined();
      for (const role of keyRoles) {
        const { errors } = await ask(query, {}, { kind: "API_KEY", role });
        expect(errors).toMatchObject([{ extensions: { code: "FORBIDDEN" } }]);
      }
    }
  },
);
