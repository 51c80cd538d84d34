/**
 * Names from MITRE ATT&CK for Enterprise, version 18.0: its tactics in their order, and the techniques that the built-in
 * rules name, each with the tactics it serves. Facts, not text, of https://attack.mitre.org; every line was compared with
 * the table that pySigma makes of MITRE's data (SigmaHQ/pySigma@0649299d: sigma/data/mitre_attack.py, 18.0).
 */
export const attackVersion = "18";

/** Slug, as in Sigma tags -> id and name. */
export const tacticNames: ReadonlyMap<string, { id: string; name: string }> = new Map([
  ["reconnaissance", { id: "TA0043", name: "Reconnaissance" }],
  ["resource-development", { id: "TA0042", name: "Resource Development" }],
  ["initial-access", { id: "TA0001", name: "Initial Access" }],
  ["execution", { id: "TA0002", name: "Execution" }],
  ["persistence", { id: "TA0003", name: "Persistence" }],
  ["privilege-escalation", { id: "TA0004", name: "Privilege Escalation" }],
  ["defense-evasion", { id: "TA0005", name: "Defense Evasion" }],
  ["credential-access", { id: "TA0006", name: "Credential Access" }],
  ["discovery", { id: "TA0007", name: "Discovery" }],
  ["lateral-movement", { id: "TA0008", name: "Lateral Movement" }],
  ["collection", { id: "TA0009", name: "Collection" }],
  ["command-and-control", { id: "TA0011", name: "Command and Control" }],
  ["exfiltration", { id: "TA0010", name: "Exfiltration" }],
  ["impact", { id: "TA0040", name: "Impact" }],
]);

const short: Record<string, string> = {
  R: "reconnaissance",
  I: "initial-access",
  X: "execution",
  P: "persistence",
  E: "privilege-escalation",
  D: "defense-evasion",
  C: "credential-access",
  Y: "discovery",
  L: "lateral-movement",
  O: "collection",
  K: "command-and-control",
  F: "exfiltration",
  M: "impact",
};

/** id, the letters of its tactics, name. */
const techniques = `
T1005 O Data from Local System
T1020 F Automated Exfiltration
T1027 D Obfuscated Files or Information
T1046 Y Network Service Discovery
T1052 F Exfiltration Over Physical Medium
T1059 X Command and Scripting Interpreter
T1059.001 X PowerShell
T1059.003 X Windows Command Shell
T1059.004 X Unix Shell
T1059.007 X JavaScript
T1068 E Exploitation for Privilege Escalation
T1070 D Indicator Removal
T1078 DPEI Valid Accounts
T1078.001 DPEI Default Accounts
T1078.003 DPEI Local Accounts
T1078.004 DPEI Cloud Accounts
T1082 Y System Information Discovery
T1083 Y File and Directory Discovery
T1087 Y Account Discovery
T1090 K Proxy
T1098 PE Account Manipulation
T1098.001 PE Additional Cloud Credentials
T1098.003 PE Additional Cloud Roles
T1105 K Ingress Tool Transfer
T1110 C Brute Force
T1110.001 C Password Guessing
T1110.003 C Password Spraying
T1110.004 C Credential Stuffing
T1114.003 O Email Forwarding Rule
T1119 O Automated Collection
T1136 P Create Account
T1190 I Exploit Public-Facing Application
T1199 I Trusted Relationship
T1210 L Exploitation of Remote Services
T1213 O Data from Information Repositories
T1484.002 DE Trust Modification
T1485 M Data Destruction
T1489 M Service Stop
T1490 M Inhibit System Recovery
T1498 M Network Denial of Service
T1499 M Endpoint Denial of Service
T1499.001 M OS Exhaustion Flood
T1499.002 M Service Exhaustion Flood
T1499.003 M Application Exhaustion Flood
T1499.004 M Application or System Exploitation
T1505.003 P Web Shell
T1526 Y Cloud Service Discovery
T1528 C Steal Application Access Token
T1530 O Data from Cloud Storage
T1531 M Account Access Removal
T1537 F Transfer Data to Cloud Account
T1539 C Steal Web Session Cookie
T1550.001 DL Application Access Token
T1550.004 DL Web Session Cookie
T1552 C Unsecured Credentials
T1552.001 C Credentials In Files
T1552.005 C Cloud Instance Metadata API
T1555 C Credentials from Password Stores
T1556 CDP Modify Authentication Process
T1556.006 CDP Multi-Factor Authentication
T1562 D Impair Defenses
T1562.001 D Disable or Modify Tools
T1562.004 D Disable or Modify System Firewall
T1562.007 D Disable or Modify Cloud Firewall
T1562.008 D Disable or Modify Cloud Logs
T1565.001 M Stored Data Manipulation
T1567 F Exfiltration Over Web Service
T1589.001 R Credentials
T1589.002 R Email Addresses
T1595.001 R Scanning IP Blocks
T1595.002 R Vulnerability Scanning
T1595.003 R Wordlist Scanning
T1600 D Weaken Encryption
T1606.001 C Web Cookies
T1606.002 C SAML Tokens
T1621 C Multi-Factor Authentication Request Generation
T1657 M Financial Theft`;

/** Technique id -> name and the slugs of its tactics. */
export const techniqueNames: ReadonlyMap<string, { name: string; tactics: string[] }> = new Map(
  techniques
    .trim()
    .split("\n")
    .map((line) => {
      const [id = "", letters = "", ...name] = line.split(" ");
      return [id, { name: name.join(" "), tactics: [...letters].map((letter) => short[letter] ?? "") }] as const;
    }),
);
