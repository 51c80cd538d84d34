-- Dashboards of one person, which nobody else reads or changes; those that are there are everybody's.
ALTER TABLE "dashboards" ADD COLUMN "owner_id" UUID;

-- A person's own go with the person.
ALTER TABLE "dashboards" ADD CONSTRAINT "dashboards_organization_id_owner_id_fkey" FOREIGN KEY ("organization_id", "owner_id") REFERENCES "users"("organization_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- A name is taken among the shared ones, or among one person's: a refusal says nothing of what others keep.
DROP INDEX "dashboards_organization_id_name_key";
CREATE UNIQUE INDEX "dashboards_organization_id_owner_id_name_key" ON "dashboards"("organization_id", "owner_id", "name") NULLS NOT DISTINCT;
