/** What to do now: a sentence per ATT&CK tactic or tag of Vigil's own, the most pressing first. */
const advice: readonly (readonly [tag: string, todo: string])[] = [
  ["vigil.health", "Repair what it names: until then Vigil may not reach you."],
  ["attack.exfiltration", "Find out what left and whose data it was; cut the connection and the account off."],
  ["attack.impact", "Keep the service running first; then save what was changed or deleted from the backups."],
  ["attack.command-and-control", "Take the machine off the network and keep its memory for evidence."],
  ["attack.lateral-movement", "Find where it came from; isolate both machines and change the account's secrets."],
  ["attack.privilege-escalation", "Ask who granted the rights; take them back if nobody can say."],
  [
    "attack.credential-access",
    "Check whether a log-in succeeded; if so reset the password and end the user's sessions.",
  ],
  ["attack.persistence", "Ask the owner of the account or key whether they made it; remove it if not."],
  ["attack.collection", "Ask the user what the records were needed for; suspend the account if there is no answer."],
  ["attack.defense-evasion", "Turn the logging or protection on again, and read what happened meanwhile elsewhere."],
  ["attack.execution", "Stop the process, and find what started it."],
  ["attack.initial-access", "Check what the request reached; block the source if it is nobody you know."],
  ["attack.discovery", "See what was looked for, and whether the account has reason to."],
  ["attack.reconnaissance", "Nothing is lost yet: see that what was looked for is not open."],
];

export function todoOf(tags: readonly string[]): string {
  const of = advice.find(([tag]) => tags.includes(tag));
  return of?.[1] ?? "Open the incident, see what it is about, and acknowledge it so that others know you have it.";
}
