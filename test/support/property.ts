/** fast-check with one seed, so that a run can be repeated; `VIGIL_TEST_SEED=random` (or a number) looks further. */
import fc from "fast-check";

const asked = process.env.VIGIL_TEST_SEED ?? "20261128";
if (asked !== "random") fc.configureGlobal({ seed: Number(asked) });

export default fc;
