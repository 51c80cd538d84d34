-- Decisions as a versioned list, and what may never be acted upon.

ALTER TABLE "organizations"
  -- Grows by one with every change of the list of decisions.
  ADD COLUMN "decision_version" BIGINT NOT NULL DEFAULT 0,
  -- Addresses, ranges and users that no response may touch.
  ADD COLUMN "protected_targets" TEXT[] NOT NULL DEFAULT '{}';
GRANT UPDATE (decision_version, protected_targets) ON organizations TO vigil_app;

-- The version of the list with which the decision came, was changed or was revoked.
ALTER TABLE "decisions" ADD COLUMN "list_version" BIGINT NOT NULL DEFAULT 0;
CREATE INDEX "decisions_organization_id_list_version_idx" ON "decisions"("organization_id", "list_version");
