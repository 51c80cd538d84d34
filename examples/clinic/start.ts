/** `npx tsx examples/clinic/start.ts`: the clinic on port 3000, watched by the Vigil at VIGIL_URL. */
import type { Request } from "express";
import { monitorSecurity } from "vigil/sdk";
import { createClinic, identify } from "./clinic.ts";

const { VIGIL_URL = "http://127.0.0.1:4000", VIGIL_KEY = "", TRUSTED_PROXIES = "", PORT = "3000" } = process.env;
if (!VIGIL_KEY) {
  console.error("Set VIGIL_KEY: npx vigil api-key --org demo --role ENFORCER");
  process.exit(1);
}

const vigil = monitorSecurity<Request>({
  url: VIGIL_URL,
  apiKey: VIGIL_KEY,
  service: "clinic",
  identify,
  trustedProxies: TRUSTED_PROXIES.split(",").filter(Boolean),
  onError: ({ kind, message }) => console.error(`vigil ${kind}: ${message}`),
});

const server = createClinic(vigil).listen(Number(PORT), "127.0.0.1", () => {
  console.log(`The clinic is open: http://127.0.0.1:${PORT}`);
});

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => {
    server.close(() => vigil.close()); // what is under way is told of, too
  });
}
