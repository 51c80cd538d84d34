-- Notifications: by e-mail, too, through the ledger of alerts; and whether the dashboard shows them.

-- AlterEnum
ALTER TYPE "alert_kind" ADD VALUE 'NOTIFICATION';

-- AlterTable
ALTER TABLE "security_alerts" ADD COLUMN     "notification_id" UUID;

-- AlterTable
ALTER TABLE "security_notifications" ADD COLUMN     "in_app" BOOLEAN NOT NULL DEFAULT true;
