-- A response may call a system of the organization's own, and may be taken over by another one about the same target.

-- AlterEnum
ALTER TYPE "action_type" ADD VALUE 'CALL_WEBHOOK';

-- AlterEnum
ALTER TYPE "action_status" ADD VALUE 'SUPERSEDED';
