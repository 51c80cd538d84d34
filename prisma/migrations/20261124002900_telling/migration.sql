-- Notifications: by e-mail, too, through the ledger of alerts; and whether the dashboard shows them.

-- AlterEnum
ALTER TYPE "alert_kind" ADD VALUE 'NOTIFICATION';

-- AlterTable
ALTER TABLE "security_alerts" ADD COLUMN     "notification_id" UUID;

-- AlterTable
ALTER TABLE "security_notifications" ADD COLUMN     "in_app" BOOLEAN NOT NULL DEFAULT true;

-- The heartbeat, of the one organization that carries it.

-- AlterTable
ALTER TABLE "organizations" ADD COLUMN     "heartbeat_at" TIMESTAMPTZ(6),
ADD COLUMN     "heartbeat_failing_since" TIMESTAMPTZ(6),
ADD COLUMN     "heartbeat_fault" TEXT;

GRANT UPDATE (heartbeat_at, heartbeat_failing_since, heartbeat_fault) ON organizations TO vigil_app;
