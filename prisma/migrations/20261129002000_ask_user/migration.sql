-- A response may ask the user by itself: the question is written down with the action, and sent after the commit.

-- AlterEnum
ALTER TYPE "action_type" ADD VALUE 'ASK_USER';

-- AlterTable
ALTER TABLE "user_checks"
    ALTER COLUMN "secret_hash" DROP NOT NULL,
    ADD COLUMN "action_id" UUID,
    ADD COLUMN "tries" INTEGER NOT NULL DEFAULT 0,
    ADD COLUMN "due_at" TIMESTAMPTZ(6);

-- CreateIndex
CREATE UNIQUE INDEX "user_checks_organization_id_action_id_key" ON "user_checks"("organization_id", "action_id");

-- CreateIndex
CREATE INDEX "user_checks_organization_id_due_at_idx" ON "user_checks"("organization_id", "due_at");

-- AddForeignKey
ALTER TABLE "user_checks" ADD CONSTRAINT "user_checks_organization_id_action_id_fkey" FOREIGN KEY ("organization_id", "action_id")
    REFERENCES "incident_actions"("organization_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;
