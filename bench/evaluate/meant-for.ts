/**
 * Which kinds of attack each behaviour detector is there for. A detector may find others too, and an attack may be found by
 * others: recall of a detector is counted over these kinds only.
 */
export const meantFor: Readonly<Record<string, readonly string[]>> = {
  impossible_travel: ["impossible_travel", "session_stolen"],
  new_country: ["impossible_travel", "new_country_takeover", "mfa_fatigue"],
  new_network: ["hosting_takeover", "reset_takeover", "new_country_takeover", "neighbour_takeover"],
  new_device: ["hosting_takeover", "new_country_takeover", "reset_takeover", "neighbour_takeover"],
  unusual_hour: ["night_mass_access", "hosting_takeover", "new_country_takeover"],
  dormant_account: ["dormant_account"],
  service_account_new_place: ["service_elsewhere", "key_shared"],
  first_privilege: ["self_grant", "admin_function", "admin_function_by_manager"],
  sensitive_deed_elsewhere: ["reset_takeover"],
  slow_spraying: [],
  session_moved: ["session_stolen", "session_borrowed"],
  unusual_volume: ["night_mass_access", "photo_download", "deletion_wave", "busy_reader", "slow_exfiltration"],
  export_volume: [],
  rare_action: ["registry_export", "photo_download", "deletion_wave", "admin_function"],
  mass_record_access: ["night_mass_access", "busy_reader", "slow_exfiltration"],
  outside_patients: ["outside_care", "outside_care_now_and_then", "known_people_snooping"],
  snooping: ["family_snooping", "colleagues_snooping"],
  source_silent: ["source_silent"],
  ingest_anomaly: ["ingest_collapse", "ingest_thinned"],
};

/** How a rule of the kind BEHAVIOUR is called here, beside a Sigma rule that may have the same name. */
export function behaviourName(reference: string): string {
  return `${reference} (behaviour)`;
}
