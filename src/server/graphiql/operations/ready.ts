/** What operations of the library have in common. */

export interface Ready {
  name: string;
  query: string;
  variables?: Record<string, unknown>;
}

export const errors = "userErrors { code message path }";

export const failedLogin = {
  action: "login",
  category: "authentication",
  outcome: "failure",
  actor: { name: "ada" },
  source: { ip: "203.0.113.7" },
};

export const lastDays = { from: "<7 days ago>", to: "<now>" };

export const rule = `title: Sign-in from a TOR exit
id: 7f1a2c1e-5b1f-4d55-9a52-1f0f4f2f9a10
status: experimental
logsource: { category: authentication }
detection:
  selection: { outcome: success, tags: tor }
  condition: selection
level: high
`;
