/**
 * Compares two states of the database with Prisma's own schema engine (as WebAssembly: no engine binary to download).
 * `npm run migration` prints the SQL of the next migration; test/prisma/drift.test.ts fails when it would print any.
 */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { PrismaPg } from "@prisma/adapter-pg";
import { bindMigrationAwareSqlAdapterFactory, ColumnTypeEnum } from "@prisma/driver-adapter-utils";
import * as bindings from "@prisma/schema-engine-wasm/schema_engine_bg";

const require = createRequire(import.meta.url);
const charOid = 18; // PostgreSQL's "char", which the adapter does not know and the engine's catalog queries return

async function engine(connectionString: string): Promise<bindings.SchemaEngine> {
  const wasmPath = require.resolve("@prisma/schema-engine-wasm/schema_engine_bg").replace(/\.js$/, ".wasm");
  const { instance } = await WebAssembly.instantiate(await readFile(wasmPath), {
    "./schema_engine_bg.js": bindings as never,
  });
  (globalThis as Record<string, unknown>).PRISMA_WASM_PANIC_REGISTRY ??= {
    set_message: (message: string) => console.error(message),
  };
  (bindings as unknown as { __wbg_set_wasm(exports: unknown): void }).__wbg_set_wasm(instance.exports);
  (instance.exports.__wbindgen_start as () => void)();
  const factory = new PrismaPg({ connectionString }, {});
  return bindings.SchemaEngine.new(
    { datamodels: undefined },
    () => {},
    bindMigrationAwareSqlAdapterFactory(withCharType(factory) as never),
  );
}

/** The adapter refuses the type "char"; the engine reads it as one character. */
function withCharType(factory: PrismaPg): PrismaPg {
  const connect = factory.connect.bind(factory);
  factory.connect = async () => {
    const adapter = await connect();
    const target = adapter as unknown as { performIO(query: unknown): Promise<{ fields: { dataTypeID: number }[] }> };
    const performIO = target.performIO.bind(adapter);
    const queryRaw = adapter.queryRaw.bind(adapter);
    adapter.queryRaw = async (query) => {
      const characters: number[] = [];
      target.performIO = async (inner) => {
        const result = await performIO(inner);
        result.fields.forEach((field, index) => {
          if (field.dataTypeID !== charOid) return;
          field.dataTypeID = 25; // text, which the adapter knows
          characters.push(index);
        });
        return result;
      };
      const result = await queryRaw(query);
      for (const index of characters) result.columnTypes[index] = ColumnTypeEnum.Character;
      return result;
    };
    return adapter;
  };
  return factory;
}

/** The SQL that turns the migrated database at `url` (or an empty one) into what `schema.prisma` says; "" when equal. */
export async function migrationTo(schemaPath: string, from: { url: string; empty?: boolean }): Promise<string> {
  const files = [{ path: schemaPath, content: await readFile(schemaPath, "utf8") }];
  const schemaEngine = await engine(from.url);
  try {
    // The engine reads the database through the adapter it was given; the datasource only says which kind it is.
    const datasource = { path: schemaPath, content: 'datasource db {\n  provider = "postgresql"\n}\n' };
    const current = from.empty
      ? { tag: "empty" as const }
      : { tag: "schemaDatasource" as const, files: [datasource], configDir: "." };
    const { stdout } = await schemaEngine.diff({
      from: current,
      to: { tag: "schemaDatamodel", files },
      script: true,
      exitCode: null,
      shadowDatabaseUrl: null,
      filters: { externalTables: ["public._prisma_migrations"], externalEnums: [] },
    } as never);
    const script = (stdout ?? "").trim();
    return script === "-- This is an empty migration." ? "" : script;
  } finally {
    schemaEngine.free();
  }
}
