/** What a new rule begins as. */
export const template = `title: Exports of records at night
status: experimental
description: Somebody exports records outside of working hours.
logsource:
  category: application
detection:
  selection:
    event.action: export
    event.outcome: success
  condition: selection
level: medium
tags:
  - attack.exfiltration
  - attack.t1048
falsepositives:
  - Reports that run at night
`;

/** What an exception of a rule begins as. The rule may be called anything, such as `Exports: all`. */
export function exceptionTemplate(rule: string): string {
  return `title: ${JSON.stringify(`Exception of ${rule}`)}
logsource:
  category: application
filter:
  rules:
    - ${JSON.stringify(rule)}
  selection:
    actor.name: svc-backup
  condition: not selection
`;
}
