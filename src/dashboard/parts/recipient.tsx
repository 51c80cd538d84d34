/** Where an alert goes, as people read it: of a telephone number its last two digits, as Vigil shows it to nobody else. */

/** What the API has for a number: … and two digits, and an index by which equal ones are equal. */
const coded = /^(…\d\d)\.[0-9a-f]{16}$/;

export const recipientText = (recipient: string): string => recipient.replace(coded, "$1");

export const Recipient = ({ of }: { of: string }) => <span className="wrap">{recipientText(of)}</span>;
