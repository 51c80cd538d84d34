/** Messages to whoever is signed in. */
export const notificationWords = {
  title: "Notifications",
  tabs: { inbox: "Messages", preferences: "How I am told" },
  view: "Which messages",
  views: { all: "All", unread: "Unread", urgent: "Urgent" },
  readAll: "Mark all as read",
  markRead: "Mark as read",
  markUnread: "Mark as unread",
  isUnread: "New",
  priorities: { CRITICAL: "Critical", HIGH: "Today" },
  incident: (number: number) => `Incident ${number}`,
  empty: {
    all: "Vigil has told you nothing yet.",
    unread: "You have read everything.",
    urgent: "Nothing is urgent.",
  },
  preferencesLead: "What is critical is shown here all the same. Each tick is saved at once.",
  contact: "Where and when",
  contactLead:
    "For escalations and for what is urgent. In quiet hours you are told only of what is critical; the rest afterwards.",
  contactSaved: "Saved.",
  about: "Tell me when",
  inApp: "Here",
  email: "E-mail",
  tell: (does: string, where: string) => `${where}: ${does}`,
} as const;
