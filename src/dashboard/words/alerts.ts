/** The ledger of alerts. */
export const alertWords = {
  columns: { channel: "Channel", recipient: "To", status: "State", at: "When" },
  status: {
    DELIVERED: "Delivered",
    FAILED: "Failed",
    HELD: "Held back",
    QUEUED: "Waiting",
    RETRYING: "Will be tried again",
    SENDING: "Being sent",
    SENT: "Sent",
  },
} as const;
