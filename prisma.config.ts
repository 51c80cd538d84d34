import { defineConfig } from "prisma/config";

/** For the Prisma command line only (`prisma migrate deploy`, `prisma studio`); the server itself reads src/config.ts. */
export default defineConfig({
  schema: "prisma/schema.prisma",
  migrations: { path: "prisma/migrations" },
  datasource: { url: process.env.VIGIL_OWNER_DATABASE_URL ?? process.env.DATABASE_URL ?? "" },
});
