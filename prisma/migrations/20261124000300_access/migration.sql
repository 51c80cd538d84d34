-- People and programs: sessions as rows, second factors, scopes of API keys, and what an organization asks of sign-ins.

ALTER TABLE "organizations"
    ADD COLUMN "session_idle_minutes" INTEGER NOT NULL DEFAULT 15,
    ADD COLUMN "second_factor_required" BOOLEAN NOT NULL DEFAULT false,
    ADD CONSTRAINT "organizations_session_idle_minutes" CHECK ("session_idle_minutes" BETWEEN 2 AND 60);

ALTER TABLE "api_keys" ADD COLUMN "scopes" TEXT[] DEFAULT ARRAY[]::TEXT[];

CREATE TABLE "sessions" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "secret_hash" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL,
    "expires_at" TIMESTAMPTZ(6) NOT NULL,
    "last_used_at" TIMESTAMPTZ(6) NOT NULL,
    "second_factor_at" TIMESTAMPTZ(6),
    "ended_at" TIMESTAMPTZ(6),

    CONSTRAINT "sessions_pkey" PRIMARY KEY ("organization_id","id")
);
CREATE INDEX "sessions_organization_id_user_id_idx" ON "sessions"("organization_id", "user_id");
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_organization_id_user_id_fkey" FOREIGN KEY ("organization_id", "user_id")
    REFERENCES "users"("organization_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

CREATE TABLE "second_factors" (
    "organization_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "sealed_secret" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL,
    "confirmed_at" TIMESTAMPTZ(6),
    "last_step" BIGINT NOT NULL DEFAULT 0,
    "failures" INTEGER NOT NULL DEFAULT 0,
    "locked_until" TIMESTAMPTZ(6),

    CONSTRAINT "second_factors_pkey" PRIMARY KEY ("organization_id","user_id")
);
ALTER TABLE "second_factors" ADD CONSTRAINT "second_factors_organization_id_user_id_fkey" FOREIGN KEY ("organization_id", "user_id")
    REFERENCES "users"("organization_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

CREATE TABLE "recovery_codes" (
    "organization_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "code_hash" BYTEA NOT NULL,
    "used_at" TIMESTAMPTZ(6),

    CONSTRAINT "recovery_codes_pkey" PRIMARY KEY ("organization_id","user_id","code_hash")
);
ALTER TABLE "recovery_codes" ADD CONSTRAINT "recovery_codes_organization_id_user_id_fkey" FOREIGN KEY ("organization_id", "user_id")
    REFERENCES "users"("organization_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

CALL protect_tenant_table('sessions');
CALL protect_tenant_table('second_factors');
CALL protect_tenant_table('recovery_codes');

GRANT SELECT, INSERT, DELETE ON sessions, second_factors, recovery_codes TO vigil_app;
GRANT UPDATE (last_used_at, second_factor_at, ended_at) ON sessions TO vigil_app;
GRANT UPDATE (sealed_secret, created_at, confirmed_at, last_step, failures, locked_until) ON second_factors TO vigil_app;
GRANT UPDATE (used_at) ON recovery_codes TO vigil_app;
GRANT UPDATE (session_idle_minutes, second_factor_required) ON organizations TO vigil_app;
