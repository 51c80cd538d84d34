-- What each process has open and how far it lags, told every two seconds, so that gauges can say it of all together.
-- Nothing of it outlives a crash, and nothing needs to.
CREATE UNLOGGED TABLE "live_processes" (
    "organization_id" UUID NOT NULL,
    "process_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(6) NOT NULL,
    "clients" INTEGER NOT NULL,
    "ingest_lag_ms" DOUBLE PRECISION NOT NULL,
    "waiting_events" INTEGER NOT NULL,

    CONSTRAINT "live_processes_pkey" PRIMARY KEY ("organization_id","process_id")
);
CALL protect_tenant_table('live_processes'::regclass);
GRANT SELECT, INSERT, UPDATE, DELETE ON live_processes TO vigil_app;

-- Duties that one process at a time has, for as long as it goes on saying so.
CREATE UNLOGGED TABLE "duties" (
    "name" TEXT NOT NULL,
    "holder" UUID NOT NULL,
    "until" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "duties_pkey" PRIMARY KEY ("name")
);
GRANT SELECT, INSERT, UPDATE, DELETE ON duties TO vigil_app;
