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
