-- The whole life of an incident: merging, tasks, evidence, saved filters, clocks, search.

ALTER TYPE "entry_kind" ADD VALUE 'COMMENTED';
ALTER TYPE "entry_kind" ADD VALUE 'ASSIGNED';
ALTER TYPE "entry_kind" ADD VALUE 'SEVERITY_CHANGED';
ALTER TYPE "entry_kind" ADD VALUE 'MERGED';
ALTER TYPE "entry_kind" ADD VALUE 'UNMERGED';
ALTER TYPE "entry_kind" ADD VALUE 'TASK_ADDED';
ALTER TYPE "entry_kind" ADD VALUE 'TASK_DONE';
ALTER TYPE "entry_kind" ADD VALUE 'EVIDENCE_ADDED';
ALTER TYPE "entry_kind" ADD VALUE 'CLOCK_BREACHED';

-- How long people may take, in seconds, where the organization differs from the defaults: {severity: {clock: seconds}}.
ALTER TABLE "organizations" ADD COLUMN "response_times" JSONB NOT NULL DEFAULT '{}',
  -- New detections reopen an incident that was resolved no longer ago than this, seconds.
  ADD COLUMN "reopen_grace_s" INTEGER NOT NULL DEFAULT 3600 CHECK ("reopen_grace_s" BETWEEN 0 AND 2592000);

ALTER TABLE "security_incidents" ADD COLUMN "closed_by" TEXT,
  ADD COLUMN "contained_by" TEXT,
  ADD COLUMN "reopened_at" TIMESTAMPTZ(6),
  -- What it was before it was merged.
  ADD COLUMN "merged_from_status" "incident_status",
  -- Clocks that have run out, each told once.
  ADD COLUMN "breached_clocks" TEXT[] NOT NULL DEFAULT '{}';
-- New detections of a merged incident's fingerprint go to where it lives on.
CREATE INDEX "security_incidents_organization_id_fingerprint_resolved_at_idx" ON "security_incidents"("organization_id", "fingerprint", "resolved_at");

-- The incident a detection belonged to before that was merged into the one it belongs to now.
ALTER TABLE "detections" ADD COLUMN "home_incident_id" UUID;
ALTER TABLE "detections" ADD CONSTRAINT "detections_organization_id_home_incident_id_fkey" FOREIGN KEY ("organization_id", "home_incident_id")
  REFERENCES "security_incidents"("organization_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;
CREATE INDEX "detections_organization_id_home_incident_id_idx" ON "detections"("organization_id", "home_incident_id");

CREATE TABLE "incident_tasks" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "incident_id" UUID NOT NULL,
    "sealed" BYTEA NOT NULL,
    "assignee_id" UUID,
    "due_at" TIMESTAMPTZ(6),
    "author" TEXT NOT NULL,
    "done_at" TIMESTAMPTZ(6),
    "done_by" TEXT,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "incident_tasks_pkey" PRIMARY KEY ("organization_id", "id"),
    CONSTRAINT "incident_tasks_done" CHECK (("done_at" IS NULL) = ("done_by" IS NULL))
);
CREATE INDEX "incident_tasks_organization_id_incident_id_created_at_id_idx" ON "incident_tasks"("organization_id", "incident_id", "created_at", "id");
CREATE INDEX "incident_tasks_organization_id_assignee_id_idx" ON "incident_tasks"("organization_id", "assignee_id");
ALTER TABLE "incident_tasks" ADD CONSTRAINT "incident_tasks_organization_id_incident_id_fkey" FOREIGN KEY ("organization_id", "incident_id")
  REFERENCES "security_incidents"("organization_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;
ALTER TABLE "incident_tasks" ADD CONSTRAINT "incident_tasks_organization_id_assignee_id_fkey" FOREIGN KEY ("organization_id", "assignee_id")
  REFERENCES "users"("organization_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- What people found: a note, an event, a link. Append-only.
CREATE TABLE "incident_evidence" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "incident_id" UUID NOT NULL,
    "event_id" UUID,
    "url" TEXT,
    "sealed" BYTEA,
    "author" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "incident_evidence_pkey" PRIMARY KEY ("organization_id", "id"),
    CONSTRAINT "incident_evidence_something" CHECK (num_nonnulls("event_id", "url", "sealed") >= 1)
);
CREATE INDEX "incident_evidence_organization_id_incident_id_created_at_id_idx" ON "incident_evidence"("organization_id", "incident_id", "created_at", "id");
ALTER TABLE "incident_evidence" ADD CONSTRAINT "incident_evidence_organization_id_incident_id_fkey" FOREIGN KEY ("organization_id", "incident_id")
  REFERENCES "security_incidents"("organization_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- A filter that somebody wants again; of one person, or shared with all.
CREATE TABLE "saved_filters" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "filter" JSONB NOT NULL,
    "order_by" JSONB NOT NULL DEFAULT '[]',
    "owner" TEXT NOT NULL,
    "shared" BOOLEAN NOT NULL DEFAULT false,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "saved_filters_pkey" PRIMARY KEY ("organization_id", "id")
);
CREATE UNIQUE INDEX "saved_filters_organization_id_owner_name_key" ON "saved_filters"("organization_id", "owner", "name");

-- The words an incident is found by: those of its title, its subjects' keys, and `kind:key` of each subject. A table of
-- its own, since text search operators are not leakproof and so use no index under Row Level Security; equality does.
CREATE TABLE "incident_terms" (
    "organization_id" UUID NOT NULL,
    "term" TEXT COLLATE "C" NOT NULL,
    "incident_id" UUID NOT NULL,
    CONSTRAINT "incident_terms_pkey" PRIMARY KEY ("organization_id", "term", "incident_id")
);
CREATE INDEX "incident_terms_organization_id_incident_id_idx" ON "incident_terms"("organization_id", "incident_id");
ALTER TABLE "incident_terms" ADD CONSTRAINT "incident_terms_organization_id_incident_id_fkey" FOREIGN KEY ("organization_id", "incident_id")
  REFERENCES "security_incidents"("organization_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

DO $$
DECLARE
  target text;
BEGIN
  FOREACH target IN ARRAY ARRAY['incident_tasks', 'incident_evidence', 'saved_filters', 'incident_terms'] LOOP
    CALL protect_tenant_table(target::regclass);
  END LOOP;
END
$$;
GRANT UPDATE (response_times, reopen_grace_s) ON organizations TO vigil_app;
GRANT SELECT, INSERT, UPDATE ON incident_tasks TO vigil_app;
GRANT SELECT, INSERT ON incident_evidence TO vigil_app;
GRANT UPDATE (sealed) ON incident_evidence TO vigil_app; -- sealing anew with another key
GRANT SELECT, INSERT, UPDATE, DELETE ON saved_filters TO vigil_app;
GRANT SELECT, INSERT ON incident_terms TO vigil_app;

-- What words a search is made of, and what words an incident has: the same cut.
CREATE FUNCTION search_terms(words text) RETURNS SETOF text
  LANGUAGE sql IMMUTABLE
  AS $$
    SELECT DISTINCT left(lower(word), 200)
    FROM regexp_split_to_table(words, '[^[:alnum:]@._:/-]+') AS word
    WHERE btrim(word, '._:/-') <> ''
  $$;

CREATE FUNCTION note_incident_terms() RETURNS trigger
  LANGUAGE plpgsql
  AS $$
BEGIN
  INSERT INTO incident_terms (organization_id, term, incident_id)
  SELECT DISTINCT organization_id, term, id FROM (
    SELECT organization_id, id, btrim(search_terms(title), '._:/-') AS term FROM opened
    UNION ALL
    SELECT organization_id, id, unnest(ARRAY[left(lower(subject ->> 'key'), 200), lower(subject ->> 'kind') || ':' || left(lower(subject ->> 'key'), 200)])
    FROM opened, jsonb_array_elements(CASE jsonb_typeof(subjects) WHEN 'array' THEN subjects ELSE '[]' END) AS subject
  ) AS found WHERE term <> '' ON CONFLICT DO NOTHING;
  RETURN NULL;
END
$$;
CREATE TRIGGER terms AFTER INSERT ON security_incidents REFERENCING NEW TABLE AS opened
  FOR EACH STATEMENT EXECUTE FUNCTION note_incident_terms();

-- Incidents of before.
DO $$
DECLARE
  visited uuid;
BEGIN
  FOR visited IN SELECT id FROM organizations LOOP
    PERFORM set_config('app.organization_id', visited::text, true);
    INSERT INTO incident_terms (organization_id, term, incident_id)
    SELECT DISTINCT organization_id, term, id FROM (
      SELECT organization_id, id, btrim(search_terms(title), '._:/-') AS term FROM security_incidents
      UNION ALL
      SELECT organization_id, id, unnest(ARRAY[left(lower(subject ->> 'key'), 200), lower(subject ->> 'kind') || ':' || left(lower(subject ->> 'key'), 200)])
      FROM security_incidents, jsonb_array_elements(CASE jsonb_typeof(subjects) WHEN 'array' THEN subjects ELSE '[]' END) AS subject
    ) AS found WHERE term <> '';
  END LOOP;
  PERFORM set_config('app.organization_id', '', true);
END
$$;
