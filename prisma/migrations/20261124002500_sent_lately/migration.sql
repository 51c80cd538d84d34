-- How many messages left on a channel within the last minute is asked with every claim: not by reading all it ever sent.

-- CreateIndex
CREATE INDEX "security_alerts_organization_id_channel_id_sent_at_idx" ON "security_alerts"("organization_id", "channel_id", "sent_at");
