import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { parseConfig } from "../src/config.ts";
import { createMeasures } from "../src/measures.ts";
import { watchStreams } from "../src/server/prometheus.ts";
import { watchParts } from "../src/watch-parts.ts";

const root = join(import.meta.dirname, "..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
// biome-ignore lint/suspicious/noExplicitAny: what stands in the files is what is tested
const all = (path: string): any[] => parseAllDocuments(read(path)).map((document) => document.toJS());

const commands = new Set(
  ["src/cli.ts", ...readdirSync(join(root, "src/commands")).map((file) => `src/commands/${file}`)].flatMap((path) =>
    [...read(path).matchAll(/\.command\("([a-z-]+)/g)].map(([, name]) => name),
  ),
);
const settings = new Set([...read(".env.example").matchAll(/^#?\s?([A-Z][A-Z0-9_]+)=/gm)].map(([, name]) => name));

/** Every series there is, by a process that has done one of each. */
async function series(): Promise<Set<string>> {
  const measures = createMeasures();
  measures.answered({ route: "GET /", status: 200, seconds: 1 });
  watchStreams(measures, { counts: () => ({ streams: 0, executed: 0, sent: 0 }), open: () => 0 });
  watchParts(measures, {
    pipeline: { worstLagMs: () => 0 },
    db: {
      connections: () => ({ open: 1, idle: 1, waiting: 0 }),
      organizationIds: async () => [],
      query: () => Promise.reject(new Error("no organization, no question")),
    },
    now: Date.now,
    health: async () => ({ parts: [{ name: "queues", ok: true, queues: [{ name: "sweep", waiting: 0 }] }] }),
  });
  const { body } = await measures.text();
  return new Set(body.split("\n").flatMap((line) => /^([a-z_]\w*)[{ ]/.exec(line)?.[1] ?? []));
}
const namesIn = (expression: string): string[] => expression.match(/\b(vigil|nodejs|process)_\w+/g) ?? [];

describe("what Vigil is deployed with", () => {
  it("asks Prometheus only for series that there are", async () => {
    const known = await series();
    const rules = parse(read("deploy/prometheus/rules.yaml")).groups.flatMap(
      (group: { rules: { expr: string }[] }) => group.rules,
    );
    const { panels } = JSON.parse(read("deploy/grafana/vigil.json"));
    const lag = all("deploy/kubernetes/autoscale-on-lag.yaml")[0].spec.triggers[0].metadata.query;
    const asked = [
      ...rules.map(({ expr }: { expr: string }) => expr),
      ...panels.flatMap(({ targets }: { targets: { expr: string }[] }) => targets.map(({ expr }) => expr)),
      lag,
    ].flatMap(namesIn);
    expect(asked.length).toBeGreaterThan(20);
    expect(asked.filter((name) => !known.has(name))).toEqual([]);
  });

  it("runs commands that there are, with settings that there are, in containers that may do as little as they can", () => {
    const { services, "x-vigil": base } = parse(read("compose.yaml"), { merge: true });
    const ours = ["migrate", "server", "worker"];
    for (const name of ours) {
      const service = services[name];
      expect(commands).toContain(service.command);
      expect(service).toMatchObject({ read_only: true, cap_drop: ["ALL"], init: true });
      for (const setting of Object.keys(service.environment)) expect(settings).toContain(setting);
    }
    expect(base.image).toMatch(/^vigil:/);
    for (const file of ["migrate.yaml", "server.yaml", "worker.yaml"]) {
      const [workload] = all(`deploy/kubernetes/${file}`);
      const { spec } = workload.spec.template;
      expect(spec.securityContext.runAsNonRoot).toBe(true);
      for (const { args, securityContext, volumeMounts } of spec.containers) {
        expect(commands).toContain(args[0]);
        expect(securityContext).toMatchObject({ readOnlyRootFilesystem: true, allowPrivilegeEscalation: false });
        expect(volumeMounts.map(({ name }: { name: string }) => name)).toEqual(
          spec.volumes.map(({ name }: { name: string }) => name),
        );
      }
    }
    for (const file of readdirSync(join(root, "deploy/systemd"))) {
      const [, command] =
        /^ExecStart=\/usr\/bin\/node src\/vigil\.js (\w+)$/m.exec(read(`deploy/systemd/${file}`)) ?? [];
      expect(commands).toContain(command);
    }
  });

  it("hands every setting that .env may have on to the containers, but those that would mean nothing there", () => {
    const { services } = parse(read("compose.yaml"), { merge: true });
    const others = new Set([
      ...["HOST", "PORT", "VIGIL_DATA_DIR"], // the image's own
      "VIGIL_OWNER_DATABASE_URL", // the migration's alone
      ...["VIGIL_AUDIT_CHECKPOINTS", "VIGIL_GEOIP_ASN", "VIGIL_GEOIP_CITY", "VIGIL_PERSISTED_DOCUMENTS"], // files
    ]);
    const wanted = [...settings].filter((name) => !others.has(name as string)).sort();
    for (const name of ["server", "worker"]) {
      const { environment } = services[name];
      expect(Object.keys(environment).sort()).toEqual(wanted);
      // What nobody has set is as if it were not there.
      const unset = Object.entries<string>(environment).flatMap(([key, value]) => {
        const [, fallback] = /^\$\{\w+:-(.*)\}$/.exec(value) ?? [];
        return fallback === undefined ? [] : [[key, fallback]];
      });
      expect(parseConfig(Object.fromEntries(unset))).toEqual(
        parseConfig({ VIGIL_PUBLIC_URL: "http://localhost:4000" }),
      );
    }
  });

  it("keeps the audit log's checkpoints where every server and worker reads them, and where they outlive it", () => {
    const { configMapGenerator, resources } = all("deploy/kubernetes/kustomization.yaml")[0];
    const literals: string[] = configMapGenerator[0].literals;
    const path = literals.find((one) => one.startsWith("VIGIL_AUDIT_CHECKPOINTS="))?.split("=")[1] ?? "";
    const claims = resources.flatMap((file: string) => all(`deploy/kubernetes/${file}`));
    for (const file of ["server.yaml", "worker.yaml"]) {
      const { spec } = all(`deploy/kubernetes/${file}`)[0].spec.template;
      const mount = spec.containers[0].volumeMounts.find(
        (one: { mountPath: string }) => one.mountPath === dirname(path),
      );
      const volume = spec.volumes.find((one: { name: string }) => one.name === mount?.name);
      expect(claims).toContainEqual(
        expect.objectContaining({
          kind: "PersistentVolumeClaim",
          metadata: { name: volume?.persistentVolumeClaim?.claimName },
          spec: expect.objectContaining({ accessModes: ["ReadWriteMany"] }),
        }),
      );
    }
  });

  it("has secrets made that the configuration takes, and leaves those of a file as they are", async () => {
    const directory = await mkdtemp(join(tmpdir(), "vigil-secrets-"));
    const file = join(directory, ".env");
    const make = (...to: string[]): string => execFileSync(join(root, "deploy/new-secrets"), to, { encoding: "utf8" });
    const of = (text: string) =>
      Object.fromEntries([...text.matchAll(/^(\w+)=(.+)$/gm)].map(([, name, value]) => [name, value]));
    await writeFile(file, "VIGIL_JWT_SECRET=kept");
    make(file);
    const first = readFileSync(file, "utf8");
    make(file);
    expect(readFileSync(file, "utf8")).toBe(first);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(of(first)).toMatchObject({ VIGIL_JWT_SECRET: "kept" });
    const printed = of(make());
    expect(Object.keys(printed).sort()).toEqual(Object.keys(of(first)).sort());
    expect(parseConfig(printed).encryptionKeys).toHaveLength(1);
    const asked = [...read("compose.yaml").matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name);
    expect(new Set(asked)).toEqual(new Set(Object.keys(printed)));
    await rm(directory, { recursive: true });
  });

  it("lets only the migration know the owner of the tables", () => {
    const { services } = parse(read("compose.yaml"), { merge: true });
    const knows = Object.keys(services).filter((name) => services[name].environment?.VIGIL_OWNER_DATABASE_URL);
    expect(knows).toEqual(["migrate"]);
    expect(read("deploy/kubernetes/server.yaml") + read("deploy/kubernetes/worker.yaml")).not.toContain("vigil-owner");
  });

  it("asks the server for its health where the server tells it, and selects what it labels", () => {
    const routes = read("src/server/server.ts");
    const server = all("deploy/kubernetes/server.yaml");
    const [container] = server[0].spec.template.spec.containers;
    for (const probe of ["startupProbe", "livenessProbe", "readinessProbe"])
      expect(routes).toContain(`"GET ${container[probe].httpGet.path}"`);
    for (const one of [...server, ...all("deploy/kubernetes/worker.yaml")]) {
      const selector = one.spec.selector?.matchLabels ?? (one.kind === "Service" ? one.spec.selector : undefined);
      if (selector) expect(["server", "worker"]).toContain(selector.part);
    }
    expect(read("Dockerfile")).toContain("/health/ready");
    expect(read("Dockerfile")).toMatch(/^USER node$/m);
  });
});
